"""Requests for the reference endpoint, with the status that each profile answers."""

import base64
import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.reference import PROFILES, Settings
from conformance.reference.faults import select
from conformance.reference.pipeline import new_context, perform
from conformance.reference.plan import sign
from conformance.reference.seams import Seams
from conformance.reference.transfer import Request, Step

KEY: str = Settings().key
RESTRICTED = "restricted-key-0123456789"
OLD: str
NEW: str
OLD, NEW = "2023-06-01", "2026-10-21"
GONE = "(absent)"
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(16)).decode()
T1: dict[str, Any] = {
    "name": "get_code",
    "input_schema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
}
CALL: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {"n": 1}}
RESULT: dict[str, Any] = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "42"}
Body = dict[str, Any]


def mixed(*values: Any) -> tuple[Any, ...]:
    """Values of different JSON types."""
    return values


def user(content: Any) -> Body:
    """A user turn."""
    return {"role": "user", "content": content}


def assistant(content: Any) -> Body:
    """An assistant turn."""
    return {"role": "assistant", "content": content}


def text(words: str, **more: Any) -> Body:
    """A text block."""
    return {"type": "text", "text": words, **more}


def block(value: Any) -> Body:
    """Messages with one good block and another one beside it."""
    return {"messages": [user([text("Hello"), value])]}


PLAIN: Body = {
    "model": "reference-1",
    "max_tokens": 32,
    "messages": [user("Reply with the single word: pong")],
}


@dataclass(frozen=True, slots=True)
class Item:
    """A request as a change of the plain one, and the expected status in myrouter and anthropic."""

    name: str
    change: Mapping[str, Any] = field(default_factory=dict)
    myrouter: int = 200
    anthropic: int = 200
    headers: Mapping[str, str | None] = field(default_factory=dict)
    method: str = "POST"
    path: str = "{messages}"
    raw: bytes | None = None
    version: str = OLD

    def request(self, profile: str) -> Request:
        """The request for a profile."""
        merged = {key: value for key, value in {**PLAIN, **self.change}.items() if value != GONE}
        body = json.dumps(merged).encode() if self.raw is None else self.raw
        sent: dict[str, str | None] = {
            "host": "127.0.0.1",
            "authorization": f"Bearer {KEY}",
            "anthropic-version": self.version,
            "content-type": "application/json",
            **self.headers,
        }
        base = PROFILES[profile].base
        target = self.path.format(messages=PROFILES[profile].messages_path, base=base)
        headers = tuple((name, value) for name, value in sent.items() if value is not None)
        return Request(self.method, target, headers, body, len(body))

    def expected(self, profile: str) -> int:
        """The status for a profile."""
        return self.myrouter if profile == "myrouter" else self.anthropic


def good(name: str, change: Mapping[str, Any] | None = None, **more: Any) -> Item:
    """A request that is served."""
    return Item(name, change or {}, **more)


def bad(name: str, change: Mapping[str, Any] | None = None, status: int = 400, **more: Any) -> Item:
    """A request that is refused in both profiles."""
    return Item(name, change or {}, status, status, **more)


def closed(name: str, change: Mapping[str, Any], **more: Any) -> Item:
    """A request that only the closed profile refuses."""
    return Item(name, change, 200, 400, **more)


def tool(**change: Any) -> Body:
    """A request with one tool, changed."""
    return {"tools": [{key: value for key, value in {**T1, **change}.items() if value != GONE}]}


def thinking(value: Any, **more: Any) -> Body:
    """A request with room for thinking."""
    return {"max_tokens": 2000, "thinking": value, **more}


HISTORY: list[dict[str, Any]] = [user("Hello"), assistant("Hello there"), user("Say hello")]
SECRET = [user("The codeword is zebra77, remember it"), assistant("I will"), user("What is the codeword?")]
FORCED = {"tools": [T1], "tool_choice": {"type": "tool", "name": "get_code"}, "max_tokens": 300}
TWO_CALLS: dict[str, Any] = {
    "tools": [T1],
    "max_tokens": 300,
    "messages": [user("Call the tool get_code twice: n = 7 and n = 8")],
}
COUNTING = {"messages": [user("Write the numbers one to five hundred in words")]}
UNICODE = "北京今天多云 🌦️ naïve Привет"
STOPPING: Body = {"messages": [user("Repeat exactly: alpha ZZSTOPZZ omega")], "stop_sequences": ["ZZSTOPZZ"]}

