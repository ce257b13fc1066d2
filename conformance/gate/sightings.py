"""What a run saw of each key: that it was broken, that it held, or nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conformance.reporting.facts import held_back
from conformance.rules.findings import Finding, Kind
from conformance.verdicts.graded import Graded, ItemResult, Verdict
from conformance.verdicts.keys import constraint_of, key_of


@dataclass(frozen=True, slots=True)
class Sighting:
    """The violations of a key, and the kinds of what was drawn for which it was broken and for which it held.

    The one kind of a case that is not generated, and of what all traffic shows, is "".
    """

    findings: tuple[Finding, ...] = ()
    broken: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()

    def is_gone(self, kinds: Iterable[str] = ()) -> bool:
        """Whether it was observed and held, for every kind that was once broken."""
        return not self.findings and bool(self.held) and self.held.issuperset(kinds)

    def joined(self, other: "Sighting") -> "Sighting":
        """Both as one."""
        return Sighting(
            (*self.findings, *other.findings), self.broken | other.broken, (self.held | other.held) - self.broken
        )


UNSEEN = Sighting()


def sightings(graded: Graded, of_a_part: bool = False) -> Mapping[str, Sighting]:
    """What the run saw, by key; keys of which nothing was seen are left out.

    What traffic shows held only in a whole run, unless it is held beside runs `of_a_part`, the same in each.
    """
    found: dict[str, Sighting] = {}
    for key, sighting in (*_declared(graded), *_passive(graded, of_a_part)):
        found[key] = found.get(key, UNSEEN).joined(sighting)
    return found


def _declared(graded: Graded) -> Iterator[tuple[str, Sighting]]:
    """Of declared and of generated cases."""
    for result in graded.items:
        item = result.item
        if item.active and (sighting := _sighting(result)):
            yield key_of(item.requirement, item.case, item.generated), sighting


def _sighting(result: ItemResult) -> Sighting | None:
    kind = frozenset({constraint_of(result.item.case)[1] if result.item.generated else ""})
    broken = tuple(finding for finding in result.findings if finding.kind is Kind.BROKEN)
    if broken:
        return Sighting(broken, kind)
    return Sighting(held=kind) if result.verdict is Verdict.PASSED else None


def _passive(graded: Graded, of_a_part: bool) -> Iterator[tuple[str, Sighting]]:
    """Of what all traffic shows. It held only where nothing was left out: less traffic shows less."""
    run = graded.run
    whole = run.finished and (of_a_part or (run.everything and not held_back(run)))
    held = Counter[str]()
    for result in graded.items:
        if result.item.active:
            held[result.item.requirement] += result.held
    open_ = {row.item.requirement for row in graded.items if not row.item.active and row.verdict is not Verdict.PASSED}
    for identifier, judgement in graded.judgements.items():
        broken = tuple(finding for finding in judgement.violations if not finding.case)
        if broken:
            yield identifier, Sighting(broken, frozenset({""}))
        elif whole and identifier not in open_ and judgement.observations > held[identifier]:
            yield identifier, Sighting(held=frozenset({""}))
