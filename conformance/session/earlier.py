"""Runs that go on where another left off: reading the earlier journal, and whether it is of the same run."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.evidence.follow import Follower, read_run
from conformance.evidence.journal import JOURNAL, JournalError, JournalWriter, item_line, record_line
from conformance.probing.partial import Carried, carried_from, resumed, sharded
from conformance.probing.plan import Plan
from conformance.session.header import header
from conformance.settings.resolve import UsageError, shard_of

if TYPE_CHECKING:
    from conformance.session.live import Live

Object = Mapping[str, Any]

#: Members of a header that have to be equal, with what a reader calls them; those of `terms` in their own table.
_SAME = {
    "shard": "share", "everything": "selection", "whole": "selection",
    "harness": "version of the harness", "embedded": "kind of target", "seeds": "seed or number of generated cases",
    "challenge": "challenge",
}  # fmt: skip
_SAME_TERMS = {
    "profile": "profile", "catalogue": "version of the catalogue", "api_version": "API version", "model": "model",
    "capabilities": "set of capabilities", "authenticated": "use of a key", "secret_searched": "kind of key",
}  # fmt: skip


def read_earlier(path: Path) -> Follower:
    """The journal in a run folder, or the file that was named; its last line may be cut off. Raises UsageError."""
    file = path / JOURNAL if path.is_dir() else path
    try:
        found = read_run(file)
    except JournalError as error:
        raise UsageError(str(error)) from None
    if "nonce" not in found.header or not found.items:
        raise UsageError(f"{file} has no plan, or is of an older version of the harness; run again without it")
    return found


def plan_line(plan: Plan) -> dict[str, Any]:
    """A plan as it stands in the journal, whole even where only a part of it is sent."""
    return {
        "items": [item_line(item) for item in plan.items],
        "aliases": dict(plan.aliases),
        "awaited": dict(plan.awaited),
        "generated": sorted(plan.generated()),
    }


def plan_line_of(follower: Follower) -> dict[str, Any]:
    """The same of a plan that was read."""
    return {
        "items": [item_line(item) for item in follower.items],
        "aliases": follower.aliases,
        "awaited": follower.awaited,
        "generated": sorted(follower.generated),
    }


def differences(one: Object, other: Object, shards: bool = False) -> Iterator[str]:
    """What two headers do not have in common, though journals of one run would; `shards`: of two of its shares."""
    rows = [(words, one.get(name), other.get(name)) for name, words in _SAME.items() if not shards or name != "shard"]
    rows += [(words, one["terms"][name], other["terms"][name]) for name, words in _SAME_TERMS.items()]
    if not one["embedded"]:
        rows.append(("target", one["target"], other["target"]))
    rows.append(("set of requests", one.get("sends"), other.get("sends")))
    return (words for words, mine, theirs in rows if mine != theirs)


def check_same(earlier: Follower, now: Object, plan: Plan) -> None:
    """UsageError unless a run with this header and plan can go on where the earlier one left off."""
    wrong = next(differences(earlier.header, now), "")
    same_items = earlier.items == plan.items and earlier.aliases == dict(plan.aliases)
    if wrong or not same_items:
        raise UsageError(
            f"{earlier.path} cannot be resumed: it was made for another {wrong or 'selection of items'}; give the same "
            "options again, or run without --resume"
        )


def narrow(live: "Live", earlier: Follower | None) -> None:
    """Leave out of the plan what other machines send, and what an earlier run has sent. Raises UsageError."""
    if live.settings.shard:
        live.plan = sharded(live.plan, *shard_of(live.settings.shard))
    if earlier is None:
        return
    check_same(earlier, header(live), live.plan)
    live.carried = carried_from(earlier, live.plan)
    live.plan = resumed(live.plan, live.carried)
    live.started = earlier.header["started"]
    at = datetime.now(UTC).isoformat(timespec="seconds")
    live.resumed = {"journal": earlier.digest, "at": at, "exchanges": len(live.carried.records)}


def write_carried(writer: JournalWriter, carried: Carried) -> None:
    """The lines of the earlier run that hold still."""
    for record in carried.records:
        writer.write("exchange", **record_line(record))
    for probe, reason in carried.unsent.items():
        writer.write("unsent", probe=probe, reason=reason)
    for probe in sorted(carried.done):
        writer.write("done", probe=probe)
    for item, row in carried.reductions.items():
        writer.write("reduced", item=item, exchange=row.exchange, flaky=row.flaky, requests=row.requests)