BODIES: tuple[Item, ...] = (
    *(bad(f"model-{value}", {"model": value}) for value in mixed(GONE, 1, None, {}, [])),
    *(bad(f"model-unknown-{len(value)}", {"model": value}, 404) for value in mixed("other", "", "m" * 257)),
    *(
        bad(f"messages-{value}", {"messages": value})
        for value in mixed(GONE, "hi", {}, None, 1, [], ["hi"], [None], [[]])
    ),
    bad("role-missing", {"messages": [*HISTORY, {"content": "hi"}]}),
    *(
        bad(f"role-{role}", {"messages": [*HISTORY, {"role": role, "content": "hi"}]})
        for role in mixed("tool", "User", 1, [])
    ),
    bad("role-system", {"messages": [user("a"), {"role": "system", "content": "b"}, user("c")]}),
    bad("content-missing", {"messages": [*HISTORY, {"role": "user"}]}),
    *(
        bad(f"content-{value}", {"messages": [user(value), user("x")]})
        for value in mixed(5, True, None, {}, "", [], " \n")
    ),
    *(
        bad(f"block-{value}", block(value))
        for value in mixed({"text": "hi"}, {"type": "ct"}, {"type": 1}, "hi", {"type": []})
    ),
    *(bad(f"text-{value}", block({"type": "text", "text": value})) for value in mixed(1, None, "", " ")),
    bad("text-missing", block({"type": "text"})),
    good("string-and-blocks", {"messages": [user([text("Say"), text("hello")])]}),
    good("same-roles", {"messages": [user("a"), assistant("b"), assistant("c"), user("d")]}),
    good("two-user-turns", {"messages": [user("a"), user("b")]}),
    good("history", {"messages": HISTORY}),
    good("assistant-first", {"messages": [assistant("a"), user("b")]}),
    good("prefill", {"messages": [user("What is the capital of France?"), assistant("The capital of France is Par")]}),
    good("empty-prefill", {"messages": [user("Hello"), assistant("")]}),
    bad("prefill-space", {"messages": [user("Hello"), assistant("Well ")]}),
    good("image", block({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}})),
    bad("image-bmp", block({"type": "image", "source": {"type": "base64", "media_type": "image/bmp", "data": PIXEL}})),
    bad("image-data", block({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "%%%"}})),
    bad("image-bare", block({"type": "image"})),
    *(
        bad(f"limit-{value}", {"max_tokens": value})
        for value in mixed(GONE, -1, -(2**31), 1.5, None, [], {}, "many", "32", True)
    ),
    Item("limit-zero", {"max_tokens": 0}, 400, 200),
    Item("limit-minus-zero", {"max_tokens": -0.0}, 400, 200),
    good("limit-float", {"max_tokens": 32.0}),
    good("limit-one", {"max_tokens": 1}),
    good("limit-one-stream", {"max_tokens": 1, "stream": True}),
    closed("limit-huge", {"max_tokens": 10**9}),
    *(bad(f"stream-{value}", {"stream": value}) for value in mixed({}, [], "banana", "true", "false", 1, None)),
    good("stream-false", {"stream": False}),
    good("stream", {"stream": True}),
    good("stream-accept-json", {"stream": True}, headers={"accept": "application/json"}),
    good("system", {"system": "You are terse."}),
    good("system-blocks", {"system": [text("Be terse.", cache_control={"type": "ephemeral"})]}),
    *(
        bad(f"system-{value}", {"system": value})
        for value in mixed(5, {}, None, [{"type": "image"}], ["x"], [text("")])
    ),
    *(bad(f"stops-{value}", {"stop_sequences": value}) for value in mixed("END", [1], {}, None, [""], ["\n"])),
    *(good(f"stops-good-{len(value)}", {"stop_sequences": value}) for value in mixed([], ["ZZSTOPZZ"])),
    *(
        good(f"sampling-{name}-{value}", {name: value})
        for name, value in mixed(
            ("temperature", 1.0),
            ("temperature", 0),
            ("top_p", 1.0),
            ("temperature", 0.5),
            ("top_p", 0.9),
            ("top_k", 5),
        )
    ),
    *(
        bad(f"sampling-{name}-{value}", {name: value})
        for name, value in mixed(
            ("temperature", -0.1),
            ("temperature", 1.1),
            ("temperature", "hot"),
            ("temperature", {}),
            ("temperature", True),
            ("top_p", -0.5),
            ("top_p", 1.5),
            ("top_p", []),
            ("top_k", -5),
            ("top_k", 1.5),
            ("top_k", "5"),
            ("top_k", None),
        )
    ),
    *(bad(f"removed-{name}", {name: 1}, version=NEW) for name in mixed("temperature", "top_p", "top_k")),
    good("new-version", version=NEW),
    good("user-id", {"metadata": {"user_id": "ct-1"}}),
    good("metadata-empty", {"metadata": {}}),
    *(bad(f"metadata-{value}", {"metadata": value}) for value in mixed("x", [], 1, None)),
    closed("metadata-keys", {"metadata": {"order": "42"}}),
    closed("unknown-field", {"ct_unknown_field": 1}),
    closed("unknown-in-message", {"messages": [{**user("hi"), "name": "x"}]}),
    closed("unknown-in-block", block(text("hi", foo=1))),
    good("cache-control", block(text("hi", cache_control={"type": "ephemeral", "ttl": "1h"}))),
    bad("cache-control-type", block(text("hi", cache_control={"type": "x"}))),
    bad("cache-control-ttl", block(text("hi", cache_control={"type": "ephemeral", "ttl": "9h"}))),
    bad("cache-control-five", {"messages": [user([text("hi", cache_control={"type": "ephemeral"})] * 5)]}),
    bad(
        "document-in-answer",
        {"messages": [user("a"), assistant([{"type": "document", "source": {}}]), user("b")]},
        version=NEW,
    ),
    bad("citations", block(text("hi", citations=[{"type": "char_location"}])), version=NEW),
    good("citations-old", block(text("hi", citations=[{"type": "char_location"}]))),
    good("codeword", {"messages": SECRET, "max_tokens": 300}),
    good("codeword-in-system", {"system": "The codeword is lemon33.", "messages": [user("What is the codeword?")]}),
    good("counting", {**COUNTING, "max_tokens": 8}),
    good("counting-stream", {**COUNTING, "max_tokens": 64, "stream": True}),
    good("stopping", STOPPING),
    good("stopping-stream", {**STOPPING, "stream": True}),
    good("unicode", {"messages": [user(f"Repeat exactly: {UNICODE}")], "max_tokens": 300}),
    good("unicode-stream", {"messages": [user(f"Repeat exactly: {UNICODE}")], "max_tokens": 300, "stream": True}),
)

