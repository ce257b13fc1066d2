"""The frozen corpus: reviewed cases in `suites/corpus/<profile>.jsonl`, one to a line behind a line about the file."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from conformance._paths import SUITES
from conformance.contract import Level, load_catalogue
from conformance.evidence.run import Expect, Item
from conformance.generation.declare import Drawn
from conformance.generation.draws import Draw
from conformance.generation.hosts import BY_ID
from conformance.probing.probe import Call, Probe
from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL

FOLDER = SUITES / "corpus"
SAMPLING = ("/temperature", "/top_p", "/top_k")  #: gone under later API versions
SAMPLING_VERSION = "2023-06-01"


class CorpusError(ValueError):
    """A corpus file that does not hold what it should; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the corpus.

    `control` is the id of the accepted request that `body` differs from in the place `pointer`, "" for a request
    that is to be accepted itself. `headers` are those that differ from the default ones.
    """

    id: str
    requirement: str
    case: str
    expect: str  #: "refused" or "accepted"
    pointer: str
    control: str
    body: Any
    why: str
    headers: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Corpus:
    """A file of cases with what its first line says: version of the corpus, tools it was exported with, and when."""

    about: Mapping[str, Any]
    cases: tuple[Case, ...]


def dumped(corpus: Corpus) -> str:
    """The text of a corpus file."""
    rows = [dict(corpus.about), *(_line(case) for case in corpus.cases)]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _line(case: Case) -> dict[str, Any]:
    row = asdict(case)
    return row if case.headers else {key: value for key, value in row.items() if key != "headers"}


def file_of(profile: str, folder: Path = FOLDER) -> Path:
    """Where the corpus of a profile lies."""
    return folder / f"{profile}.jsonl"


def read_corpus(file: Path) -> Corpus:
    """The corpus in a file; CorpusError when a line is not a case or an id occurs twice."""
    rows = file.read_text("utf-8").splitlines()
    parsed = [_parsed(row, f"{file}, line {number}") for number, row in enumerate(rows, 1)]
    if not parsed or "corpus" not in parsed[0]:
        raise CorpusError(f"{file} does not begin with a line about the corpus.")
    cases = tuple(_case(row, f"{file}, line {number}") for number, row in enumerate(parsed[1:], 2))
    if len({case.id for case in cases}) < len(cases):
        raise CorpusError(f"{file} has an id twice.")
    return Corpus(parsed[0], cases)


def _parsed(row: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(row)
    except ValueError:
        raise CorpusError(f"{where}, is not JSON.") from None
    if not isinstance(value, dict):
        raise CorpusError(f"{where}, is not an object.")
    return value


def _case(row: dict[str, Any], where: str) -> Case:
    try:
        case = Case(**row)
    except TypeError:
        raise CorpusError(f"{where}, lacks a member or has an unknown one.") from None
    if case.expect not in ("refused", "accepted") or case.control not in {"", *BY_ID}:
        raise CorpusError(f"{where}, has an unknown expectation or control.")
    return case


@cache
def corpus_items(draw: Draw) -> tuple[Drawn, ...]:
    """The items of the frozen corpus that apply to a run."""
    cases = read_corpus(file_of(draw.profile)).cases
    return tuple(drawn_of(case) for case in cases if applies(case.requirement, case.pointer, draw))


def applies(requirement: str, pointer: str, draw: Draw) -> bool:
    """Whether a requirement binds under the terms of a run, so that a case of it can be judged."""
    entry = load_catalogue().requirements[requirement]
    claimed = entry.capability is None or entry.capability in draw.capabilities
    version = entry.api_version or (SAMPLING_VERSION if pointer.startswith(SAMPLING) else draw.api_version)
    return claimed and version == draw.api_version and entry.level(draw.profile) is not Level.MAY


def drawn_of(case: Case, scored: bool = True) -> Drawn:
    """The item of a case with its probe and its control."""
    control = BY_ID[case.control] if case.control else _plain_or_streamed(case)
    call = Call(case.body, headers=tuple(case.headers.items()))
    probe = Probe(f"{case.requirement} {case.case}", (call,), capabilities=_capabilities(case))
    item = Item(
        case.requirement, case.case, (probe.id,), {"*": Expect(case.expect)}, control.id,
        scored=scored, generated=True,
    )  # fmt: skip
    return item, (probe, control)


def _plain_or_streamed(case: Case) -> Probe:
    """What must be served before a request that is to be served as well says anything."""
    streamed = isinstance(case.body, dict) and case.body.get("stream") is True
    return STREAM_CONTROL if streamed else PLAIN_CONTROL


def _capabilities(case: Case) -> tuple[str, ...]:
    """What the target has to claim for the request to make sense."""
    needs = {"tools": "tools" in case.body, "streaming": case.body.get("stream") is True}
    return tuple(name for name, needed in needs.items() if needed)


def renewed(about: Mapping[str, Any], cases: Iterable[Case], before: Corpus | None) -> Corpus:
    """The corpus to be written: what was there if the cases are the same, else a next version with `about`."""
    found = tuple(cases)
    if before is not None and before.cases == found:
        return before
    version = int(before.about["corpus"]) + 1 if before is not None else 1
    return Corpus({"corpus": version, **about}, found)
