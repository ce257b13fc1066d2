"""What budgets are chosen from, and how."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from _shown import Shown, read, ways_in, written
from choose_budgets import Basket, cheapest, listed, most_for_a_request, waiting

from conformance.evidence.run import PLAIN, STREAM
from conformance.probing.probe import Call, Probe
from conformance.proof.runs import LIMITS, judged

SHOWN = Shown(
    {"wild": "REQ-001", "rare": "REQ-002", "dear": "REQ-003", "joint": "REQ-004"},
    {"wild": (("a",),), "rare": (("b",), ("a2", "b")), "dear": (("c",),), "joint": (("a", "d"),)},
    {PLAIN: 4, STREAM: 1, "a": 1, "b": 1, "c": 9, "d": 1},
    {"a2": "a"},
)


def basket(most: int = 100, **after: tuple[str, ...]) -> Basket:
    return Basket(SHOWN, after, most)


def test_what_shows_most_for_a_request_comes_first_and_a_number_is_kept() -> None:
    chosen = basket(7)
    most_for_a_request(chosen, {"wild": 5.0, "rare": 1.0, "dear": 8.0})
    assert chosen.chosen == {PLAIN, STREAM, "a"}
    assert chosen.requests <= 7


def test_everything_that_fits_is_taken_in_the_end() -> None:
    chosen = basket()
    most_for_a_request(chosen, {"wild": 5.0, "rare": 1.0, "dear": 8.0, "joint": 1.0})
    assert chosen.chosen == {PLAIN, STREAM, "a", "b", "c", "d"}
    assert all(chosen.shows(name) for name in SHOWN.ways)


def test_a_fault_is_shown_by_the_whole_of_a_way_only() -> None:
    chosen = basket()
    chosen.add(("d",))
    assert not chosen.shows("joint")
    chosen.add(("a2",))
    assert chosen.shows("joint")


def test_a_reply_brings_what_it_replies_to() -> None:
    chosen = basket(100, b=("c",))
    assert chosen.cost(("b",)) == 10
    chosen.add(("b",))
    assert chosen.chosen == {PLAIN, STREAM, "b", "c"}
    first = Probe("first", (Call(),), until="served")
    second = Probe("second", (Call(),), until="served", after=first)
    found = waiting({"third": Probe("third", (Call(),), after=second), "second": second, "first": first})
    assert found == {"third": ("second", "first"), "second": ("first",)}


def test_what_is_not_sent_by_default_never_fits() -> None:
    assert not basket().fits(("large",))


def test_the_cheapest_is_taken_and_the_worthier_of_equals() -> None:
    chosen = basket()
    cheapest(chosen, [("c",), ("b",), ("d",)], lambda way: {"d": 2.0}.get(next(iter(way)), 1.0))
    assert chosen.chosen == {PLAIN, STREAM, "d"}


def test_a_list_holds_what_would_send_the_same_bytes() -> None:
    chosen = basket()
    chosen.add(("a",))
    assert listed(chosen) == sorted([PLAIN, STREAM, "a", "a2"])


def test_what_runs_showed_is_written_and_read_back() -> None:
    assert read(written({"myrouter": SHOWN})) == {"myrouter": SHOWN}


def test_the_ways_to_see_a_fault_are_the_probes_behind_its_violations(tmp_path: Path) -> None:
    faults, own = ("unchecked-max-tokens-coerced",), ("REQ-025",)
    graded = judged("myrouter", tmp_path, *faults, only=own, limits=LIMITS, reports=False).graded
    ways = ways_in(graded, "REQ-025")
    assert ways
    assert all(PLAIN in way and any(name.startswith("REQ-025") for name in way) for way in ways)


def test_a_violation_in_any_traffic_is_seen_by_the_probe_that_it_stands_in(tmp_path: Path) -> None:
    graded = judged("myrouter", tmp_path, "role-foreign", only=("RESP-003",), limits=LIMITS, reports=False).graded
    assert (PLAIN,) in ways_in(graded, "RESP-003")
