"""The requests that several suite files need: conversations that serve as controls, and ten invalid requests.

A probe that two files name is written once, here, so that it is sent once and has one id.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.suite import (
    PLAIN,
    STREAM,
    Auth,
    Call,
    Probe,
    Shape,
    assistant,
    probe,
    streamed,
    text,
    user,
    without,
)

HELLO = user("Say hello in one word.")


def said(*messages: Any) -> dict[str, Any]:
    """The plain body with another conversation."""
    return PLAIN | {"messages": list(messages)}


def blocks(*content: Any) -> dict[str, Any]:
    """The plain body with one user message made of content blocks."""
    return said(user(list(content)))


def asked(prompt: str, max_tokens: int) -> dict[str, Any]:
    """The plain body with another prompt and limit."""
    return PLAIN | {"max_tokens": max_tokens, "messages": [user(prompt)]}


#: Accepted conversations; each is the control of the requests that differ from it in one turn or block.
CONVERSATION_BODY = said(user("My name is Ada."), assistant("Hello Ada."), user("Reply with the single word: pong"))
CONVERSATION = probe("conversation", CONVERSATION_BODY)
TWO_TURNS = probe("two user turns", said(HELLO, user("Reply with the single word: pong")))
PONG = text("Reply with the single word: pong")
ONE_BLOCK = probe("one block", blocks(PONG))
TWO_BLOCKS = probe("two blocks", blocks(text("Here is what to do."), PONG))
CACHED_BLOCK = probe("cached block", blocks(PONG | {"cache_control": {"type": "ephemeral"}}))

#: Accepted forms of optional fields; the controls of malformed ones.
SYSTEM = probe("system string", PLAIN | {"system": "You are terse."})
CACHED_SYSTEM = probe(
    "cached system block", PLAIN | {"system": [text("You are terse.", cache_control={"type": "ephemeral"})]}
)
SYSTEM_BLOCKS = probe("system blocks", PLAIN | {"system": [text("You are terse."), text("You are polite.")]})
STOPS = probe("stop sequences", PLAIN | {"stop_sequences": ["ZZSTOPZZ"]})
METADATA = probe("metadata user_id", PLAIN | {"metadata": {"user_id": "ct-1"}})


def older(body: Any) -> Call:
    """The body under the older API version, whatever the version of the run."""
    return Call(body, headers=(("anthropic-version", "2023-06-01"),))


def newer(body: Any) -> Call:
    """The body under the newer API version."""
    return Call(body, headers=(("anthropic-version", "2026-10-21"),))


#: The plain control under each API version, and sampling, which only the older one knows.
OLDER = probe("older version", older(PLAIN))
NEWER = probe("newer version", newer(PLAIN))
TEMPERATURE = probe("temperature 1.0", older(PLAIN | {"temperature": 1.0}))
TOP_P = probe("top_p 1.0", older(PLAIN | {"top_p": 1.0}))

#: A document of the user, which an endpoint may know or refuse.
DOCUMENT = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Ada wrote it."}}
OWN_DOCUMENT = probe("a document of the user, newer version", newer(blocks(DOCUMENT, PONG)))

#: Ten invalid requests that every profile refuses.
NO_MODEL = probe("model absent", without(PLAIN, "model"))
NO_MESSAGES = probe("messages absent", without(PLAIN, "messages"))
MESSAGES_STRING = probe("messages a string", PLAIN | {"messages": "hi"})
MESSAGES_EMPTY = probe("messages empty", PLAIN | {"messages": []})
MESSAGE_STRING = probe("message a string", PLAIN | {"messages": ["hi"]})
NO_MAX_TOKENS = probe("max_tokens absent", without(PLAIN, "max_tokens"))
NEGATIVE_MAX_TOKENS = probe("max_tokens negative", PLAIN | {"max_tokens": -1})
FRACTION_MAX_TOKENS = probe("max_tokens a fraction", PLAIN | {"max_tokens": 1.5})
STOPS_STRING = probe("stop_sequences a string", PLAIN | {"stop_sequences": "END"})
METADATA_STRING = probe("metadata a string", PLAIN | {"metadata": "x"})

#: Another kind of mistake: a value of a wrong type, where a string is a shorthand for blocks.
SYSTEM_NUMBER = probe("system a number", PLAIN | {"system": 5})

NEGATIVES: Mapping[str, Probe] = {
    "model_absent": NO_MODEL,
    "messages_absent": NO_MESSAGES,
    "messages_string": MESSAGES_STRING,
    "messages_empty": MESSAGES_EMPTY,
    "message_string": MESSAGE_STRING,
    "max_tokens_absent": NO_MAX_TOKENS,
    "max_tokens_negative": NEGATIVE_MAX_TOKENS,
    "max_tokens_fraction": FRACTION_MAX_TOKENS,
    "stop_sequences_string": STOPS_STRING,
    "metadata_string": METADATA_STRING,
}


def twin(original: Probe) -> Probe:
    """The same request with `stream: true`."""
    calls = tuple(streamed(call) for call in original.calls)
    return replace(
        original, id=f"{original.id}, streamed", calls=calls, capabilities=(*original.capabilities, "streaming")
    )


def again(original: Probe, which: str = "again") -> Probe:
    """The same request, sent once more."""
    return replace(original, id=f"{original.id}, {which}", repeat=which)


#: An unknown model is found out later than a bad body, often by whoever serves the model.
UNKNOWN_MODEL = probe("model unknown", PLAIN | {"model": "ct-no-such-model-{nonce}"})
STREAMABLE: Mapping[str, Probe] = {**NEGATIVES, "model_unknown": UNKNOWN_MODEL}
STREAMED_NEGATIVES: Mapping[str, Probe] = {name: twin(item) for name, item in STREAMABLE.items()}

#: The plain request behind a stream, and twice under one idempotency key, which the contract does not know.
AFTER_STREAM = probe("one connection with a stream", STREAM, PLAIN, shape=Shape.PINNED, capabilities=("streaming",))
PLAIN_KEYED = probe("keyed", Call(PLAIN, headers=(("Idempotency-Key", "ct-{nonce}"),)))
PLAIN_AGAIN_KEYED = again(PLAIN_KEYED)

#: The messages path by GET: the commonest way to meet a 404 or 405.
GET = probe("GET", Call(method="GET"))
#: A path that does not exist beside the endpoint.
NO_SUCH_PATH = probe("no such path", Call(PLAIN, path="~does-not-exist"))
#: No credential at all, an unknown one, and an unknown one for a stream. Last: some targets lock out who fails often.
NO_CREDENTIAL = probe("no credential", Call(PLAIN, auth=Auth.NONE), last=True)
WRONG_BEARER = probe("unknown bearer token", Call(PLAIN, auth=Auth.WRONG_BEARER), last=True)

#: An answer that cannot be finished within its limit, in two wordings.
ENUMERATIONS = (
    "Write the numbers from one to five hundred in English words, separated by commas. Begin at once with: one, two",
    "Count in English words: one, two, three, and so on up to five hundred. Write nothing but the numbers.",
)
CUT = probe(
    "cut by max_tokens",
    *(asked(prompt, 8) for prompt in ENUMERATIONS),
    shape=Shape.UNTIL,
    until="cut-by-limit",
)
CUT_STREAM = twin(CUT)
ONE_TOKEN = probe("max_tokens 1", asked(ENUMERATIONS[0], 1))
ONE_TOKEN_STREAM = twin(ONE_TOKEN)

#: An answer that contains the stop sequence if the model does as it is told, in three wordings.
STOP_WORD = "ZZSTOPZZ"
ECHOES = (
    f"Repeat exactly, and write nothing else: alpha {STOP_WORD} omega",
    f"Copy this line word for word, with no other text:\nalpha {STOP_WORD} omega",
    f"Output these three words in this order, separated by single spaces: alpha, {STOP_WORD}, omega",
)
#: The last one leaves a model room to think before it answers.
ECHOED = tuple(asked(prompt, room) for prompt, room in zip(ECHOES, (64, 64, 1024), strict=True))
#: The sequence that the answer comes to is the last of four: a server may look at one alone, report another, or take
#: one for a pattern.
SEQUENCES = ["QQHALTQQ", "[A-Z]", "§§ halt\n", STOP_WORD]
STOPPED = probe(
    "stopped by a sequence",
    *(body | {"stop_sequences": SEQUENCES} for body in ECHOED),
    shape=Shape.UNTIL,
    until="sequence-reached",
)
STOPPED_STREAM = twin(STOPPED)
UNSTOPPED = probe("not stopped", *ECHOED, shape=Shape.UNTIL, until="passage-repeated")

#: A long answer, for what only shows in many events.
STORY = probe(
    "story",
    asked("Tell a story of about 300 words about a lighthouse keeper.", 600) | {"stream": True},
    capabilities=("streaming",),
)
#: The plain request with room to think before it answers.
ROOMY = probe("plain with room", PLAIN | {"max_tokens": 1024})

#: A system prompt and an earlier turn long enough to show in the count of input tokens, and fifty times the prompt. The
#: turn is the assistant's and not of the last ones: a server may keep those of the user alone, or those alone.
FILLER = "The harbour is quiet and the boats lie still. "
LONG_SYSTEM = probe("long system", CONVERSATION_BODY | {"system": FILLER * 12})
LONG_SYSTEM_STREAM = twin(LONG_SYSTEM)
PLEASANTRIES = (user("Thank you."), assistant("You are welcome."), user("Goodbye."), assistant("Goodbye."))
LONG_HISTORY = probe(
    "long history",
    said(user("Describe the harbour."), assistant(FILLER * 12), *PLEASANTRIES, *PLAIN["messages"]),
)
#: A prompt long enough for a cache (1024 to 2048 tokens with most models) and new in every run, twice in order: the
#: first is written, the second read. A target that caches other prompts, or none, counts as it likes.
CACHED_PROMPT = PLAIN | {"system": [text("Run {nonce}. " + FILLER * 220, cache_control={"type": "ephemeral"})]}
CACHED_TWICE = probe("a cached prompt, twice", CACHED_PROMPT, CACHED_PROMPT, capabilities=("caching",))
CACHED_STREAM = probe(
    "a cached prompt, streamed", CACHED_PROMPT | {"stream": True}, capabilities=("caching", "streaming")
)
FIFTY_TIMES = probe("fifty times longer", asked("Reply with the single word: pong. " + FILLER * 40, 32))


def python_client(package: str) -> tuple[tuple[str, str], ...]:
    """The headers that the Python client of a version sends always: but for credential, API version, time limit."""
    return (
        ("Accept", "application/json"),
        ("Accept-Encoding", "gzip, deflate"),
        ("User-Agent", f"Anthropic/Python {package}"),
        ("X-Stainless-Lang", "python"),
        ("X-Stainless-Package-Version", package),
        ("X-Stainless-OS", "Linux"),
        ("X-Stainless-Arch", "x64"),
        ("X-Stainless-Runtime", "CPython"),
        ("X-Stainless-Runtime-Version", "3.11.7"),
        ("X-Stainless-Async", "false"),
        ("x-stainless-retry-count", "0"),
        ("x-stainless-read-timeout", "600"),
    )


def client_stream(client: str, headers: tuple[tuple[str, str], ...], auth: Auth, query: str = "") -> Probe:
    """The plain stream as the stream helper of a client asks for it: it says so, and gives no time limit."""
    helper = (
        ("x-stainless-timeout", "NOT_GIVEN"),
        ("x-stainless-helper-method", "stream"),
        ("x-stainless-stream-helper", "messages"),
    )
    call = Call(STREAM, headers=headers + helper, auth=auth, query=query)
    return probe(f"{client} client, stream", call, capabilities=("streaming",))


#: Python clients of today and of the time before, which offer gzip and deflate. What a client calls beta has a query.
CURRENT = (*python_client("2.12.0"), ("anthropic-version", "2026-10-21"))
LEGACY = (*python_client("0.75.0"), ("anthropic-version", "2023-06-01"))
CURRENT_STREAM = client_stream("current", CURRENT, Auth.BEARER, "beta=true")
LEGACY_STREAM = client_stream("legacy", LEGACY, Auth.X_API_KEY)
