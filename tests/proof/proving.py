"""A whole run of the suites, without live cases, against the reference endpoint with faults, and no pytest between."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance import reference
from conformance._paths import suite_files
from conformance.generation.draws import Draw
from conformance.session.closing import Closing, close_run
from conformance.session.live import Live, open_live
from conformance.session.target import Ungradable, capabilities_of, profile_of
from conformance.settings.resolve import resolve
from conformance.suite_items import index
from conformance.verdicts import Graded, Verdict

KEY = "proof-key-0123456789"
SECOND_KEY = "proof-second-key-0123456789"
ENVIRONMENT = {"CONFORMANCE_API_KEY": KEY, "SECOND_KEY": SECOND_KEY}
BROKEN = {Verdict.FAILED, Verdict.WARNED}
WINDOW = 100_000  #: tokens
#: Everything there is to claim, and everything that only an operator knows of the reference endpoint.
EVERYTHING: Mapping[str, Any] = {
    "capability": ("thinking", "vision", "caching", "count-tokens", "models"),
    "restricted-key-env": "SECOND_KEY",
    "accepted-betas": ("beta-one-2026-01-01", "beta-two-2026-01-01"),
    "context-window": WINDOW,
}
COSTLY = ("large-body", "long-context")


def judged(
    profile: str,
    folder: Path,
    *faults: str,
    level: str = "should",
    endpoint: Mapping[str, Any] | None = None,
    **options: Any,
) -> Closing:
    """The closing of a run against an endpoint with these faults.

    `endpoint` holds further settings of the reference endpoint; options go by their names on the command line.
    """
    own = {"restricted_key": SECOND_KEY, "context_window": WINDOW, **(endpoint or {})}
    settings = reference.Settings(profile=profile, key=KEY, faults=faults, **own)
    with reference.Endpoint(settings) as server:
        given = {"target-url": server.url, "profile": profile, "model": "reference-1", "level": level, "out": folder}
        resolved = resolve({**given, "fuzz": 0, **options}, folder, ENVIRONMENT)
        terms = profile_of(resolved)
        version = resolved.api_version or terms.api_version
        claimed = capabilities_of(resolved, terms)
        items, probes = index(suite_files(), Draw(profile, version, claimed, resolved.fuzz, resolved.fuzz_seed))
        live = open_live(resolved, list(items.values()), probes, True, ENVIRONMENT)
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
