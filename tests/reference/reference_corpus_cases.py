"""Requests that single faults need to show: one kind of mistake, one form of a member, one header."""

import json
from dataclasses import replace
from itertools import count

from reference_corpus import (
    CALL,
    CLIENT,
    GONE,
    HISTORY,
    KEY,
    NEW,
    PLAIN,
    RESULT,
    STOPPING,
    T1,
    TWO_CALLS,
    Body,
    Item,
    assistant,
    auth,
    mixed,
    text,
    thinking,
    user,
)

from conformance.reference.plan import sign
from conformance.reference.transfer import Request

_NUMBER = count(1)


def _case(change: Body, status: int = 200, **more: object) -> Item:
    """A request without a name that speaks, with the status that both profiles answer."""
    return Item(f"case-{next(_NUMBER)}", change, status, status, **more)  # type: ignore[arg-type]


def _said(*turns: Body) -> Body:
    return {"tools": [T1], "messages": list(turns)}


SECOND = {**CALL, "id": "toolu_2"}
ANSWERED = (user("Hi"), assistant([CALL]), user([RESULT]))
LONG_AGENT = {"user-agent": "Anthropic/JS 0.60.0", "anthropic-dangerous-direct-browser-access": "true"}
MARK = {"type": "ephemeral", "ttl": "1h"}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": sign("hm", KEY)}
PUT = {
    "name": "put_text",
    "input_schema": {"type": "object", "properties": {"text": {"type": "string", "enum": ["naïve"]}}},
}
DOCUMENT = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Ada wrote it."}}
ODD: Body = {
    **T1,
    "name": "Find-it",
    "input_schema": {"type": "object", "properties": {"near": {"type": "array", "items": {"type": "number"}}}},
}
LONG: Body = {**T1, "name": "Get-" + "a" * 60}
PUTTING: Body = {"tools": [PUT], "tool_choice": {"type": "tool", "name": "put_text"}, "max_tokens": 300}
STREAMED_CLIENT = {**CLIENT, "x-stainless-timeout": "NOT_GIVEN"}

MISTAKES: tuple[Item, ...] = (
    _case({"temperature": []}, 400),
    _case({"temperature": 2.0}, 400),
    _case({"model": "nobody", "stream": True}, 404),
    _case({}, 400, raw=json.dumps(PLAIN).encode() + b"}"),
    _case({"messages": [user("Hi"), assistant(None), user("x")]}, 400),
    _case({"top_p": "hot"}, 400),
    _case({"messages": [{"role": "user"}, user("x")]}, 400),
    *(_case({"messages": [*HISTORY, {"role": role, "content": "x"}]}, 400) for role in ("function", "bot")),
    _case({"tools": [{**T1, "name": "get_code\n"}]}, 400),
    _case(_said(*ANSWERED[:2], user("No"), assistant("Well"), user("x")), 400),
    _case(_said(user([RESULT, text("x")])), 400),
    _case(_said(user("Hi"), assistant("One moment"), user([RESULT])), 400),
    _case(_said(*ANSWERED[:2], user([RESULT, {**RESULT, "tool_use_id": "toolu_2"}])), 400),
    _case(_said(*ANSWERED, assistant("Thanks"), user([RESULT])), 400),
    *(
        _case({**change, "stream": True}, 400)
        for change in (
            {"model": GONE},
            {"messages": GONE},
            {"messages": "hi"},
            {"messages": ["hi"]},
            {"max_tokens": GONE},
            {"max_tokens": -1},
            {"max_tokens": 1.5},
            {"stop_sequences": "END"},
            {"metadata": "x"},
            {"tools": [{**T1, "name": "a b"}]},
        )
    ),
    *(
        _case({"max_tokens": GONE, "messages": messages}, 400, path="{messages}/count_tokens")
        for messages in mixed(GONE, [])
    ),
)
"""What is refused."""

