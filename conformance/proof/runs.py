"""A whole run of the suites, without live cases, against the reference endpoint, and no pytest between."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from conformance import reference
from conformance._paths import suite_files
from conformance.evidence.run import Item
from conformance.generation.draws import Draw
from conformance.probing.limits import Limits
from conformance.probing.probe import Probe
from conformance.session.closing import Closing, close_run
from conformance.session.live import Live, open_live
from conformance.session.target import Ungradable, capabilities_of, profile_of
from conformance.settings.resolve import Settings, resolve
from conformance.suite_budgets import FULL, within
from conformance.suite_items import index
from conformance.verdicts import Graded, Verdict

KEY = "proof-key-0123456789"
SECOND_KEY = "proof-second-key-0123456789"
ENVIRONMENT = {"CONFORMANCE_API_KEY": KEY, "SECOND_KEY": SECOND_KEY}
WINDOW = 100_000  #: tokens
COSTLY = ("large-body", "long-context")
#: Everything there is to claim, and everything that only an operator knows of the reference endpoint.
EVERYTHING: Mapping[str, Any] = {
    "capability": ("thinking", "vision", "caching", "count-tokens", "models"),
    "restricted-key-env": "SECOND_KEY",
    "accepted-betas": ("beta-one-2026-01-01", "beta-two-2026-01-01"),
    "context-window": WINDOW,
}
#: On loopback nobody waits for a model: silence is told from slowness sooner than at a stranger's server.
LIMITS = Limits(connect=5, first_byte=6, between_bytes=5, whole=40, after_stop=1.5)
BROKEN = frozenset({Verdict.FAILED, Verdict.WARNED})


def judged(
    profile: str,
    folder: Path,
    *faults: str,
    level: str = "should",
    endpoint: Mapping[str, Any] | None = None,
    only: Collection[str] = (),
    streams: bool = False,
    limits: Limits | None = None,
    reports: bool = True,
    **options: Any,
) -> Closing:
    """The closing of a run against an endpoint with these faults.

    `endpoint` holds further settings of the reference endpoint; options go by their names on the command line. With
    `only`, what is sent is what the items of these requirements need, with `streams` what those need that look at any
    stream. Every rule looks at it all the same. Without `reports` none are written: drawing them costs more than asking
    for what one requirement needs.
    """
    own = {"restricted_key": SECOND_KEY, "context_window": WINDOW, **(endpoint or {})}
    settings = reference.Settings(profile=profile, key=KEY, faults=faults, **own)
    with reference.Endpoint(settings) as server:
        given = {"target-url": server.url, "profile": profile, "model": "reference-1", "level": level, "out": folder}
        resolved = resolve({**given, "fuzz": 0, **options}, folder, ENVIRONMENT)
        resolved = replace(resolved, limits=limits or resolved.limits)
        draw = _draw(resolved)
        items = within(selected(draw, only, streams), resolved.budget, profile)
        live = open_live(resolved, items, _index(draw)[1], resolved.budget == FULL, ENVIRONMENT)
        return close_run(live, 0, _sent(live), reports)


def _draw(settings: Settings) -> Draw:
    terms = profile_of(settings)
    version = settings.api_version or terms.api_version
    return Draw(settings.profile, version, capabilities_of(settings, terms), settings.fuzz, settings.fuzz_seed)


@cache
def _index(draw: Draw) -> tuple[Sequence[Item], Mapping[str, Probe]]:
    items, probes = index(suite_files(), draw)
    return tuple(items.values()), probes


def selected(draw: Draw, only: Collection[str], streams: bool = False) -> Sequence[Item]:
    """The items of a run: all of them, those of some requirements, or those that any stream is asked for."""
    items, probes = _index(draw)
    streamed = {name for name, probe in probes.items() if probe.streamed}
    found = (item for item in items if not only or item.requirement in only)
    return [item for item in found if not streams or not item.active or streamed.intersection(item.probes)]


def _sent(live: Live) -> str:
    """Send the whole plan; why the target cannot be graded, or ""."""
    try:
        live.begin()
    except Ungradable as error:
        return str(error)
    assert live.scheduler is not None
    live.scheduler.wait()
    return ""


def broken(graded: Graded | None) -> dict[str, Verdict]:
    """The violated requirements with their verdicts."""
    assert graded is not None
    return {name: row.verdict for name, row in graded.judgements.items() if row.verdict in BROKEN}


def declared(profile: str) -> Sequence[Item]:
    """Every item of the suites under a profile with everything claimed, the frozen generated ones included."""
    return _index(_everything(profile))[0]


def declared_probes(profile: str) -> Mapping[str, Probe]:
    """Every probe that those items name."""
    return _index(_everything(profile))[1]


def _everything(profile: str) -> Draw:
    return _draw(resolve({"profile": profile, "fuzz": 0, **EVERYTHING}, Path(), {}))


def costly(requirement: str, profile: str) -> bool:
    """Whether a requirement is seen by costly probes alone."""
    items, probes = _index(_everything(profile))
    own = [item for item in items if item.requirement == requirement and item.active]
    return bool(own) and all(probes[name].needs in COSTLY for item in own for name in item.probes)
