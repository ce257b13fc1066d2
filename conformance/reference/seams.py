"""The seams of the pipeline: where a fault or a variation reaches in, and the context every seam is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
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
    """What one endpoint knows of its other requests. Only the cache of prompts, faults and variations look at it."""

    served: int = 0
    hangups: int = 0
    in_flight: dict[str, Any] = field(default_factory=dict)
    prompts: set[str] = field(default_factory=set)
    answers: dict[Any, Any] = field(default_factory=dict)
    timed_out: set[tuple[str, bytes]] = field(default_factory=set)


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
"""Takes the value at a seam and gives the changed one. It may raise Refusal at the seams before the plan."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A deliberate breach at one seam that exactly one requirement is about.

    At the seam `rule` the rule named `rule` is left out: for every body, or for those of which the function says yes.
    `also` are the few further requirements whose own text the same bytes break, where the catalogue's entailments do
    not say so. `changes` replaces settings, for breaches that show only at another pace.
    """

    id: str
    seam: Seam
    requirement: str
    description: str
    apply: Apply | None = None
    rule: str = ""
    profiles: tuple[str, ...] = tuple(PROFILES)
    changes: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variation:
    """A freedom the contract leaves, taken at one seam: no requirement is broken by it.

    `traps` are the numbers of the contract's section 6 that it stands for, `admits` the block types and block fields
    that it makes up and that must therefore be accepted when a client sends them back. `changes` replaces settings.
    `factor` names what is free: variations of one factor exclude one another.
    """

    id: str
    seam: Seam
    description: str
    apply: Apply | None = None
    traps: tuple[int, ...] = ()
    profiles: tuple[str, ...] = tuple(PROFILES)
    changes: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    admits: tuple[str, ...] = ()
    factor: str = ""


WRITTEN = frozenset({Seam.FRAMES, Seam.ANSWER, Seam.BYTES})
"""Where bytes pass: a fault is written first and varied then. Elsewhere a variation is said first and broken then."""


@dataclass(frozen=True, slots=True)
class Seams:
    """The chosen faults and variations, asked at every seam."""

    faults: tuple[Fault, ...] = ()
    variations: tuple[Variation, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing sits at any seam."""
        return not self.faults and not self.variations

    def apply(self, seam: Seam, value: Any, context: Context) -> Any:
        """The value as it leaves the seam; unchanged where nothing sits."""
        in_order = (self.faults, self.variations) if seam in WRITTEN else (self.variations, self.faults)
        for change in chain(*in_order):
            if change.seam is seam and change.apply is not None:
                value = change.apply(value, context)
        return value

    def admitted(self) -> frozenset[str]:
        """The block types and fields beyond the documented ones that a request may hold."""
        return frozenset(name for variation in self.variations for name in variation.admits)

    def drops(self, rule: str, context: Context, value: Any = None) -> bool:
        """Whether a fault leaves out the acceptance rule of this name, for this request.

        `value` is what the rule looks at: the body as far as it is decoded, nothing for a rule about headers.
        """
        left_out = (fault for fault in self.faults if fault.seam is Seam.RULE and fault.rule == rule)
        return any(fault.apply is None or fault.apply(value, context) for fault in left_out)
