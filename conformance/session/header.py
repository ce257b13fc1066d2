"""The first line of a journal: what a reader has to know of a run besides what was sent."""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from conformance.evidence.follow import header_terms
from conformance.evidence.journal import VERSION
from conformance.probing.partial import digest_of
from conformance.settings.options import BY_NAME
from conformance.settings.resolve import Settings
from conformance.suite_budgets import FULL

if TYPE_CHECKING:
    from conformance.session.live import Live


def harness_version() -> str:
    """The version of the installed distribution, or "unknown" in a bare checkout."""
    try:
        return version("messages-conformance")
    except PackageNotFoundError:
        return "unknown"


def header(live: "Live") -> dict[str, Any]:
    """The header of a run; JSON values only."""
    settings = live.settings
    return {
        "version": VERSION,
        "harness": harness_version(),
        "target": live.desk.endpoint,
        "embedded": live.target.embedded,
        "terms": header_terms(live.terms),
        "level": settings.level.value,
        "everything": live.everything and not settings.shard,
        "started": live.started,
        "seeds": {"fuzz": settings.fuzz, "fuzz-seed": settings.fuzz_seed},
        "options": shown_options(settings),
        "header_envs": dict(settings.header_variables),
        "api_key_env": settings.api_key_env,
        "restricted_key_env": settings.restricted_key_env or "",
        "challenge": settings.challenge,
        "nonce": live.desk.nonce,
        "sends": digest_of(live.whole, live.desk.operator),
        **({"shard": settings.shard, "whole": live.everything} if settings.shard else {}),
        **({"resumed": live.resumed} if live.resumed else {}),
        **({"price": live.price.data} if live.price is not None else {}),
        **({"baseline": live.baseline} if live.baseline is not None else {}),
    }


def shown_options(settings: Settings) -> dict[str, str]:
    """The options that shape what is sent, as a reader would spell them."""
    shown: dict[str, object] = {name: getattr(settings, name.replace("-", "_")) for name in _SHOWN}
    shown["budget"] = settings.budget if settings.budget != FULL else None
    shown |= {"requirement": ", ".join(settings.requirement), "no-auth": settings.no_auth or None}
    shown["credential"] = settings.credential if settings.credential != BY_NAME["credential"].default else None
    return {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in shown.items() if value}


_SHOWN = ("concurrency", "max-requests", "max-output-tokens", "max-seconds", "max-cost", "rate", "shard", "only-failed")
