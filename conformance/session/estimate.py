"""What the plan of an opened run would cost, without sending any of it."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum

from conformance.contract import load_tiers
from conformance.evidence.run import Expect, Item
from conformance.evidence.spent import Price, Tokens, total
from conformance.probing.plan import Phase, Plan, least, plan
from conformance.probing.probe import Probe, Shape
from conformance.probing.render import Desk
from conformance.probing.spending import Caps, worst_of
from conformance.reporting.estimate import Estimate, Share, Span
from conformance.rules.expectations import NEGATIVE_KINDS
from conformance.session.caps import caps_of
from conformance.session.header import shown_options
from conformance.session.live import Live
from conformance.session.target import NOT_ASKED

RESULT = 16  #: tokens of what a reply adds of its own, about
_WHOLE = "in all"


class Fate(StrEnum):
    """What the contract makes of a request."""

    ACCEPTED = "accepted"  #: it must be accepted, or nothing is known of it
    REFUSED = "refused"
    FREE = "free"  #: the target may do either


def estimate(live: Live, probes: Mapping[str, Probe], latency: float) -> Estimate:
    """What the run would cost, and each tier alone. `probes` are those that the run was opened with."""
    settings, terms, price = live.settings, live.terms, live.price
    fates = fates_of(live.plan, terms.profile.name)
    tiers = load_tiers(terms.catalogue.version).values()
    claimed = [tier for tier in tiers if tier.capability in {None, *terms.capabilities}]

    def share(name: str, made: Plan) -> Share:
        width, rate = settings.concurrency, settings.rate
        return _share(name, made, live.desk, fates, (latency, width, rate or math.inf), price)

    def alone(requirements: Iterable[str]) -> Plan:
        items = [item for item in live.plan.items if item.requirement in set(requirements)]
        return plan(items, probes, live.desk, terms.capabilities, settings.attempts)

    whole = share(_WHOLE, live.plan)
    drawn = live.plan.generated()
    model = None if live.desk.model == NOT_ASKED else live.desk.model
    return Estimate(
        live.desk.endpoint, live.target.embedded, terms.profile.name, model,
        tuple(shown_options(settings).items()), latency, price.currency if price else "", whole,
        tuple(share(tier.name, alone(tier.requirements)) for tier in claimed),
        tuple(tier.name for tier in tiers if tier not in claimed),
        sum(len(probe.calls) for probe in live.plan.probes if probe.id in drawn),
        tuple(_short(whole, caps_of(settings))),
    )  # fmt: skip


def _short(whole: Share, caps: Caps) -> Iterator[str]:
    """What the plan may take beyond a cap."""
    rows = (
        ("max-requests", caps.requests, whole.requests[1], "requests"),
        ("max-output-tokens", caps.output_tokens, whole.ceiling + whole.free, "output tokens"),
        ("max-seconds", caps.seconds, whole.seconds[1], "seconds"),
        ("max-cost", caps.cost, whole.cost, "in cost"),
    )
    for name, cap, most, noun in rows:
        if cap is not None and most is not None and most > cap:
            yield f"--{name} {cap:g} may end the run early: it may take {round(most, 2):.12g} {noun}."


def _share(
    name: str, made: Plan, desk: Desk, fates: Mapping[str, Fate], pace: tuple[float, int, float], price: Price | None
) -> Share:
    sent = [probe for phase in made.phases for probe in phase.probes]
    asked = [(fates.get(probe.id, Fate.ACCEPTED), probe, _asked(probe, desk)) for probe in sent]
    fewest = total(row for _, probe, rows in asked for row in rows[: least(probe)]).input
    most = total(row for *_, rows in asked for row in rows).input
    ceiling = {fate: total(row for other, _, rows in asked if other is fate for row in rows).output for fate in Fate}
    cost = price.most(Tokens(most, ceiling[Fate.ACCEPTED])) if price else None
    seconds = _seconds(made, pace)
    return Share(name, made.requests, (fewest, most), ceiling[Fate.ACCEPTED], ceiling[Fate.FREE], seconds, cost)


def _asked(probe: Probe, desk: Desk) -> list[Tokens]:
    """The most that each request of a probe may cost. The body of a reply is that of the last turn, and its answer."""
    return [_reply(probe.after, desk) if call.reply and probe.after else worst_of(desk, call) for call in probe.calls]


def _reply(before: Probe, desk: Desk) -> Tokens:
    longest = max(_asked(before, desk), key=lambda row: row.input + row.output)
    return replace(longest, input=longest.input + longest.output + RESULT)


def _seconds(made: Plan, pace: tuple[float, int, float]) -> Span:
    """The time of the fewest and of the most requests: latency by latency, and no faster than the rate."""
    latency, width, rate = pace
    rounds = [sum(_rounds(phase, width, fewest) for phase in made.phases) for fewest in (True, False)]
    first, last = (max(n * latency, count / rate) for n, count in zip(rounds, made.requests, strict=True))
    return first, last


def _rounds(phase: Phase, width: int, fewest: bool) -> float:
    """How many answers a phase waits for, one after the other."""
    rows = [(least(p) if fewest else len(p.calls), p.shape is Shape.TOGETHER) for p in phase.probes]
    waits = [min(1, count) if at_once else count for count, at_once in rows]
    room = sum(min(width, count) if at_once else count for count, at_once in rows)
    return sum(waits) if phase.alone else max(max(waits, default=0), room / width)


def fates_of(made: Plan, profile: str) -> Mapping[str, Fate]:
    """What the contract makes of the requests of each probe, by the id of the one that is sent."""
    rows = [
        (made.aliases.get(name, name), found)
        for item in made.items
        for name, found in ((item.control, Fate.ACCEPTED), *((probe, _fate(item, profile)) for probe in item.probes))
        if found is not None and name
    ]
    order = (Fate.FREE, Fate.REFUSED, Fate.ACCEPTED)  # the later one is said in so many words
    known = {name: found for fate in order for name, found in rows if found is fate}
    for item in made.items:  # what shall end as another request does
        names = [made.aliases.get(name, name) for name in item.probes]
        like = next((known[name] for name in names if name in known), None)
        known |= {name: like for name in names if like is not None and item.active and name not in known}
    return known


def _fate(item: Item, profile: str) -> Fate | None:
    """What an item says of the fate of its requests; None where it says nothing."""
    expect = item.expect.get(profile, item.expect.get("*"))
    if expect is None or expect.kind == "same-outcome":
        return None
    if expect.kind not in NEGATIVE_KINDS:
        return Fate.ACCEPTED
    return Fate.FREE if _is_free(expect) else Fate.REFUSED


def _is_free(expect: Expect) -> bool:
    served = (*_statuses(expect, "ok"), *_statuses(expect, "noted"))
    return expect.kind == "never-5xx" or 200 in served


def _statuses(expect: Expect, name: str) -> tuple[int, ...]:
    """The statuses that an expectation names, one or several."""
    value = expect.args.get(name, ())
    return (value,) if isinstance(value, int) else tuple(value)
