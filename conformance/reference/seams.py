"""The seams of the pipeline: where a fault may reach in, and the context every seam is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from conformance.reference.settings import PROFILES, Profile, Settings
from conformance.reference.transfer import Request

EMPTY: Mapping[str, Any] = {}


class Seam(StrEnum):
    """A place between two stages, named after the value that passes through it."""

    RULE = "rule"
    REQUEST = "request"
    BODY = "body"
    PLAN = "plan"
    MESSAGE = "message"
    JSON = "json"
    EVENTS = "events"
    FRAMES = "frames"
    REFUSAL = "refusal"
    ENVELOPE = "envelope"
    ANSWER = "answer"
    BYTES = "bytes"


@dataclass(slots=True)
class Traffic:
    """What one endpoint knows of its other requests. Only faults look at it."""

    served: int = 0
    hangups: int = 0
    in_flight: dict[str, Any] = field(default_factory=dict)
    answers: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """One request on its way through the pipeline. `body` is empty until the request is accepted."""

    settings: Settings
    seams: "Seams"
    traffic: Traffic
    request: Request
    request_id: str
    version: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def profile(self) -> Profile:
        """The profile this endpoint speaks."""
        return PROFILES[self.settings.profile]

    @property
    def streaming(self) -> bool:
        """Whether the accepted body asks for a stream."""
        return bool(self.body.get("stream"))


Apply = Callable[[Any, Context], Any]
"""Takes the value at a seam and gives the broken one. It may raise Refusal at the seams before the plan."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A deliberate breach at one seam that exactly one requirement is about.

    At the seam `rule` no function is applied: the rule named `rule` is left out. `changes` replaces settings, for
    breaches that show only at another pace.
    """

    id: str
    seam: Seam
    requirement: str
    description: str
    apply: Apply | None = None
    rule: str = ""
    profiles: tuple[str, ...] = tuple(PROFILES)
    changes: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class Seams:
    """The chosen faults, asked at every seam."""

    faults: tuple[Fault, ...] = ()

    def apply(self, seam: Seam, value: Any, context: Context) -> Any:
        """The value as it leaves the seam; unchanged where no fault sits."""
        for fault in self.faults:
            if fault.seam is seam and fault.apply is not None:
                value = fault.apply(value, context)
        return value

    def drops(self, rule: str) -> bool:
        """Whether a fault leaves out the acceptance rule of this name."""
        return any(fault.seam is Seam.RULE and fault.rule == rule for fault in self.faults)
