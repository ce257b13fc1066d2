"""The freedoms the contract leaves, each one thing an endpoint may do otherwise, and how they are chosen.

The traps are those of the contract's section 6; the other rows follow from sections 4.5 to 4.7 and from the texts on
HTTP, JSON and server-sent events.
"""

from conformance.reference.seams import Variation
from conformance.reference.settings import Settings
from conformance.reference.variations.answers import ANSWER_VARIATIONS
from conformance.reference.variations.frames import FRAME_VARIATIONS
from conformance.reference.variations.meanings import MEANING_VARIATIONS
from conformance.reference.variations.refusals import REFUSAL_VARIATIONS
from conformance.reference.variations.reported import REPORTED_VARIATIONS
from conformance.reference.variations.shapes import SHAPE_VARIATIONS
from conformance.reference.variations.streams import EVENT_VARIATIONS

VARIATIONS: tuple[Variation, ...] = (
    *MEANING_VARIATIONS,
    *SHAPE_VARIATIONS,
    *EVENT_VARIATIONS,
    *FRAME_VARIATIONS,
    *ANSWER_VARIATIONS,
    *REFUSAL_VARIATIONS,
    *REPORTED_VARIATIONS,
)


def variations() -> tuple[Variation, ...]:
    """Every variation there is."""
    return VARIATIONS


def select_variations(settings: Settings) -> tuple[Variation, ...]:
    """The variations the settings name, in their order.

    Raises ValueError for an id that does not exist, or that the profile leaves no room for.
    """
    known = {variation.id: variation for variation in VARIATIONS}
    for name in settings.variations:
        if name not in known:
            raise ValueError(
                f"unknown variation {name!r}: conformance.reference.variations() lists the {len(known)} there are"
            )
        if settings.profile not in known[name].profiles:
            raise ValueError(f"the variation {name!r} is no freedom in the profile {settings.profile!r}")
    return tuple(known[name] for name in settings.variations)


__all__ = ["VARIATIONS", "select_variations", "variations"]
