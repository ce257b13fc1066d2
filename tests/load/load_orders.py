"""Orders for a worker of a load against the reference endpoint, and one that does its work in this process."""

import time
from pathlib import Path
from typing import Any

from conformance import reference
from conformance.contract import load_profiles
from conformance.evidence.run import PLAIN
from conformance.load.crew import Crew
from conformance.load.orders import Ladder, Orders
from conformance.load.talks import talks_for
from conformance.probing.limits import Limits
from conformance.probing.redaction import Redactor, Secret
from conformance.probing.render import Desk, endpoint_url
from conformance.probing.spending import Caps
from conformance.suite_items import controls

KEY = "load-key-0123456789"
MODEL = "reference-1"
PROFILE = load_profiles()["myrouter"]
#: On loopback nobody waits for a model.
LIMITS = Limits(connect=5, first_byte=6, between_bytes=5, whole=20, after_stop=1.5)


def settings(*faults: str, **changes: Any) -> reference.Settings:
    """The reference endpoint with these faults."""
    return reference.Settings(key=KEY, faults=faults, **changes)


def orders(url: str, folder: Path, ladder: Ladder | None = None, **changes: Any) -> Orders:
    """The orders of the first worker."""
    desk = Desk(endpoint_url(url, PROFILE.path), PROFILE.api_version, MODEL, KEY, "wrong-0123456789", "0123456789")
    named: dict[str, Any] = {
        "ladder": ladder or Ladder(users=2, requests=12),
        "worker": 0,
        "port": 0,
        "desk": desk,
        "redactor": Redactor([Secret("KEY", KEY)]),
        "limits": LIMITS,
        "ca_bundle": None,
        "usage": PROFILE.usage,
        "caps": Caps(),
        "began": time.monotonic(),
        "journal": folder / "worker-1.jsonl",
        "talks": talks_for({"streaming", "tools"}),
        "control": controls()[PLAIN].calls[0],
    }
    return Orders(**{**named, **changes})


def converse(crew: Crew, rung: int) -> None:
    """All conversations of a rung, all at once."""
    crew.climb(rung)
    begun = []
    while (talk := crew.next_talk()) is not None:
        begun.append(crew.begin(talk))
    for future in begun:
        future.result(30)
