"""The verdict function. Terminal, exit code, reports and certificate all read what stands here."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from conformance.contract import Level, Requirement
from conformance.evidence.run import NOT_CLAIMED, Item, Run, Terms
from conformance.rules.cases import case_findings, expectation
from conformance.rules.expectations import answer_of
from conformance.rules.findings import Finding, Kind
from conformance.rules.outcome import is_served
from conformance.rules.traffic import traffic_findings
from conformance.verdicts.graded import Graded, ItemResult, Judgement, Verdict

#: AUTH requirements about a key that is taken or refused: not applicable to a target declared key-less.
NEED_A_KEY = frozenset({f"AUTH-{number:03}" for number in range(1, 13)} - {"AUTH-009"})

NOTHING_SEEN = "sent, but there was nothing to see"


def grade(run: Run) -> Graded:
    """Everything that follows from a run. Pure; the same for a live run and for its journal."""
    passive = _by_requirement(_settled(traffic_findings(run), run))
    items = tuple(_result(item, run, passive) for item in run.items)
    results = _by_item_requirement(items)
    judgements = {
        identifier: _judgement(requirement, run, results.get(identifier, ()), passive.get(identifier, NOTHING))
        for identifier, requirement in run.terms.catalogue.requirements.items()
    }
    return Graded(run, judgements, items)


def judge_item(item: Item, run: Run) -> ItemResult:
    """The result of one active item, as soon as its exchanges and the controls around them are there."""
    return _result(item, run, {})


def _settled(findings: Iterable[Finding], run: Run) -> Iterator[Finding]:
    """Each violation with the level it has under the profile; a departure from a MAY becomes a note."""
    return (levelled(finding, run.terms) for finding in findings)


def levelled(finding: Finding, terms: Terms) -> Finding:
    """The same for one finding."""
    if finding.kind is not Kind.BROKEN:
        return finding
    own = terms.requirement(finding.requirement).level(terms.profile.name)
    level = min(own, finding.level or own, key=lambda item: item.rank)
    return replace(finding, level=level, kind=Kind.NOTE if level is Level.MAY else Kind.BROKEN)


@dataclass(slots=True)
class Told:
    """Findings of one requirement or item: of those that held the first, and how many there are; all others."""

    findings: list[Finding] = field(default_factory=list)
    held: int = 0

    def add(self, finding: Finding) -> None:
        """Take in one more."""
        if finding.kind is not Kind.HELD:
            self.findings.append(finding)
            return
        if not self.held:
            self.findings.append(finding)
        self.held += 1


NOTHING = Told()


def _told(findings: Iterable[Finding]) -> Told:
    told = Told()
    for finding in findings:
        told.add(finding)
    return told


def _by_requirement(findings: Iterable[Finding]) -> dict[str, Told]:
    found: dict[str, Told] = {}
    for finding in findings:
        found.setdefault(finding.requirement, Told()).add(finding)
    return found


def _by_item_requirement(results: Iterable[ItemResult]) -> dict[str, tuple[ItemResult, ...]]:
    found: dict[str, list[ItemResult]] = {}
    for result in results:
        found.setdefault(result.item.requirement, []).append(result)
    return {key: tuple(rows) for key, rows in found.items()}


def _result(item: Item, run: Run, passive: Mapping[str, Told]) -> ItemResult:
    requirement, scored = run.terms.requirement(item.requirement), run.terms.catalogue.scored(item.requirement)
    if requirement.excluded:
        return ItemResult(item, Verdict.NOT_RUN, (), requirement.excluded, scored)
    if freed := _freed(requirement, run):
        return ItemResult(item, Verdict.NOT_APPLICABLE, (), freed, scored)
    inapplicable = why_inapplicable(requirement, run)
    inapplicable = inapplicable or _unclaimed(item, run)
    if item.active and expectation(item, run) is None:
        inapplicable = inapplicable or f"the profile {run.terms.profile.name} asks nothing of this case"
    told = _told(_settled(case_findings(item, run), run)) if item.active else passive.get(item.requirement, NOTHING)
    findings = tuple(told.findings)
    verdict, reason = _fold(findings, inapplicable, _why_not_run(item, run))
    if reason == NOTHING_SEEN:
        reason = _cut(item, run) or f"{_unserved(item, run) or NOTHING_SEEN}{_when(requirement)}"
    return ItemResult(item, verdict, findings, reason, scored, told.held)


def _cut(item: Item, run: Run) -> str:
    """What there was to see where limits of ours cut the answers of an item, in words; "" where none did."""
    ends = [record.exchange.end for probe in item.probes for record in run.tried(probe)]
    limits = [end.limit.value for end in ends if end.limit is not None]
    names = ", ".join(dict.fromkeys(limits))
    return f"{NOTHING_SEEN}: {len(limits)} of {len(ends)} answers were cut by our limit {names}" if limits else ""


def _unserved(item: Item, run: Run) -> str:
    """What came in place of a served answer to any request of an item, in words; "" where one was served."""
    exchanges = [record.exchange for probe in item.probes for record in run.tried(probe)]
    if not exchanges or any(map(is_served, exchanges)):
        return ""
    told = ", ".join(f"{count} × {answer}" for answer, count in Counter(map(answer_of, exchanges)).most_common())
    return f"sent, but no answer of status 200 to see it in: {told}"


def _when(requirement: Requirement) -> str:
    """When the catalogue leaves a requirement open, in words."""
    return f" (inconclusive when: {requirement.inconclusive})" if requirement.inconclusive else ""


def why_inapplicable(requirement: Requirement, run: Run) -> str:
    """Why a requirement does not bind this target, or ""."""
    if requirement.capability and requirement.capability not in run.terms.capabilities:
        return f"{NOT_CLAIMED} {requirement.capability}"
    return _freed(requirement, run)


def _freed(requirement: Requirement, run: Run) -> str:
    """Why nothing can break a requirement: who takes no key serves without one, and refuses none."""
    keyless = not run.terms.authenticated and requirement.id in NEED_A_KEY
    return "the target is declared key-less" if keyless else ""


def _unclaimed(item: Item, run: Run) -> str:
    """Why an item does not bind this target: one of its probes needs what the target does not claim, or all of a
    passive one's do."""
    reasons = [run.why_unsent(probe) for probe in item.probes]
    unclaimed = [reason for reason in reasons if reason.startswith(NOT_CLAIMED)]
    binding = bool(unclaimed) and (item.active or len(unclaimed) == len(reasons))
    return unclaimed[0] if binding else ""