FORMS: tuple[Item, ...] = (
    _case({"stream": True}, version=NEW),
    _case({"stream": True}, version=NEW, headers=CLIENT),
    _case({}, version=NEW, headers=CLIENT),
    _case({"stream": True}, headers=auth(None, **{"x-api-key": KEY}, **STREAMED_CLIENT)),
    _case({}, headers=auth(None, **{"x-api-key": KEY}, **CLIENT)),
    _case({}, headers=LONG_AGENT),
    _case({}, headers={"transfer-encoding": "chunked"}),
    _case({}, headers={"x-request-id": "ct-" + "0" * 2000}),
    _case({"messages": [user([text("Hello")])]}),
    _case({"system": [text("Be terse.")]}),
    _case({"messages": [user([text("Hi", cache_control={**MARK, "ttl": "5m"})])]}),
    _case({"system": [text("Be terse.", cache_control=MARK)]}),
    _case({"tools": [{**T1, "cache_control": MARK}]}),
    _case({"cache_control": {"type": "ephemeral"}}),
    _case(_said(user("Hi"), assistant([{**CALL, "input": {}}]), user([RESULT]))),
    _case(_said(user("Hi"), assistant([CALL, SECOND]), user([RESULT, {**RESULT, "tool_use_id": "toolu_2"}]))),
    _case({"metadata": {"user_id": "u" * 257}}),
    *(
        _case(
            {"tools": [T1], "tool_choice": {"type": kind}, "stream": True, "messages": [user("Call get_code: n = 7")]}
        )
        for kind in ("auto", "any", "none")
    ),
    _case(PUTTING),
    _case({**PUTTING, "stream": True}),
    _case({"system": "You are terse.", "stream": True}),
    _case({"max_tokens": GONE, "system": "You are terse.", "tools": [T1]}, path="{messages}/count_tokens"),
    _case(TWO_CALLS),
    _case({"max_tokens": 8, "stream": True}),
    _case({"messages": [user("Hi"), assistant([THOUGHT, text("Well")]), user("Go on")]}),
    _case({"stop_sequences": list("vwxyz")}),
    _case({**STOPPING, "stop_sequences": ["QQHALTQQ", "ZZSTOPZZ"]}),
    _case({"system": [text("You are terse."), text("You are polite.")]}),
    _case({**TWO_CALLS, **thinking({"type": "enabled", "budget_tokens": 1024}, stream=True)}),
    _case(_said(*ANSWERED, assistant([text("Again."), SECOND]), user([{**RESULT, "tool_use_id": "toolu_2"}]))),
    _case(_said(user("Hi"), assistant([text("Now."), CALL]), user([{**RESULT, "is_error": False}]))),
    _case(_said(user("Hi"), assistant([CALL]), user([{**RESULT, "content": [text("42"), text("43")]}]))),
    _case({"tools": [ODD], "tool_choice": {"type": "any"}, "max_tokens": 300, "stop_sequences": ["QQHALTQQ"]}),
    _case(_said(*(turn for _ in range(3) for turn in (user("Hi"), assistant("Hello"))), user("Say hello"))),
    _case({"system": "You are terse.", "messages": [user("Hi"), assistant("Hello"), user("Say hello")]}),
    _case({**STOPPING, "stop_sequences": ["QQ", "WW", "VV", "ZZSTOPZZ"]}),
    _case({"stream": True}, path="{messages}?beta=true"),
    _case({}, headers={"content-type": "Application/JSON"}),
    _case({"messages": [user([DOCUMENT, text("Say hello")])]}, version=NEW),
    _case(_said(user("Hi"), assistant([CALL, SECOND]), user([{**RESULT, "tool_use_id": "toolu_2"}, RESULT]))),
    _case(_said(user("Hi"), assistant([{**CALL, "input": {"n": [1]}}]), user([RESULT]))),
    _case({"tools": [LONG], "tool_choice": {"type": "any"}, "max_tokens": 300}),
)
"""What is served."""


class TwoVersions(Item):
    """A request with its version in two lines."""

    def request(self, profile: str) -> Request:
        """The request for a profile."""
        once = super().request(profile)
        return replace(once, headers=(*once.headers, ("anthropic-version", self.version)))


CASES: tuple[Item, ...] = (*MISTAKES, *FORMS, TwoVersions("two-versions", {}, 400, 400))
