"""An image block is shown to a model that sees, or refused, and never breaks the server (REQ-019, REQ-020)."""

from typing import Any

from conformance.suite import Judged, Probe, cases, expects, probe, refused, requirement
from conformance.suite_bodies import PONG, blocks
from conformance.suite_images import PICTURE, image


def shown(name: str, picture: dict[str, Any]) -> Probe:
    """A request with a picture beside its text, for targets that claim to see."""
    return probe(name, blocks(picture, PONG), capabilities=("vision",))


IMAGE = shown("image", image(PICTURE))


@requirement("REQ-019")
@cases(expects("image"), png=IMAGE)
def test_an_image_is_served_or_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-020")
@cases(
    refused,
    control=IMAGE,
    bitmap=shown("image of another type", image(PICTURE, "image/bmp")),
    no_base64=shown("image that is no base64", image("%%%")),
)
def test_an_image_of_another_type_or_encoding_is_refused(case: Judged) -> None:
    case.judge()
