"""The deliberate breaches of the contract, one requirement each, and how they are chosen."""

from conformance.reference.faults.agents import AGENT_FAULTS
from conformance.reference.faults.blocks import BLOCK_FAULTS
from conformance.reference.faults.choosy_bodies import CHOOSY_BODY_FAULTS
from conformance.reference.faults.choosy_heads import CHOOSY_HEAD_FAULTS
from conformance.reference.faults.codings import CODING_FAULTS
from conformance.reference.faults.connections import CONNECTION_FAULTS
from conformance.reference.faults.envelopes import ENVELOPE_FAULTS
from conformance.reference.faults.equivalence import EQUIVALENCE_FAULTS
from conformance.reference.faults.errors import ERROR_FAULTS
from conformance.reference.faults.frames import FRAME_FAULTS
from conformance.reference.faults.headers import HEADER_FAULTS
from conformance.reference.faults.kinds_refused import REFUSED_WAYS_FAULTS
from conformance.reference.faults.kinds_served import SERVED_FAULTS
from conformance.reference.faults.machine import MACHINE_FAULTS
from conformance.reference.faults.meanings import MEANING_FAULTS
from conformance.reference.faults.members import MEMBER_FAULTS
from conformance.reference.faults.modes import MODE_FAULTS
from conformance.reference.faults.openings import OPENING_FAULTS
from conformance.reference.faults.refusals import REFUSED_FAULTS
from conformance.reference.faults.reported import REPORTED_FAULTS
from conformance.reference.faults.rules import RULE_FAULTS
from conformance.reference.faults.shapes import SHAPE_FAULTS
from conformance.reference.faults.streamed_calls import CALL_FAULTS
from conformance.reference.faults.streams import EVENT_FAULTS
from conformance.reference.faults.surfaces import SURFACE_FAULTS
from conformance.reference.faults.wires import WIRE_FAULTS
from conformance.reference.seams import Fault
from conformance.reference.settings import Settings

FAULTS: tuple[Fault, ...] = (
    *RULE_FAULTS,
    *REFUSED_FAULTS,
    *SHAPE_FAULTS,
    *MEANING_FAULTS,
    *EVENT_FAULTS,
    *FRAME_FAULTS,
    *ERROR_FAULTS,
    *HEADER_FAULTS,
    *CONNECTION_FAULTS,
    *EQUIVALENCE_FAULTS,
    *MACHINE_FAULTS,
    *OPENING_FAULTS,
    *BLOCK_FAULTS,
    *CALL_FAULTS,
    *WIRE_FAULTS,
    *CODING_FAULTS,
    *REPORTED_FAULTS,
    *SERVED_FAULTS,
    *REFUSED_WAYS_FAULTS,
    *CHOOSY_HEAD_FAULTS,
    *CHOOSY_BODY_FAULTS,
    *MODE_FAULTS,
    *MEMBER_FAULTS,
    *SURFACE_FAULTS,
    *ENVELOPE_FAULTS,
    *AGENT_FAULTS,
)


def faults() -> tuple[Fault, ...]:
    """Every fault there is."""
    return FAULTS


def select(settings: Settings) -> tuple[Fault, ...]:
    """The faults the settings name, in their order.

    Raises ValueError for an id that does not exist, or that has no meaning in the profile.
    """
    known = {fault.id: fault for fault in FAULTS}
    unknown = [name for name in settings.faults if name not in known]
    if unknown:
        raise ValueError(
            f"unknown fault {unknown[0]!r}: `conformance serve --list-faults` lists the {len(known)} there are"
        )
    chosen = tuple(known[name] for name in settings.faults)
    for fault in chosen:
        if settings.profile not in fault.profiles:
            raise ValueError(f"the fault {fault.id!r} breaks nothing in the profile {settings.profile!r}")
    return chosen


__all__ = ["FAULTS", "faults", "select"]
