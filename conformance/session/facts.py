"""What reports say beside the verdicts, from the header and footer of a journal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.contract import Level
from conformance.evidence.follow import Follower
from conformance.evidence.spent import Price
from conformance.reporting import Facts, Names
from conformance.reporting.facts import Baselined
from conformance.verdicts import Exit


def facts_of(
    follower: Follower,
    gate: Level,
    exit_: Exit = Exit.CONFORMS,
    folder: Path | None = None,
    profile: str = "",
    baseline: Baselined | None = None,
) -> Facts:
    """The facts of a run; `folder` is given when something was written there, `profile` when not its own judges."""
    header = follower.header
    sent_for = header["terms"]["profile"]
    return Facts(
        harness=header["harness"],
        target=header["target"],
        gate=gate,
        embedded=header["embedded"],
        folder=str(folder) if folder else "",
        started=header["started"],
        ended=follower.footer.get("ended", ""),
        exit=exit_,
        seeds=header["seeds"],
        options=header["options"],
        generated=tuple(sorted(follower.generated)),
        ungradable=follower.footer.get("ungradable", ""),
        sent_for=sent_for if profile not in ("", sent_for) else "",
        names=_names(header),
        baseline=baseline,
        price=Price(**header["price"]) if "price" in header else None,
        carried=header.get("resumed", {}).get("exchanges", 0),
        shares=len(header.get("merged", ())),
    )


def _names(header: Mapping[str, Any]) -> Names:
    second = header.get("restricted_key_env") or Names().second
    return Names(key=header["api_key_env"], headers=header["header_envs"], second=second)
