"""One exchange of a run with its place in it."""

from dataclasses import dataclass
from functools import cached_property

from conformance.wire.exchange import Exchange
from conformance.wire.reading import Reading


@dataclass(frozen=True)
class Record:
    """One exchange of the run with its place in it: probe, step of the probe's conversation, try, order of sending."""

    seq: int
    probe: str
    step: int
    attempt: int
    exchange: Exchange
    repeated: bool = False  #: a later try replaces this one

    @cached_property
    def reading(self) -> Reading:
        """What the exchange says, decoded once."""
        return Reading(self.exchange)
