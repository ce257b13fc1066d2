"""The freedoms the contract leaves, each one thing an endpoint may do otherwise, and how they are chosen.

The traps are those of the contract's section 6; the other rows follow from sections 4.5 to 4.7 and from the texts on
HTTP, JSON and server-sent events.
"""

from dataclasses import replace

from conformance.reference.seams import Variation
from conformance.reference.settings import Settings
from conformance.reference.variations.answers import ANSWER_VARIATIONS
from conformance.reference.variations.arguments import ARGUMENT_VARIATIONS
from conformance.reference.variations.codings import CODING_VARIATIONS
from conformance.reference.variations.engines import ENGINE_VARIATIONS
from conformance.reference.variations.factors import FACTOR_OF
from conformance.reference.variations.frames import FRAME_VARIATIONS
from conformance.reference.variations.framings import FRAMING_VARIATIONS
from conformance.reference.variations.meanings import MEANING_VARIATIONS
from conformance.reference.variations.paces import PACE_VARIATIONS
from conformance.reference.variations.refusals import REFUSAL_VARIATIONS
from conformance.reference.variations.reported import REPORTED_VARIATIONS
from conformance.reference.variations.shapes import SHAPE_VARIATIONS
from conformance.reference.variations.sites import SITE_VARIATIONS
from conformance.reference.variations.streams import EVENT_VARIATIONS
from conformance.reference.variations.strictness import STRICT_VARIATIONS
from conformance.reference.variations.tellings import TELLING_VARIATIONS
from conformance.reference.variations.wires import WIRE_VARIATIONS

_ROWS: tuple[Variation, ...] = (
    *MEANING_VARIATIONS,
    *SHAPE_VARIATIONS,
    *EVENT_VARIATIONS,
    *FRAME_VARIATIONS,
    *ANSWER_VARIATIONS,
    *REFUSAL_VARIATIONS,
    *REPORTED_VARIATIONS,
    *TELLING_VARIATIONS,
    *FRAMING_VARIATIONS,
    *WIRE_VARIATIONS,
    *PACE_VARIATIONS,
    *CODING_VARIATIONS,
    *STRICT_VARIATIONS,
    *SITE_VARIATIONS,
    *ENGINE_VARIATIONS,
    *ARGUMENT_VARIATIONS,
)
_ORDER = {name: place for place, name in enumerate(FACTOR_OF)}
VARIATIONS: tuple[Variation, ...] = tuple(
    replace(row, factor=FACTOR_OF[row.id]) for row in sorted(_ROWS, key=lambda row: _ORDER[row.id])
)


def variations() -> tuple[Variation, ...]:
    """Every variation there is."""
    return VARIATIONS


def select_variations(settings: Settings) -> tuple[Variation, ...]:
    """The variations the settings name, in the order in which they act.

    Raises ValueError for an id that does not exist, or that the profile leaves no room for.
    """
    known = {variation.id: variation for variation in VARIATIONS}
    for name in settings.variations:
        if name not in known:
            raise ValueError(
                f"unknown variation {name!r}: `conformance serve --list-variations` lists the {len(known)} there are"
            )
        if settings.profile not in known[name].profiles:
            raise ValueError(f"the variation {name!r} is no freedom in the profile {settings.profile!r}")
    return tuple(variation for variation in VARIATIONS if variation.id in settings.variations)


__all__ = ["VARIATIONS", "select_variations", "variations"]
