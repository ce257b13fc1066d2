"""The list of rules. A rule is a total function; what it may name is declared beside it.

Exchange rules see one `Reading` at a time, run rules the whole `Run`. `modes` says which answers a rule about a
message applies to: what only JSON answers promise is judged for streams through EQV-001 alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol

from conformance.evidence.run import Record, Run, Terms
from conformance.rules.findings import Finding
from conformance.wire.reading import Reading

ExchangeJudge = Callable[[Reading, Terms], Iterable[Finding]]
MessageJudge = Callable[[Mapping[str, Any], Reading, Terms], Iterable[Finding]]
RunJudge = Callable[[Run], Iterable[Finding]]


class Fold(Protocol):
    """What a rule about a whole run remembers while it is shown every exchange, in the order of sending."""

    def take(self, record: Record) -> None:
        """Look at an exchange."""

    def findings(self) -> Iterable[Finding]:
        """What there is to be said after the last one."""


Folding = Callable[[Run], Fold]

BOTH = frozenset({"json", "stream"})
JSON_ONLY = frozenset({"json"})


@dataclass(frozen=True, slots=True)
class ExchangeRule:
    """A rule about one exchange of any kind."""

    requirements: tuple[str, ...]
    judge: ExchangeJudge


@dataclass(frozen=True, slots=True)
class MessageRule:
    """A rule about a message, whether it came as JSON or is what a client holds after a stream."""

    requirements: tuple[str, ...]
    modes: frozenset[str]
    judge: MessageJudge


@dataclass(frozen=True, slots=True)
class RunRule:
    """A rule about the whole run. One that has a `fold` looks at every exchange, and shares the way through them with
    the others; `judge` says the same alone."""

    requirements: tuple[str, ...]
    judge: RunJudge
    fold: Folding | None = None


EXCHANGE_RULES: list[ExchangeRule] = []
MESSAGE_RULES: list[MessageRule] = []
RUN_RULES: list[RunRule] = []


def exchange_rule(*requirements: str) -> Callable[[ExchangeJudge], ExchangeJudge]:
    """Register a rule about one exchange."""

    def register(judge: ExchangeJudge) -> ExchangeJudge:
        EXCHANGE_RULES.append(ExchangeRule(requirements, judge))
        return judge

    return register


def message_rule(*requirements: str, modes: frozenset[str] = BOTH) -> Callable[[MessageJudge], MessageJudge]:
    """Register a rule about a message."""

    def register(judge: MessageJudge) -> MessageJudge:
        MESSAGE_RULES.append(MessageRule(requirements, modes, judge))
        return judge

    return register


def run_rule(*requirements: str) -> Callable[[RunJudge], RunJudge]:
    """Register a rule about the whole run."""

    def register(judge: RunJudge) -> RunJudge:
        RUN_RULES.append(RunRule(requirements, judge))
        return judge

    return register


def folding_rule(*requirements: str) -> Callable[[Folding], RunJudge]:
    """Register a rule about the whole run that looks at every exchange."""

    def register(fold: Folding) -> RunJudge:
        @wraps(fold)
        def judge(run: Run) -> Iterable[Finding]:
            state = fold(run)
            for record in run.records:
                state.take(record)
            return state.findings()

        RUN_RULES.append(RunRule(requirements, judge, fold))
        return judge

    return register
