"""A whole run of the suites, without live cases, against the reference endpoint with faults, and no pytest between."""

from pathlib import Path

from conformance import reference
from conformance._paths import suite_files
from conformance.generation.draws import Draw
from conformance.plugin.items import index
from conformance.session.closing import Closing, close_run
from conformance.session.live import Live, open_live
from conformance.session.target import Ungradable
from conformance.settings.resolve import resolve
from conformance.verdicts import Graded, Verdict

KEY = "proof-key-0123456789"
BROKEN = {Verdict.FAILED, Verdict.WARNED}


def judged(profile: str, folder: Path, *faults: str, level: str = "should", **options: object) -> Closing:
    """The closing of a run against an endpoint with these faults; options by their names on the command line."""
    draw = Draw(profile, "2023-06-01", frozenset({"streaming", "tools"}), 0, 1)
    items, probes = index(suite_files(), draw)
    with reference.Endpoint(reference.Settings(profile=profile, key=KEY, faults=faults)) as endpoint:
        given = {"target-url": endpoint.url, "profile": profile, "model": "reference-1", "level": level, "out": folder}
        settings = resolve({**given, "fuzz": 0, **options}, folder, {})
        live = open_live(settings, list(items.values()), probes, True, {"CONFORMANCE_API_KEY": KEY})
        return close_run(live, 0, _sent(live))


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
