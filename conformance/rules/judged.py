"""Which answers are messages that RESP, USG and SEM may be asked about, and the decorator for rules about them."""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from conformance.evidence.run import Terms
from conformance.rules.findings import Finding
from conformance.rules.registry import BOTH, MessageJudge, message_rule
from conformance.wire.jsontext import JSON
from conformance.wire.reading import Reading
from conformance.wire.stream import State

#: Members that tell a message from what its deltas alone add up to.
HEAD = frozenset({"id", "type", "role", "model"})
#: What a stream that brought its message to an end stands in.
COMPLETED = frozenset({State.DONE, State.SURPLUS})


def is_error_object(value: JSON) -> bool:
    """An error in the place of a message: by its type, or by a top-level error that is not null."""
    return isinstance(value, Mapping) and (value.get("type") == "error" or value.get("error") is not None)


def resembles_message(value: JSON) -> bool:
    """Whether an object is a message at all, if a faulty one; RESP-001 and RESP-012 own what is something else."""
    if not isinstance(value, Mapping) or value.get("type") == "error":
        return False
    return "content" in value or value.get("type") == "message"


def is_judged(message: Mapping[str, Any], reading: Reading) -> bool:
    """Whether a message is all there: of a stream, that it came from a start that says something (STRM-003) to its
    end and not to an error.
    """
    if not resembles_message(message):
        return False
    return not reading.is_stream or (reading.walk.state in COMPLETED and not message.keys().isdisjoint(HEAD))


def about_message(*requirements: str, modes: frozenset[str] = BOTH) -> Callable[[MessageJudge], MessageJudge]:
    """Register a rule about messages that are judged at all."""

    def register(judge: MessageJudge) -> MessageJudge:
        @wraps(judge)
        def guarded(message: Mapping[str, Any], reading: Reading, terms: Terms) -> Iterable[Finding]:
            return judge(message, reading, terms) if is_judged(message, reading) else ()

        return message_rule(*requirements, modes=modes)(guarded)

    return register