TOOLS: tuple[Item, ...] = (
    good("tool", tool()),
    *(bad(f"tools-{value}", {"tools": value}) for value in mixed("x", {}, ["x"], None)),
    bad("tool-nameless", tool(name=GONE)),
    bad("tool-schemaless", tool(input_schema=GONE)),
    bad("tool-openai", {"tools": [{"type": "function", "function": {"name": "a", "parameters": {}}}]}),
    *(bad(f"tool-name-{name}", tool(name=name)) for name in mixed("a b", "a.b", "a/b", "é", "", 1, "a" * 129)),
    good("tool-name-64", tool(name="a" * 64)),
    *(bad(f"tool-schema-{value}", tool(input_schema=value)) for value in mixed({}, {"type": "string"}, "x")),
    bad("tool-twice", {"tools": [T1, T1]}),
    *(good(f"choice-{kind}", {"tools": [T1], "tool_choice": {"type": kind}}) for kind in mixed("auto", "any", "none")),
    good("forced", FORCED),
    good("forced-stream", {**FORCED, "stream": True}),
    good("two-calls-stream", {**TWO_CALLS, "stream": True}),
    good("asked-none", {"tools": [T1], "tool_choice": {"type": "none"}, "messages": [user("Call get_code with n=7")]}),
    good(
        "one-call",
        {
            "tools": [T1],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
            "max_tokens": 300,
            "messages": [user("Call get_code twice")],
        },
    ),
    *(
        bad(f"choice-{value}", {"tools": [T1], "tool_choice": value})
        for value in mixed(
            "auto",
            {"type": "required"},
            {"type": "tool"},
            {},
            5,
            {"type": "tool", "name": "other"},
        )
    ),
    bad("choice-without-tools", {"tool_choice": {"type": "any"}}),
    *(
        good(
            f"result-{number}", {"tools": [T1], "messages": [user("Hi"), assistant([CALL]), user([{**RESULT, **form}])]}
        )
        for number, form in enumerate(mixed({}, {"content": [text("42")]}, {"content": ""}, {"is_error": True}))
    ),
    good(
        "result-absent",
        {
            "tools": [T1],
            "messages": [user("Hi"), assistant([CALL]), user([{"type": "tool_result", "tool_use_id": "toolu_1"}])],
        },
    ),
    good("result-then-text", {"messages": [user("Hi"), assistant([CALL]), user([RESULT, text("Go on")])]}),
    bad("text-then-result", {"messages": [user("Hi"), assistant([CALL]), user([text("Go on"), RESULT])]}),
    bad("unanswered", {"messages": [user("Hi"), assistant([CALL]), user("Go on")]}),
    bad("half-answered", {"messages": [user("Hi"), assistant([CALL, {**CALL, "id": "toolu_2"}]), user([RESULT])]}),
    bad("call-at-the-end", {"messages": [user("Hi"), assistant([CALL])]}),
    bad("orphan", {"messages": [user([RESULT])]}),
    good("thinking", thinking({"type": "enabled", "budget_tokens": 1024})),
    good("thinking-stream", thinking({"type": "enabled", "budget_tokens": 1024}, stream=True)),
    good("thinking-adaptive", thinking({"type": "adaptive"})),
    *(
        bad(f"thinking-{value}", thinking(value))
        for value in mixed(
            "on",
            None,
            {"type": "ct"},
            {"type": "enabled"},
            {"type": "enabled", "budget_tokens": 10},
            {"type": "enabled", "budget_tokens": 2000},
            {"type": "enabled", "budget_tokens": "1024"},
        )
    ),
    bad(
        "thinking-forced", thinking({"type": "enabled", "budget_tokens": 1024}, tools=[T1], tool_choice={"type": "any"})
    ),
    bad(
        "thinking-tampered",
        {
            "messages": [
                user("Hi"),
                assistant([{"type": "thinking", "thinking": "hm", "signature": "AAAA"}, text("Well")]),
                user("Go on"),
            ]
        },
    ),
)


