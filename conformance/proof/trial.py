"""One attempt of the harness at one subject: over loopback sockets, by the same run that users have."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from conformance.proof.runs import COSTLY, EVERYTHING, LIMITS, broken, costly, judged
from conformance.proof.subjects import Subject
from conformance.reporting.facts import output_tokens
from conformance.rules.findings import Finding
from conformance.session.closing import Closing
from conformance.suite_budgets import FULL


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run said of a subject. `found` maps each violated requirement to its verdict, `noted` holds those with a
    note, `evidence` a sentence for each of both. `whole` is whether the whole suite was run. `error` says why there
    is no outcome."""

    subject: Subject
    found: Mapping[str, str] = field(default_factory=dict)
    noted: frozenset[str] = frozenset()
    evidence: Mapping[str, str] = field(default_factory=dict)
    exit: int = 0
    requests: int = 0
    output_tokens: int = 0
    whole: bool = False
    error: str = ""


#: What shows a breach in streams that the requirement's own items do not look at: tools, thinking, more than ASCII.
COMPANIONS = ("STRM-028", "STRM-030", "SEM-013")
STREAMED = ("STRM", "SSE")  #: areas that all streams are about


def attempt(subject: Subject, whole: bool, budget: str = FULL) -> Outcome:
    """What the harness says of a subject, within a budget. Unless `whole`, a fault is first tried with what its
    requirement needs, and when that names nothing, with the whole suite; what differs in streams alone is tried with
    all that asks for one. Never raises: a crash is an outcome too."""
    try:
        if subject.streams and not whole:
            return _outcome(subject, (), budget, streams=True)
        few = Outcome(subject) if whole or subject.legal else needed(subject, budget)
        if names(few):
            return few
        full = _outcome(subject, (), budget)
        return replace(full, requests=full.requests + few.requests)
    except Exception as error:
        return Outcome(subject, error=f"the harness failed: {type(error).__name__}: {error}")


def names(outcome: Outcome) -> bool:
    """Whether the requirement of a fault is named by a violation or a note."""
    return outcome.subject.requirement in {*outcome.found, *outcome.noted}


def needed(subject: Subject, budget: str = FULL) -> Outcome:
    """What is said of a fault when little is sent: what its requirement needs; for streams, then its companions too."""
    own = (subject.requirement,)
    outcome = _outcome(subject, own, budget)
    if names(outcome) or own[0].partition("-")[0] not in STREAMED:
        return outcome
    more = _outcome(subject, (*own, *COMPANIONS), budget)
    return replace(more, requests=more.requests + outcome.requests)


def _outcome(subject: Subject, only: tuple[str, ...], budget: str, streams: bool = False) -> Outcome:
    include = COSTLY if only or costly(subject.requirement, subject.profile) else ()
    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        closing = judged(
            subject.profile,
            Path(folder),
            *subject.faults,
            endpoint={"variations": subject.variations},
            only=only,
            streams=streams,
            limits=LIMITS,
            reports=False,
            include=include,
            budget=budget,
            **EVERYTHING,
        )
        return _read(subject, closing, not (only or streams))


def _read(subject: Subject, closing: Closing, whole: bool) -> Outcome:
    graded = closing.graded
    assert graded is not None
    found = broken(graded)
    noted = {name: row.notes for name, row in graded.judgements.items() if row.notes}
    evidence = {name: graded.judgements[name].violations[0] for name in found}
    evidence |= {name: notes[0] for name, notes in noted.items() if name not in found}
    return Outcome(
        subject,
        {name: str(verdict) for name, verdict in found.items()},
        frozenset(noted),
        {name: _sentence(finding) for name, finding in evidence.items()},
        int(closing.code),
        len(graded.run.records),
        output_tokens(graded.run),
        whole,
        error=next((finding.seen for row in graded.judgements.values() for finding in row.crashes), ""),
    )


def _sentence(finding: Finding) -> str:
    case = f"{finding.case}: " if finding.case else ""
    return f"{case}expected {finding.expected}, seen {finding.seen} ({finding.where})"[:400]