def _why_not_run(item: Item, run: Run) -> str:
    if any(run.tried(probe) for probe in item.probes):
        return ""
    reasons = (run.why_unsent(probe) for probe in item.probes)
    return next((reason for reason in reasons if reason), "not sent")


def _fold(findings: tuple[Finding, ...], inapplicable: str, unsent: str) -> tuple[Verdict, str]:
    """The verdict of one item: violation, open, held, in this order; a capability not claimed frees it of silence."""
    broken = [finding for finding in findings if finding.kind is Kind.BROKEN]
    if broken:
        return (Verdict.FAILED if any(f.level is Level.MUST for f in broken) else Verdict.WARNED), ""
    if crashed := next((finding.seen for finding in findings if finding.kind is Kind.CRASHED), ""):
        return Verdict.INCONCLUSIVE, crashed
    if inapplicable:
        return Verdict.NOT_APPLICABLE, inapplicable
    if unsent and not any(finding.kind is Kind.HELD for finding in findings):
        return Verdict.NOT_RUN, unsent
    openly = next((finding.seen for finding in findings if finding.kind is Kind.UNJUDGED), "")
    if openly:
        return Verdict.INCONCLUSIVE, openly
    if any(finding.kind is Kind.HELD for finding in findings):
        return Verdict.PASSED, ""
    noted = next((finding.seen for finding in findings if finding.kind is Kind.NOTE), "")
    if noted:
        return Verdict.INCONCLUSIVE, f"free in the contract: {noted}"
    return Verdict.INCONCLUSIVE, NOTHING_SEEN


#: Verdicts of items, the one that decides for the requirement first.
_ORDER = (
    Verdict.FAILED, Verdict.WARNED, Verdict.INCONCLUSIVE, Verdict.PASSED, Verdict.NOT_RUN, Verdict.NOT_APPLICABLE,
)  # fmt: skip


def _judgement(requirement: Requirement, run: Run, results: tuple[ItemResult, ...], passive: Told) -> Judgement:
    in_scope = not requirement.excluded and not _freed(requirement, run) and (bool(results) or run.everything)
    cases = tuple(finding for result in results if result.item.active for finding in result.findings)
    findings = (*cases, *passive.findings) if in_scope else ()
    observed = passive.held + sum(result.held for result in results if result.item.active)
    active = [result for result in results if result.verdict is not Verdict.NOT_APPLICABLE]
    verdict, reason = _requirement_verdict(requirement, run, results, findings)
    return Judgement(
        requirement,
        requirement.level(run.terms.profile.name),
        verdict,
        tuple(f for f in findings if f.kind is Kind.BROKEN),
        tuple(f for f in findings if f.kind is Kind.NOTE),
        observed if in_scope else 0,
        len(active),
        sum(result.verdict not in {Verdict.INCONCLUSIVE, Verdict.NOT_RUN} for result in active),
        reason,
        run.terms.catalogue.scored(requirement.id),
        tuple(f for f in findings if f.kind is Kind.CRASHED),
    )


_DECIDING = frozenset({Kind.BROKEN, Kind.CRASHED})  #: what traffic decides by, whatever the items say


def _requirement_verdict(
    requirement: Requirement, run: Run, results: tuple[ItemResult, ...], findings: tuple[Finding, ...]
) -> tuple[Verdict, str]:
    if not results:
        return _untested(requirement, run, findings)
    verdicts = {result.verdict for result in _telling(results)}
    telling = [_fold((finding,), "", "") for finding in findings if finding.kind in _DECIDING]
    verdicts |= {verdict for verdict, _ in telling}
    verdict = next(item for item in _ORDER if item in verdicts)
    if verdict is Verdict.PASSED and Verdict.NOT_RUN in verdicts:
        verdict = Verdict.INCONCLUSIVE
    said = (*((row.verdict, row.reason) for row in results), *telling)
    reason = next((reason for own, reason in said if own is verdict and reason), "")
    if not reason and verdict is Verdict.INCONCLUSIVE:
        reason = next(result.reason for result in results if result.verdict is Verdict.NOT_RUN)
    return verdict, reason


def _telling(results: tuple[ItemResult, ...]) -> tuple[ItemResult, ...]:
    """Without passive items that saw nothing, where declared cases speak: only a declared case can be missing."""
    active = tuple(result for result in results if result.item.active)
    return tuple(r for r in results if r in active or not active or not r.reason.startswith(NOTHING_SEEN))


def _untested(requirement: Requirement, run: Run, findings: tuple[Finding, ...]) -> tuple[Verdict, str]:
    """A requirement without an item of its own: judged only by what traffic happened to show."""
    if requirement.excluded:
        return Verdict.NOT_RUN, requirement.excluded
    inapplicable = why_inapplicable(requirement, run)
    if any(finding.kind in _DECIDING for finding in findings):
        return _fold(findings, "", "")
    if inapplicable:
        return Verdict.NOT_APPLICABLE, inapplicable
    return Verdict.NOT_RUN, "not selected" if not run.everything else "no test of it in this run"
