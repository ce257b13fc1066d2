"""The report as JSON, described by `schemas/json/report.json`. A pure function of the graded run and its facts."""

from collections.abc import Iterator
from typing import Any

from conformance.evidence.run import Run
from conformance.evidence.spent import Price, Tokens
from conformance.reporting.breaches import Commands, Group, commands, exchanges, groups
from conformance.reporting.facts import Baselined, Facts, asked_tokens, covered, generated_requests, taken_away, tokens
from conformance.reporting.sentence import verdict_sentence
from conformance.rules.findings import Finding, Where
from conformance.verdicts.graded import Graded, ItemResult, Judgement, Verdict
from conformance.verdicts.tiers import TierState, tier_states

VERSION = 1
MOST_VIOLATIONS = 20  #: different violations listed for one requirement
_LONGEST = 2000  #: characters of a value

Object = dict[str, Any]


def report(graded: Graded, facts: Facts) -> Object:
    """The report; JSON values only."""
    shown = commands(graded.run, facts)
    return {
        "version": VERSION,
        "harness": {"name": "messages-conformance", "version": facts.harness},
        **_target(graded.run, facts),
        "verdict": _verdict(graded, facts),
        "tiers": [_tier(row) for row in tier_states(graded, facts.gate)],
        "coverage": _coverage(graded),
        "counts": {str(verdict): graded.count(verdict) for verdict in Verdict},
        "requirements": [_requirement(judgement, shown) for judgement in graded.judgements.values()],
        "items": [_item(result) for result in graded.items],
        **_cost(graded.run, facts),
        "seeds": dict(facts.seeds),
        "options": {name: _cut(value) for name, value in facts.options.items()},
        "timing": {"started": facts.started or None, "ended": facts.ended or None},
        **({"baseline": _baseline(facts.baseline)} if facts.baseline else {}),
    }


def _baseline(found: Baselined) -> Object:
    return {
        "waived": found.violated,
        "unlisted": list(map(_cut, found.unlisted)),
        "failures": list(map(_cut, found.failures)),
        "remarks": list(map(_cut, found.remarks)),
    }


def _target(run: Run, facts: Facts) -> Object:
    terms = run.terms
    return {
        "target": {"url": _cut(facts.target), "embedded": facts.embedded, "authenticated": terms.authenticated},
        "profile": terms.profile.name,
        "api_version": terms.api_version,
        "model": _cut(terms.model),
        "capabilities": sorted(terms.capabilities),
        "taken_away": list(taken_away(run)),
        "catalogue": terms.catalogue.version,
    }


def _verdict(graded: Graded, facts: Facts) -> Object:
    return {
        "sentence": verdict_sentence(graded, facts),
        "level": facts.gate.lower(),
        "exit_code": int(facts.exit),
        "exit": facts.exit.name.lower().replace("_", "-"),
    }


def _tier(row: TierState) -> Object:
    return {
        "name": row.tier.name,
        "title": row.tier.title,
        "state": str(row.state),
        "violated": list(row.violated),
        "open": list(row.open),
        "unseen": list(row.unseen),
    }


def _coverage(graded: Graded) -> Object:
    return {
        "everything": graded.run.everything,
        "finished": graded.run.finished,
        "covered": covered(graded),
        "requirements": len(graded.judgements),
    }


def _cost(run: Run, facts: Facts) -> Object:
    drawn, found = generated_requests(run, facts), tokens(run)
    return {
        "requests": {
            "total": len(run.records),
            "generated": len(drawn),
            **({"carried": facts.carried} if facts.carried else {}),
            **({"shares": facts.shares} if facts.shares else {}),
            "generated_order": list(dict.fromkeys((*facts.generated, *drawn))),
        },
        "output_tokens": found.output,
        "output_tokens_ceiling": asked_tokens(run),
        "input_tokens": found.input,
        **({"cost": _paid(facts.price, found)} if facts.price else {}),
    }


def _paid(price: Price, found: Tokens) -> Object:
    return {"amount": round(price.of(found), 6), "currency": _cut(price.currency)}


def _requirement(judgement: Judgement, shown: Commands) -> Object:
    requirement = judgement.requirement
    found = groups(judgement.violations)
    return {
        "id": requirement.id,
        "area": requirement.area,
        "level": str(judgement.level),
        "statement": requirement.statement,
        "basis": str(requirement.basis),
        "source": requirement.source,
        "verdict": str(judgement.verdict),
        "scored": judgement.scored,
        "reason": _cut(judgement.reason),
        "observations": judgement.observations,
        "cases": {"judged": judgement.judged, "declared": judgement.cases},
        "violations": [_violation(group, judgement, shown) for group in found[:MOST_VIOLATIONS]],
        "violations_total": len(found),
        "notes": [_note(group) for group in groups(judgement.notes)[:MOST_VIOLATIONS]],
        "notes_total": len(judgement.notes),
    }


def _violation(group: Group, judgement: Judgement, shown: Commands) -> Object:
    first = group.first
    return {
        "case": first.case,
        "level": str(first.level or judgement.level),
        "expected": _cut(first.expected),
        "seen": _cut(first.seen),
        "exchanges_total": len(exchanges(group.findings)),
        "exchanges": list(_exchanges(group, shown)),
    }


def _exchanges(group: Group, shown: Commands) -> Iterator[Object]:
    for finding in group.listed:
        yield {**_place(finding.where), "curl": shown.of(finding.where.exchange) or None}


def _note(group: Group) -> Object:
    first: Finding = group.first
    return {
        "expected": _cut(first.expected),
        "seen": _cut(first.seen),
        "where": _place(first.where),
        "count": len(group.findings),
    }


def _place(where: Where) -> Object:
    return {
        "exchange": where.exchange,
        "pointer": _cut(where.pointer),
        "event": where.event,
        "byte": where.byte,
        "header": _cut(where.header),
    }


def _item(result: ItemResult) -> Object:
    return {
        "key": result.item.key,
        "verdict": str(result.verdict),
        "reason": _cut(result.reason),
        "scored": result.item.scored and result.scored,
        "generated": result.item.generated,
    }


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
