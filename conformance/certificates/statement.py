"""What a certificate says: an in-toto Statement v1 with the predicate test-result v0.1, from a graded run.

Its schema is `schemas/json/statement.json`. All that is ours stands in the predicate's member `conformance`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from conformance.certificates.rules import rules_digest
from conformance.contract import Level
from conformance.contract.tiers import CORE
from conformance.evidence.follow import Follower
from conformance.evidence.run import Run
from conformance.reporting.facts import capped, held_back
from conformance.verdicts.graded import Graded, Verdict
from conformance.verdicts.tiers import State, TierState, tier_states

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
REPORT, JOURNAL, CERTIFICATE = "report.json", "journal.jsonl", "certificate.json"
VALID_DAYS = 90  #: so long a certificate is valid unless the signer says less

Object = dict[str, Any]


class Uncertifiable(Exception):
    """A run certifies nothing; one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a run certifies under its gate, and of every other tier why it does not. `unseen` are the requirements of
    the tiers that hold about which there was nothing to see."""

    tiers: tuple[str, ...]
    refused: Mapping[str, str]
    unseen: tuple[str, ...]


def grant(graded: Graded, follower: Follower) -> Grant:
    """The tiers that a run certifies. Raises Uncertifiable where it is not complete, or its core does not hold."""
    why = incomplete(graded.run, follower)
    if why:
        raise Uncertifiable(why)
    if crashed := [name for name, row in graded.judgements.items() if row.crashes]:
        raise Uncertifiable(f"the harness failed to judge {', '.join(crashed)}")
    rows = tier_states(graded, Level(follower.header["level"]))
    refused = {row.tier.name: _why_not(row) for row in rows if row.state is not State.HOLDS}
    if CORE in refused:
        raise Uncertifiable(f"the core does not hold: {refused[CORE]}")
    held = [row for row in rows if row.state is State.HOLDS]
    unseen = dict.fromkeys(name for row in held for name in row.unseen)
    return Grant(tuple(row.tier.name for row in held), refused, tuple(unseen))


def _why_not(row: TierState) -> str:
    deciding = row.violated if row.state is State.VIOLATED else row.open
    words = {State.VIOLATED: "violated", State.OPEN: "without a verdict"}.get(row.state, "")
    return f"{', '.join(deciding)} {words}".strip() if words else "not claimed"


def incomplete(run: Run, follower: Follower) -> str:
    """Why a run is not a complete one, or "". Source: what a certificate may rest on, docs/certificates.md."""
    footer = follower.footer
    return next((why for holds, why in _shortfalls(run, follower.header, footer) if holds), "")


def _shortfalls(run: Run, header: Mapping[str, Any], footer: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    yield not footer, "the journal breaks off before the end of the run"
    yield bool(footer.get("holding")) or not footer.get("complete"), "the run did not come to its end"
    yield bool(footer.get("refused")), "the target refused the first request"
    yield "shard" in header, f"the run is share {header.get('shard')} of a whole: certify what conformance merge writes"
    yield not run.everything, "only a part of the suite was selected"
    yield capped(run) != "", f"the run was truncated by budget: {capped(run)}"
    yield held_back(run) > 0, f"{held_back(run)} of the planned probes were not sent"
    yield header.get("baseline") is not None, "the run was judged against a baseline of accepted violations"


def statement(graded: Graded, follower: Follower, files: Mapping[str, bytes], days: int = VALID_DAYS) -> Object:
    """The statement of a run about these files (name to content). Raises Uncertifiable."""
    granted = grant(graded, follower)
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": digest(data)}} for name, data in files.items()],
        "predicateType": PREDICATE,
        "predicate": {
            "result": "WARNED" if graded.violated(Verdict.WARNED) else "PASSED",
            "configuration": [{"name": "rules", "digest": {"sha256": rules_digest()}}],
            **_tests(graded),
            "conformance": _ours(graded, follower, granted, days),
        },
    }


def digest(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return sha256(data).hexdigest()


def _tests(graded: Graded) -> Object:
    """The requirements by verdict, in the predicate's words."""
    rows = {"passedTests": Verdict.PASSED, "warnedTests": Verdict.WARNED, "failedTests": Verdict.FAILED}
    return {
        word: [name for name, row in graded.judgements.items() if row.scored and row.verdict is verdict]
        for word, verdict in rows.items()
    }


def about(follower: Follower) -> Object:
    """What a statement says of a run whatever the rules: where and when it was made, and by what."""
    header = follower.header
    return {
        **{name: header[name] for name in ("target", "embedded", "harness", "started", "challenge")},
        **{name: header["terms"][name] for name in ("profile", "api_version", "model", "catalogue")},
        "level": header["level"].lower(),
        "ended": follower.footer.get("ended", ""),
    }


def _ours(graded: Graded, follower: Follower, granted: Grant, days: int) -> Object:
    open_ = (Verdict.INCONCLUSIVE, Verdict.NOT_RUN)
    return {
        **about(follower),
        "tiers": list(granted.tiers),
        "not_certified": dict(granted.refused),
        "nothing_to_see": list(granted.unseen),
        "not_tested": [name for name, row in graded.judgements.items() if row.scored and row.verdict in open_],
        "expires": (date.fromisoformat(follower.footer["ended"][:10]) + timedelta(days)).isoformat(),
    }
