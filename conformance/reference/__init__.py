"""An endpoint that keeps the contract completely, its deliberate breaches, and the freedoms it can take.

It stands apart from the rest of the package: it speaks from the contract's text alone, so that a misreading in the
rules cannot hide in the endpoint they are tried on.
"""

from conformance.reference.faults import faults
from conformance.reference.seams import Fault, Seam, Variation
from conformance.reference.server import Endpoint, serve
from conformance.reference.settings import PROFILES, VERSIONS, Profile, Settings
from conformance.reference.variations import variations

__all__ = [
    "PROFILES",
    "VERSIONS",
    "Endpoint",
    "Fault",
    "Profile",
    "Seam",
    "Settings",
    "Variation",
    "faults",
    "serve",
    "variations",
]