def auth(value: str | None, **more: str | None) -> Mapping[str, str | None]:
    """Headers with another credential."""
    return {"authorization": value, **more}


CLIENT: dict[str, str] = {
    "user-agent": "Anthropic/Python 0.75.0",
    "x-stainless-lang": "python",
    "x-stainless-retry-count": "0",
}

HEADS: tuple[Item, ...] = (
    good("x-api-key", headers=auth(None, **{"x-api-key": KEY})),
    good("both-credentials", headers={"x-api-key": KEY}),
    *(good(f"scheme-{scheme}", headers=auth(f"{scheme} {KEY}")) for scheme in mixed("bearer", "BEARER")),
    bad("no-credential", status=401, headers=auth(None)),
    bad("no-credential-bad-body", status=401, headers=auth(None), raw=b"{}"),
    bad("bogus-token", status=401, headers=auth("Bearer bogus-token-012345678901")),
    bad("bogus-token-stream", {"stream": True}, 401, headers=auth("Bearer bogus-token-012345678901")),
    bad("bogus-key", status=401, headers=auth(None, **{"x-api-key": "bogus-key-012345678901"})),
    *(
        bad(f"credential-{value}", status=401, headers=auth(value))
        for value in mixed("Basic abc", "Bearer", "Bearer ", KEY, "")
    ),
    bad("restricted", status=403, headers=auth(f"Bearer {RESTRICTED}")),
    bad("no-version", headers={"anthropic-version": None}),
    *(bad(f"version-{value}", version=value) for value in mixed("1999-01-01", "banana", "")),
    good("beta", headers={"anthropic-beta": "contract-test-0000-00-00, other-0000"}),
    good("charset", headers={"content-type": "application/json; charset=utf-8"}),
    bad("charset-utf16", headers={"content-type": "application/json; charset=utf-16"}),
    *(
        bad(f"media-{value}", status=415, headers={"content-type": value})
        for value in mixed("text/plain", "application/x-www-form-urlencoded")
    ),
    good("no-media-type", headers={"content-type": None}),
    good("client", headers={"user-agent": "Anthropic/Python 2.12.0", "x-stainless-lang": "python"}),
    good("old-client-tools", {"tools": [T1]}, headers=auth(None, **{"x-api-key": KEY}, **CLIENT)),
    good("new-client-tools", {"tools": [T1]}, headers=CLIENT, version=NEW),
    good("members-reversed", raw=json.dumps(dict(reversed(PLAIN.items()))).encode()),
    good("white-space", raw=json.dumps(PLAIN, indent="\t").encode()),
    good("caller-id", headers={"x-request-id": "ct-1"}),
    good("strange-caller-id", headers={"x-request-id": 'a"b%0d%0ax: y'}),
    good("gzip", headers={"content-encoding": "gzip"}, raw=gzip.compress(json.dumps(PLAIN).encode(), mtime=0)),
    bad("not-gzip", headers={"content-encoding": "gzip"}),
    bad("unknown-encoding", headers={"content-encoding": "ct-unknown"}),
    bad("get", method="GET", status=405),
    *(bad(method.lower(), method=method, status=405) for method in ("PUT", "PATCH", "DELETE", "HEAD")),
    Item("options", {}, 204, 204, method="OPTIONS"),
    bad("sibling", path="{messages}x", status=404),
    bad("unknown-path", path="{base}/v1/does-not-exist", status=404),
    bad("batches", path="{messages}/batches", status=404),
    bad("unknown-model-page", path="{base}/v1/models/ct-none", method="GET", status=404),
    bad("slash", path="{messages}/", status=404),
    good("query", path="{messages}?beta=true"),
    good("count", {"max_tokens": GONE}, path="{messages}/count_tokens"),
    bad("count-empty", {"max_tokens": GONE, "messages": []}, path="{messages}/count_tokens"),
    good("models", path="{base}/v1/models", method="GET"),
    good("model-page", path="{base}/v1/models/reference-1", method="GET"),
    *(
        bad(f"raw-{raw[:12]!r}", raw=raw)
        for raw in mixed(
            b"{",
            b'{"model":',
            b'{"a":1,}',
            b"{'a':1}",
            b"",
            b"[]",
            b'"x"',
            b"1",
            b"null",
            b"NaN",
            b"[" * 10_000 + b"]" * 10_000,
            b'{"a":' * 5000 + b"1" + b"}" * 5000,
            json.dumps(PLAIN).encode().replace(b"pong", b"\xff"),
            json.dumps(PLAIN).encode().replace(b"pong", b"\\ud800"),
            json.dumps(PLAIN).encode().replace(b"32", b"1e400"),
            json.dumps(PLAIN).encode().replace(b"32", b"9" * 5000),
        )
    ),
    good("nul", {"messages": [user("Repeat exactly: a\u0000b")]}),
    bad("bad-stream", {"stream": True, "messages": []}),
    Item("too-large", {"messages": [user("x" + " " * 200_000 + "x")]}, 413, 413),
    Item("too-long", {"messages": [user("x" * 60_000)]}, 400, 400),
)

