"""What was found out about a target, as text and as a configuration file; pure functions of a diagnosis."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.reporting.clean import clean
from conformance.reporting.facts import EMBEDDED

LONGEST_WORDS = 160  #: characters of what one line says after the outcome
LONGEST_LINE = 4096  #: characters of one line of the configuration shown on a terminal

Value = str | bool | float | Sequence[str] | Mapping[str, "Value"]


class Offer(StrEnum):
    """Whether a target offers something. Unclear: it neither showed it nor refused it."""

    OFFERED = "offered"
    NOT_OFFERED = "not offered"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one inquiry: its name, the outcome, and what it rests on, in words that may be the target's own."""

    name: str
    outcome: Offer
    words: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found out. `proposal` is a configuration table, `target` None for the embedded endpoint."""

    target: str | None
    profile: str
    model: str
    answers: tuple[Answered, ...]
    proposal: Mapping[str, Value]
    notes: tuple[str, ...]  #: what a reader should know beside the table, a sentence each
    requests: int
    output_tokens: int
    complete: bool = True  #: whether the target served to the end


def toml(table: Mapping[str, Value]) -> str:
    """A configuration table as TOML: plain members first, then one section for each table inside."""
    plain = [f"{key} = {_value(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    sections = [
        f"\n[{key}]\n" + "\n".join(f"{_string(name)} = {_value(inner)}" for name, inner in value.items())
        for key, value in table.items()
        if isinstance(value, Mapping)
    ]
    return "\n".join([*plain, *sections]) + "\n"


def _value(value: Value) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return f"[{', '.join(_string(str(item)) for item in value)}]"


def _string(text: str) -> str:
    """A basic string of TOML: that of JSON, but for DEL, which TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


#: The members of a proposal in the order of the command line; all others have a place in the file alone.
_SHOWN = (
    "profile", "api-version", "model", "capability", "without", "api-key-env", "credential", "no-auth", "ca-bundle",
)  # fmt: skip


def command(proposal: Mapping[str, Value], file: str | None) -> str:
    """The command that runs with this configuration: from the file it stands in, or spelled out."""
    words = ["conformance", "run"]
    if file is not None:
        return shlex.join([*words, "--config", file])
    words += [str(proposal["target-url"])] if "target-url" in proposal else []
    words += [word for name in _SHOWN if name in proposal for word in _option(name, proposal[name])]
    return shlex.join(words)


def _option(name: str, value: Value) -> list[str]:
    if value is True:
        return [f"--{name}"]
    values = [value] if isinstance(value, str) else list(value) if isinstance(value, Sequence) else []
    return [word for item in values for word in (f"--{name}", str(item))]


def diagnosis_text(diagnosis: Diagnosis, file: str | None = None) -> str:
    """The diagnosis for a terminal; `file` is where the configuration was written, if anywhere."""
    return "\n".join(_lines(diagnosis, file))


def _lines(diagnosis: Diagnosis, file: str | None) -> Iterator[str]:
    model = clean(diagnosis.model)
    yield f"conformance doctor: {clean(diagnosis.target or EMBEDDED)}, profile {diagnosis.profile}, model {model}"
    yield ""
    yield from _table(diagnosis.answers)
    if diagnosis.notes:
        yield ""
        yield from (clean(note) for note in diagnosis.notes)
    yield ""
    yield "Proposed configuration:" if file is None else f"Proposed configuration, written to {clean(file)}:"
    yield ""
    yield from (clean(line, LONGEST_LINE) for line in toml(diagnosis.proposal).splitlines())
    yield ""
    yield f"Run it with: {clean(command(diagnosis.proposal, file), LONGEST_LINE)}"
    if file is None and any(isinstance(value, Mapping) for value in diagnosis.proposal.values()):
        yield "Its tables have no place in a command: --write FILE puts all of it into a file."
    cost = f"{_counted(diagnosis.requests, 'request')}, {_counted(diagnosis.output_tokens, 'output token')}"
    yield f"This took {cost}."


def _table(answers: Sequence[Answered]) -> Iterator[str]:
    """One line for each inquiry, in columns."""
    wide, outcome = max((len(row.name) for row in answers), default=0), max(len(word) for word in Offer)
    for row in answers:
        yield f"  {row.name:{wide}}  {row.outcome.value:{outcome}}  {clean(row.words, LONGEST_WORDS)}".rstrip()


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
