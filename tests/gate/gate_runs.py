"""Small graded runs, made by hand; helpers of the tests beside this file."""

from collections.abc import Iterable
from datetime import date

from conformance.contract import Level, load_catalogue, load_profiles
from conformance.evidence.run import Expect, Item, Record, Run, Terms
from conformance.gate.baseline import Baseline, Entry
from conformance.rules.findings import Finding, Kind, Where
from conformance.verdicts import Graded, ItemResult, Judgement, Verdict

TODAY = date(2026, 3, 4)
LATER = date(2026, 12, 31)


def entry(key: str, expires: date = LATER, profile: str = "", kinds: Iterable[str] = (), issue: str = "") -> Entry:
    """An entry of a baseline."""
    requirement, _, case = key.partition(" ")
    return Entry(requirement, case, "known since spring", expires, issue, profile, tuple(kinds))


def baseline(*keys: str, flaky: Iterable[str] = ()) -> Baseline:
    """A baseline with plain entries."""
    return Baseline(tuple(map(entry, keys)), tuple(map(entry, flaky)))


def broken(key: str, level: Level = Level.MUST, generated: bool = False, seen: str = "nothing") -> ItemResult:
    """An item that was violated."""
    requirement, _, case = key.partition(" ")
    finding = Finding(requirement, Kind.BROKEN, "something", seen, Where(1), level, case)
    return _result(key, Verdict.FAILED if level is Level.MUST else Verdict.WARNED, finding, generated)


def held(key: str, generated: bool = False) -> ItemResult:
    """An item that passed."""
    requirement, _, case = key.partition(" ")
    return _result(key, Verdict.PASSED, Finding(requirement, Kind.HELD, where=Where(1), case=case), generated)


def silent(key: str, generated: bool = False) -> ItemResult:
    """An item that came to nothing."""
    requirement, _, case = key.partition(" ")
    return _result(key, Verdict.INCONCLUSIVE, Finding(requirement, Kind.UNJUDGED, seen="why", case=case), generated)


def _result(key: str, verdict: Verdict, finding: Finding, generated: bool) -> ItemResult:
    requirement, _, case = key.partition(" ")
    expect = {"*": Expect("refused")} if case else {}
    item = Item(requirement, case, ("plain",), expect, generated=generated)
    return ItemResult(item, verdict, (finding,), held=int(finding.kind is Kind.HELD))


def graded(
    *results: ItemResult,
    profile: str = "myrouter",
    everything: bool = True,
    unsent: str = "",
    records: Iterable[Record] = (),
    unscored: Iterable[str] = (),
) -> Graded:
    """A graded run of these items; nothing else was run. `unsent` is why a planned probe was not sent."""
    chosen = load_profiles()[profile]
    terms = Terms(chosen, load_catalogue(), chosen.api_version, "model-a", frozenset(chosen.included))
    reasons = {"other": unsent} if unsent else {}
    items = tuple(row.item for row in results)
    run = Run(terms, items, tuple(records), unsent=reasons, everything=everything)
    judgements = {
        name: _judgement(run, name, tuple(row for row in results if row.item.requirement == name), name not in unscored)
        for name in terms.catalogue.requirements
    }
    return Graded(run, judgements, results)


def _judgement(run: Run, name: str, rows: tuple[ItemResult, ...], scored: bool) -> Judgement:
    requirement = run.terms.requirement(name)
    findings = tuple(finding for row in rows for finding in row.findings)
    violations = tuple(finding for finding in findings if finding.kind is Kind.BROKEN)
    verdicts = {row.verdict for row in rows} or {Verdict.NOT_RUN}
    order = (Verdict.FAILED, Verdict.WARNED, Verdict.INCONCLUSIVE, Verdict.PASSED, Verdict.NOT_RUN)
    verdict = next(word for word in order if word in verdicts)
    seen = sum(finding.kind is Kind.HELD for finding in findings)
    level = requirement.level(run.terms.profile.name)
    return Judgement(requirement, level, verdict, violations, (), seen, len(rows), len(rows), "", scored)