HOUR = {"type": "ephemeral", "ttl": "1h"}
THOUGHT = {"type": "thinking", "thinking": "Well.", "signature": sign("Well.", KEY)}
#: What the faults of `reported` look at.
REPORTED: tuple[Item, ...] = (
    good("system-for-an-hour", {"system": [text("Be terse.", cache_control=HOUR)]}),
    good("hour-behind-system", {**block(text("hi", cache_control=HOUR)), "system": "Be terse."}),
    good("tool-for-an-hour", tool(cache_control=HOUR)),
    good("whole-cache-control", {"cache_control": {"type": "ephemeral"}}),
    good("thinking-omitted", thinking({"type": "enabled", "budget_tokens": 1024, "display": "omitted"})),
    good("thought-before", {"messages": [user("a"), assistant([THOUGHT, text("b")]), user("c")]}),
    good("forced-without-arguments", {**FORCED, "tools": [{**T1, "input_schema": {"type": "object"}}]}),
    good("forced-of-two", {**FORCED, "tools": [T1, {**T1, "name": "get_time"}]}),
)
from reference_corpus_cases import CASES  # noqa: E402  (it needs what is above)

ITEMS: tuple[Item, ...] = (*BODIES, *TOOLS, *HEADS, *REPORTED, *CASES)


def settings(profile: str, *faults: str) -> Settings:
    """Settings with small limits, so that large requests stay small."""
    return Settings(
        profile=profile, restricted_key=RESTRICTED, faults=faults, body_limit=100_000, context_window=10_000
    )


def written(item: Item, profile: str, *faults: str) -> tuple[Step, ...]:
    """The steps an item is answered with."""
    chosen = settings(profile, *faults)
    return perform(new_context(item.request(profile), chosen, Seams(select(chosen))))


VOLATILE = re.compile(rb"(?<=msg_|req_)[0-9a-f]{24}|(?<=toolu_)(?:req_)?[0-9a-f]{24}|\d\d:\d\d:\d\d")


def stable(steps: tuple[Step, ...]) -> list[tuple[bytes, float, str]]:
    """The steps without what differs from one answer to the next."""
    return [(VOLATILE.sub(b"-", step.data), step.pause, step.ending.value) for step in steps]


def status_of(steps: tuple[Step, ...]) -> int:
    """The status of an answer."""
    return int(steps[0].data.split(b" ", 2)[1]) if steps[0].data else 0


def body_of(steps: tuple[Step, ...]) -> Any:
    """The JSON body of a plain answer."""
    return json.loads(steps[0].data.partition(b"\r\n\r\n")[2])


def events_of(steps: tuple[Step, ...]) -> list[Body]:
    """The data of the events of a stream."""
    stream = b"".join(step.data for step in steps)
    return [json.loads(line[6:]) for line in stream.split(b"\n") if line.startswith(b"data: ")]


def item(name: str) -> Item:
    """The item of a name."""
    return next(one for one in ITEMS if one.name == name)
