"""An endpoint that keeps the contract completely, and the deliberate breaches that can be put into it.

It stands apart from the rest of the package: it speaks from the contract's text alone, so that a misreading in the
rules cannot hide in the endpoint they are tried on.
"""

from conformance.reference.faults import faults
from conformance.reference.seams import Fault, Seam
from conformance.reference.server import Endpoint, serve
from conformance.reference.settings import PROFILES, VERSIONS, Profile, Settings

__all__ = ["PROFILES", "VERSIONS", "Endpoint", "Fault", "Profile", "Seam", "Settings", "faults", "serve"]
