"""A load from beginning to end: one conversation at a time, then as many as were asked for, then the usual reports."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance._paths import suite_files
from conformance.evidence.journal import CannotWrite, JournalError
from conformance.evidence.run import PLAIN, STREAM, Item, Record
from conformance.generation.draws import Draw
from conformance.load.crowd import Crowd, Outcome
from conformance.load.latency import Level, Rung, levels, levels_json, levels_text
from conformance.load.merging import append, merged, written_by
from conformance.load.orders import Ladder, Orders, most
from conformance.load.talks import TALKS, Talk, probes_of, talks_for
from conformance.probing.sender import GONE
from conformance.probing.spending import Caps, worst_of
from conformance.rules.findings import Kind
from conformance.session.closing import STOPPED, Closing, close_run
from conformance.session.live import Live, open_live
from conformance.session.target import Ungradable, capabilities_of, profile_of
from conformance.settings.resolve import Settings
from conformance.suite_items import controls, index
from conformance.suite_tools import CALLING, CALLING_STREAM, FORCED, FORCED_STREAM
from conformance.verdicts import Exit, exit_code

INTERRUPTED = 2  #: the status of pytest that `close_run` takes for it
#: What passive items ride on that conversations are as good for.
RIDDEN = frozenset({PLAIN, STREAM, *(probe.id for probe in (CALLING, CALLING_STREAM, FORCED, FORCED_STREAM))})
#: Requirements about requests beside each other, which ride on conversations with words alone (`rules.crowds`).
CROWDS = ("LOAD-001", "LOAD-002")
FILE = "load.json"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a load; `levels` is empty where it did not begin."""

    closing: Closing
    levels: tuple[Level, ...]
    text: str


def load(
    settings: Settings, ladder: Ladder, say: Callable[[str], None], environment: Mapping[str, str] | None = None
) -> Loaded:
    """Run a load. Raises UsageError and Ungradable for what is wrong before anything was sent."""
    profile = profile_of(settings)
    talks = talks_for(capabilities_of(settings, profile))
    live = open_live(settings, items_for(settings, talks), {**controls(), **probes_of(TALKS)}, False, environment)
    crowd = Crowd(_orders(live, ladder, talks), live.folder)
    refusal, status, outcome = "", 0, Outcome()
    origin = time.monotonic()  # the scheduler counts from the same moment, a millisecond later
    try:
        say(budget(live, ladder, talks))
        live.begin()
        assert live.scheduler is not None
        live.scheduler.wait()
        outcome = Outcome() if live.gone else crowd.run(origin)
        refusal = STOPPED if GONE in outcome.over else ""
    except Ungradable as error:
        refusal = str(error)
    except KeyboardInterrupt:
        status, outcome = INTERRUPTED, crowd.outcome()
    records, damage = _added(live, crowd)
    closing = close_run(live, status, refusal, failure=outcome.failure or damage)
    return _reported(closing, outcome, records, ladder, live.folder)


def items_for(settings: Settings, talks: Sequence[Talk]) -> list[Item]:
    """Passive items that the conversations make observable, each with their probes in place of its own."""
    profile = profile_of(settings)
    draw = Draw(settings.profile, settings.api_version or profile.api_version, capabilities_of(settings, profile), 0, 1)
    named = tuple(probes_of(talks))
    items, _ = index(suite_files(), draw)
    riding = [item for item in items.values() if not item.active and RIDDEN.intersection(item.probes)]
    crowds = [Item(requirement, "", named) for requirement in CROWDS]
    return [*(replace(item, probes=named, control="") for item in riding), *crowds]


def budget(live: Live, ladder: Ladder, talks: Sequence[Talk]) -> str:
    """What the load will send at most, in one sentence."""
    first = live.plan.requests[1]
    tokens = most(ladder, live.desk, tuple(talks)).output
    cap = live.settings.max_output_tokens
    return (
        f"at most {first} requests one by one, then {ladder.requests} of up to {ladder.users} users "
        f"({' → '.join(map(str, ladder.rungs))}) within {ladder.seconds:g} s, "
        f"{min(tokens, cap) if cap else tokens} output tokens at most"
    )


def _orders(live: Live, ladder: Ladder, talks: tuple[Talk, ...]) -> Orders:
    settings, usage = live.settings, live.terms.profile.usage
    return Orders(
        ladder, -1, 0, live.desk, live.redactor, settings.limits, settings.ca_bundle, usage,
        _caps(live, ladder), 0.0, live.folder, talks, controls()[PLAIN].calls[0],
    )  # fmt: skip


def _caps(live: Live, ladder: Ladder) -> Caps:
    """What one worker may take: its part of what is left when the requests that go one by one cost all they can."""
    tokens = live.settings.max_output_tokens
    if tokens is None:
        return Caps(seconds=ladder.seconds)
    first = sum(worst_of(live.desk, call).output for probe in live.plan.probes for call in probe.calls)
    return Caps(output_tokens=max(1, (tokens - first) // ladder.workers), seconds=ladder.seconds)


def _added(live: Live, crowd: Crowd) -> tuple[tuple[Record, ...], str]:
    """Put what the workers wrote into the journal of the run: those exchanges, and what went wrong with that."""
    if live.writer is None:
        return (), ""
    try:
        last = max((record.seq for record in written_by(live.journal)), default=0)
        records = merged((written_by(journal) for journal in crowd.journals), last)
        append(live.writer, records)
    except (JournalError, CannotWrite) as problem:
        return (), str(problem)
    crowd.tidy()
    return records, ""


def _reported(closing: Closing, outcome: Outcome, records: Sequence[Record], ladder: Ladder, folder: Path) -> Loaded:
    """The same with what the load took, for the terminal and as a file."""
    faulty = frozenset(
        finding.where.exchange
        for judgement in closing.graded.judgements.values()
        for finding in judgement.violations
        if finding.kind is Kind.BROKEN and finding.where.exchange is not None
    )
    found = levels(records, _rungs(ladder, outcome), faulty)
    if not found:
        return Loaded(closing, (), closing.text)
    told = _written(folder / FILE, _document(found, ladder, outcome))
    if not told.startswith("wrote"):
        failed = frozenset({Exit.HARNESS_ERROR, closing.code} - {Exit.CONFORMS})
        closing = replace(closing, code=exit_code(None, closing.facts.gate, failed))
    left_off = [f"left off: {outcome.over}"] if outcome.over else []
    return Loaded(closing, found, "\n".join((told, closing.text, *left_off, levels_text(found))))


def _written(path: Path, document: dict[str, Any]) -> str:
    """Write a report; one sentence that says so, or why not."""
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        return f"cannot write {path}: {error.strerror or error}"
    return f"wrote {path}"


def _rungs(ladder: Ladder, outcome: Outcome) -> list[Rung]:
    return [Rung(users, began) for users, began in zip(ladder.rungs, outcome.begun, strict=False)]


def _document(found: Sequence[Level], ladder: Ladder, outcome: Outcome) -> dict[str, Any]:
    asked = {name: getattr(ladder, name) for name in ("users", "spawn_rate", "requests", "seconds", "workers")}
    return {
        "version": 1,
        "asked": asked | {"rungs": list(ladder.rungs)},
        "locust": {"version": outcome.locust, "requests": outcome.requests, "failures": outcome.failures},
        "left_off": outcome.over,
        "levels": levels_json(found),
    }
