"""The shape of a message, as JSON and as what a client holds after a stream (RESP-002 to -011, RESP-013)."""

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.contract import Level
from conformance.evidence.run import Terms
from conformance.rules.answers import asked, blocks, has_prompt, listed, max_tokens, prompt_blocks
from conformance.rules.findings import Finding, Where, broken, check, held, note, shown
from conformance.rules.judged import about_message
from conformance.rules.registry import JSON_ONLY
from conformance.wire.reading import Reading
from conformance.wire.stream_breach import StreamEvent, member

Message = Mapping[str, Any]

CONSTANT = {"type": "message", "role": "assistant"}
#: A token limit from which on a plain prompt must have an answer.
ENOUGH_TOKENS = 64


def _text(requirement: str, message: Message, key: str) -> Iterable[Finding]:
    """A key that, where it is there, holds a non-empty string."""
    if key in message:
        value = message[key]
        holds = isinstance(value, str) and bool(value)
        yield check(requirement, holds, "a non-empty string", shown(value), Where(pointer=f"/{key}"))


@about_message("RESP-002")
def id_is_text(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-002, the value; uniqueness is a matter of the whole run."""
    return _text("RESP-002", message, "id")


@about_message("RESP-003", modes=JSON_ONLY)
def type_and_role(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-003; a stream's are judged in its message_start (STRM-003), an absent one by RESP-001."""
    for key, wanted in CONSTANT.items():
        if key in message:
            yield check(
                "RESP-003", message[key] == wanted, shown(wanted), shown(message[key]), Where(pointer=f"/{key}")
            )


@about_message("RESP-004")
def content_is_blocks(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-004."""
    if "content" not in message:
        return
    content = message["content"]
    if not isinstance(content, list):
        yield broken("RESP-004", "an array", shown(content), Where(pointer="/content"))
        return
    bad = [n for n, block in enumerate(content) if not isinstance(block, Mapping) or not _type(block)]
    for number in bad:
        where = Where(pointer=f"/content/{number}")
        yield broken("RESP-004", "an object with a string type", shown(content[number]), where)
    if not bad:
        yield held("RESP-004", Where(pointer="/content"))


def _type(block: Message) -> str:
    kind = block.get("type")
    return kind if isinstance(kind, str) else ""


@about_message("RESP-005")
def text_blocks(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-005."""
    for number, block in blocks(message, "text"):
        text, citations = block.get("text"), block.get("citations")
        place = f"/content/{number}"
        if not isinstance(text, str):
            yield broken("RESP-005", "a string", shown(text), Where(pointer=f"{place}/text"))
        elif citations is not None and not isinstance(citations, list):
            yield broken("RESP-005", "null or an array", shown(citations), Where(pointer=f"{place}/citations"))
        else:
            yield held("RESP-005", Where(pointer=place))


@about_message("RESP-006")
def block_types(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-006: request-only and foreign types break it; one that nobody knows yet is a note."""
    for number, block in blocks(message):
        if kind := _type(block):
            yield _word(
                "RESP-006",
                kind,
                terms.profile.block_types,
                terms.profile.foreign_block_types,
                f"/content/{number}/type",
            )


def _word(requirement: str, word: str, known: tuple[str, ...], foreign: tuple[str, ...], pointer: str) -> Finding:
    """A word of the contract, of another protocol, or a newer one."""
    where, expected = Where(pointer=pointer), "a word of the contract"
    if word in known:
        return held(requirement, where)
    return (broken if word in foreign else note)(requirement, expected, shown(word), where)


@about_message("RESP-007")
def model_is_text(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-007."""
    return _text("RESP-007", message, "model")


@about_message("RESP-008")
def model_is_the_one_asked_for(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-008, for requests that name the model under test."""
    model = message.get("model")
    if asked(reading).get("model") == terms.model and isinstance(model, str) and model:
        yield check("RESP-008", model == terms.model, shown(terms.model), shown(model), Where(pointer="/model"))


@about_message("RESP-009", modes=JSON_ONLY)
def stop_reason_is_text(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-009; a stream's is judged by STRM-017."""
    reason = message.get("stop_reason")
    yield check("RESP-009", isinstance(reason, str), "a string", shown(reason), Where(pointer="/stop_reason"))


@about_message("RESP-010")
def stop_reason_is_known(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-010: words of other protocols break it; one that nobody knows yet is a note."""
    reason, profile = message.get("stop_reason"), terms.profile
    if isinstance(reason, str):
        yield _word("RESP-010", reason, profile.stop_reasons, profile.foreign_stop_reasons, "/stop_reason")
    details = message.get("stop_details")
    fits = isinstance(details, Mapping) and details.get("type") == "refusal" and reason == "refusal"
    if details is not None and not fits:
        where, expected = (
            Where(pointer="/stop_details"),
            "null, or an object of type refusal beside stop_reason refusal",
        )
        yield broken("RESP-010", expected, shown(details), where, Level.SHOULD)


@about_message("RESP-011")
def stop_sequence_is_there(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-011: in JSON the key of the message, in a stream that of the last message_delta with a stop_reason."""
    if not reading.is_stream:
        yield _stop_sequence(message, Where(pointer="/stop_sequence"))
    elif closing := _closing(reading):
        where = Where(event=closing.index, pointer="/delta/stop_sequence", byte=closing.offset)
        yield _stop_sequence(member(closing.data, "delta") or {}, where)


def _stop_sequence(holder: Message, where: Where) -> Finding:
    value = holder.get("stop_sequence")
    holds = "stop_sequence" in holder and (value is None or isinstance(value, str))
    seen = shown(value) if "stop_sequence" in holder else "no such key"
    return check("RESP-011", holds, "a string or null", seen, where)


def _closing(reading: Reading) -> StreamEvent | None:
    deltas = (event for event in reversed(reading.events) if event.type == "message_delta")
    return next((event for event in deltas if (member(event.data, "delta") or {}).get("stop_reason") is not None), None)


@about_message("RESP-013")
def content_is_not_empty(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-013, for plain prompts with tokens enough that end by themselves."""
    content, limit = message.get("content"), max_tokens(reading)
    if not isinstance(content, list) or limit is None or limit < ENOUGH_TOKENS or not _is_plain(reading):
        return
    if content or message.get("stop_reason") == "end_turn":
        yield check("RESP-013", bool(content), "at least one block", "content []", Where(pointer="/content"))


def _is_plain(reading: Reading) -> bool:
    """The last turn is the user's, no tool result is among them, and no stop sequence can end the answer at once."""
    turns = listed(asked(reading).get("messages"))
    last = turns[-1] if turns else None
    tool_results = any(block.get("type") == "tool_result" for block in prompt_blocks(reading))
    ends_with_user = isinstance(last, Mapping) and last.get("role") == "user"
    return ends_with_user and has_prompt(reading) and not tool_results and not asked(reading).get("stop_sequences")
