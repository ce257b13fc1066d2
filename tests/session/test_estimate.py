"""What a plan would cost is counted on the very plan, and a run under caps costs no more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.contract import load_tiers
from conformance.evidence.run import Expect, Item
from conformance.evidence.spent import Price, Tokens
from conformance.probing.plan import Plan, plan
from conformance.probing.probe import Call, Probe, Shape
from conformance.probing.render import Desk
from conformance.proof.runs import declared, declared_probes
from conformance.reporting.estimate import Estimate, Share, estimate_json, estimate_text
from conformance.session.caps import caps_of, pace_of, price_of
from conformance.session.closing import Closing, close_run
from conformance.session.estimate import Fate, estimate, fates_of
from conformance.session.live import Live, open_live
from conformance.session.target import NOT_ASKED, open_target
from conformance.settings.prices import read_prices
from conformance.settings.resolve import Settings, UsageError, resolve
from conformance.suite import PLAIN, PLAIN_CONTROL, STREAM_CONTROL, accepted, never_5xx, refused

DESK = Desk("http://h/v1/messages", "2023-06-01", "m", "key-0123456789", "ct-wrong-0123456789abcdef", "n0nce")
CLAIMED = frozenset({"streaming", "tools"})
PRICES = "currency: USD\nmodels:\n  reference-*: {input: 1000, output: 10000}\n"


def _settings(folder: Path, **given: Any) -> Settings:
    return resolve({"out": str(folder / "run")} | {k.replace("_", "-"): v for k, v in given.items()}, folder, {})


def _priced(folder: Path) -> str:
    (folder / "prices.yaml").write_text(PRICES)
    return str(folder / "prices.yaml")


def _call(name: str, tokens: int = 100) -> Call:
    return Call(PLAIN | {"system": name, "max_tokens": tokens})


def _probe(name: str, tokens: int = 100, calls: int = 1, **more: Any) -> Probe:
    return Probe(name, tuple(_call(f"{name} {n}", tokens) for n in range(calls)), **more)


def _item(probe: Probe, expect: Expect | None = accepted, requirement: str = "REQ-001", **more: Any) -> Item:
    return Item(requirement, probe.id, (probe.id,), {} if expect is None else {"*": expect}, **more)


def _every(probes: Sequence[Probe]) -> Mapping[str, Probe]:
    return {probe.id: probe for probe in (PLAIN_CONTROL, STREAM_CONTROL, *probes)}


def _estimated(
    folder: Path, probes: Sequence[Probe], items: Sequence[Item], latency: float = 1.0, **given: Any
) -> Estimate:
    """The estimate for a key-less dry target that claims tools alone."""
    words = {
        "dry_run": True,
        "target_url": "http://h",
        "no_auth": True,
        "without": ["streaming"],
        "model": "reference-1",
    }
    live = open_live(_settings(folder, **words | given), items, _every(probes), environment={})
    return estimate(live, _every(probes), latency)


def test_output_is_the_sum_of_max_tokens_of_what_must_be_accepted(tmp_path: Path) -> None:
    probes = [_probe("good", 100), _probe("bad", 1000), _probe("either", 500)]
    items = [_item(probes[0]), _item(probes[1], refused), _item(probes[2], never_5xx())]
    found = _estimated(tmp_path, probes, items).whole
    assert found.requests == (5, 5), "with the plain control at both ends"
    assert (found.ceiling, found.free) == (100 + 2 * 32, 500)
    assert found.input[0] == found.input[1] > 5 * 15 and found.cost is None


def test_the_fewest_and_the_most_are_told(tmp_path: Path) -> None:
    first = _probe("first", 200, calls=3, shape=Shape.UNTIL, until="tool-call")
    reply = Probe("reply", (Call(reply="tool-results"),), after=first)
    found = _estimated(tmp_path, [first, reply], [_item(reply)]).whole
    assert found.requests == (1 + 1 + 1, 1 + 3 + 1 + 1)
    assert found.ceiling == 2 * 32 + 3 * 200 + 200
    least, most = found.input
    assert most > least + 200, "a reply sends the answer back"


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"concurrency": 1}, 1 + 20 + 3 + 1),
        ({"concurrency": 4}, 1 + 5 + 3 + 1),
        ({"concurrency": 100}, 1 + 3 + 2 + 1),
        ({"concurrency": 4, "rate": 0.5}, 2 * (1 + 20 + 6 + 1)),
        ({"concurrency": 4, "rate": 1000.0}, 1 + 5 + 3 + 1),
    ],
)
def test_time_is_latency_by_latency(tmp_path: Path, given: dict[str, Any], seconds: float) -> None:
    """The pre-flight, the main phase, what goes behind it, the control: what is sent at once takes one answer."""
    probes = [_probe("talk", calls=3), *(_probe(f"p{n}") for n in range(17))]
    probes += [_probe("crowd", calls=4, shape=Shape.TOGETHER), _probe("solo", calls=2, solo=True)]
    found = _estimated(tmp_path, probes, [_item(probe) for probe in probes], **given).whole
    assert found.seconds == (seconds, seconds)
    assert _estimated(tmp_path, probes, [_item(probe) for probe in probes], latency=0.0).whole.seconds == (0, 0)


def test_each_tier_stands_alone_and_all_share(tmp_path: Path) -> None:
    shared, other = _probe("shared"), _probe("other")
    items = [_item(shared), _item(shared, None, "TOOL-001"), _item(other, accepted, "TOOL-002")]
    found = _estimated(tmp_path, [shared, other], items)
    rows = {row.name: row.requests[1] for row in found.tiers}
    assert rows == {"core": 3, "tools": 4} and found.whole.requests[1] == 4
    assert found.unclaimed == tuple(name for name in load_tiers(1) if name not in rows)


def test_the_plan_of_the_estimate_is_that_of_the_run(tmp_path: Path) -> None:
    items, probes = declared("myrouter"), declared_probes("myrouter")
    settings = _settings(tmp_path, dry_run=True, target_url="http://h", no_auth=True)
    live = open_live(settings, items, probes, environment={})
    found = estimate(live, probes, 1.0)
    assert found.whole.requests == live.plan.requests and found.model is None
    assert all(row.requests[1] <= found.whole.requests[1] for row in found.tiers)
    assert found.generated == sum(len(p.calls) for p in live.plan.probes if p.id in live.plan.generated())


def _declared(profile: str) -> tuple[Plan, Mapping[str, Fate]]:
    made = plan(declared(profile), declared_probes(profile), DESK, CLAIMED)
    return made, fates_of(made, profile)


@pytest.mark.parametrize("profile", ["myrouter", "anthropic"])
def test_what_the_contract_makes_of_the_requests_of_our_suites(profile: str) -> None:
    made, fates = _declared(profile)
    named = {made.aliases.get(name, name): fate for name, fate in fates.items()}
    assert named["plain"] is Fate.ACCEPTED and named["REQ-027 a_billion"] is Fate.FREE
    assert named["max_tokens absent"] is named["max_tokens absent, again"] is Fate.REFUSED
    assert named["no credential"] is Fate.REFUSED and named["HTTP-005 options"] is Fate.FREE
    counts = {fate: list(named.values()).count(fate) for fate in Fate}
    assert counts[Fate.REFUSED] > 100 and counts[Fate.ACCEPTED] > 60 and 10 < counts[Fate.FREE] < 40


def test_caps_that_the_plan_may_pass_are_told(tmp_path: Path) -> None:
    probes = [_probe(f"p{n}", 1000) for n in range(6)]
    caps = {"max_requests": 7, "max_output_tokens": 6000, "max_seconds": 1.0, "max_cost": 50.0}
    found = _estimated(tmp_path, probes, [_item(probe) for probe in probes], prices=_priced(tmp_path), **caps)
    assert [line.split()[0] for line in found.caps] == [
        "--max-requests",
        "--max-output-tokens",
        "--max-seconds",
        "--max-cost",
    ]
    assert found.caps[0] == "--max-requests 7 may end the run early: it may take 8 requests."
    wide = dict.fromkeys(caps, 10**6)
    assert not _estimated(tmp_path, probes, [_item(p) for p in probes], prices=_priced(tmp_path), **wide).caps


SHARE = Share("in all", (3, 5), (100, 100), 64, 7, (0.0, 61.2), 0.5)
TOLD = Estimate("http://h", False, "myrouter", "m", (("rate", "2"),), 1.5, "USD", SHARE,
                (replace(SHARE, name="core"),), ("vision",), 2, ("--max-cost 1 may end it.",))  # fmt: skip


def test_the_table_has_a_line_for_each_tier_and_one_for_all() -> None:
    text = estimate_text(TOLD)
    head, _, names, core, whole, *rest = text.splitlines()
    assert head == "estimate for http://h, profile myrouter, rate 2; nothing was sent"
    assert names.split()[0] == "requests" and names.endswith("cost, at most about")
    assert core.split() == ["core", "3", "to", "5", "100", "64", "0:00", "to", "1:01", "0.5000", "USD"]
    assert whole.startswith("in all") and len({len(names), len(core), len(whole)}) == 1
    assert (
        any("asks for up to 7 output tokens more" in line for line in rest) and rest[-1] == "--max-cost 1 may end it."
    )
    assert (
        any(line.startswith("Tiers share requests") for line in rest)
        and "Not claimed, so not asked for: vision." in rest
    )


def test_without_prices_and_remarks_nothing_is_said_of_them() -> None:
    bare = replace(SHARE, cost=None, free=0)
    text = estimate_text(replace(TOLD, currency="", whole=bare, tiers=(bare,), unclaimed=(), caps=(), embedded=True))
    assert (
        "at most about" not in text
        and "more" not in text
        and "laimed" not in text
        and "embedded reference endpoint" in text
    )


def test_the_same_as_json() -> None:
    value = estimate_json(TOLD)
    assert value["all"] == {
        "requests": {"least": 3, "most": 5},
        "input_tokens": {"least": 100, "most": 100},
        "output_tokens_ceiling": 64,
        "output_tokens_left_free": 7,
        "seconds": {"least": 0.0, "most": 61.2},
        "cost": 0.5,
    }
    assert [row["name"] for row in value["tiers"]] == ["core"] and value["currency"] == "USD"
    assert estimate_json(replace(TOLD, currency="", whole=replace(SHARE, cost=None)))["all"]["cost"] is None


def _run(folder: Path, **given: Any) -> Closing:
    probes = [_probe(f"p{n}", 100) for n in range(9)]
    live: Live = open_live(_settings(folder, **given), [_item(p) for p in probes], _every(probes), environment={})
    live.begin()
    assert live.scheduler is not None
    live.scheduler.wait()
    return close_run(live, 0, "")


def test_a_run_with_prices_tells_its_cost_and_keeps_its_cap(tmp_path: Path) -> None:
    closing = _run(tmp_path, prices=_priced(tmp_path), max_cost=1.6)
    assert closing.facts.price == Price("USD", 1000, 10_000) and closing.facts.options["max-cost"] == "1.6"
    line = next(line for line in closing.text.splitlines() if "output tokens as far as reported" in line)
    assert line.endswith(" USD") and float(line.split()[-2]) <= 1.6
    assert set(closing.graded.run.unsent.values()) == {"not sent: the cap of 1.6 USD was reached"}
    assert closing.graded.run.records[-1].probe == "plain", "the closing control has its place"


def test_settings_give_caps_and_pace(tmp_path: Path) -> None:
    settings = _settings(tmp_path, max_requests=1, max_seconds=2.0, rate=4.0)
    caps = caps_of(settings)
    assert (caps.requests, caps.output_tokens, caps.seconds, caps.cost) == (1, None, 2.0, None)
    assert pace_of(settings) == 0.25 and pace_of(_settings(tmp_path)) == 0.0


def test_a_price_needs_a_model_with_a_name(tmp_path: Path) -> None:
    settings = _settings(tmp_path, prices=_priced(tmp_path), dry_run=True, target_url="http://h", no_auth=True)
    prices = read_prices(settings.prices)
    assert open_target(settings, {}).model == NOT_ASKED and open_target(settings, {}).key is None
    with pytest.raises(UsageError, match="--prices needs --model here"):
        price_of(settings, prices, NOT_ASKED)
    with pytest.raises(UsageError, match="has no price for the model 'other'"):
        price_of(settings, prices, "other")
    assert price_of(settings, None, "other") is None
    found = price_of(settings, prices, "reference-1")
    assert found is not None and found.of(Tokens(1000, 100)) == 2.0
