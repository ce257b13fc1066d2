"""The contract as typed data: the catalogue of requirements and the profiles. Imports nothing of this package
but its paths; the OpenAPI and JSON Schema documents are in `conformance.contract.documents`.
"""

from conformance.contract._reading import ContractError
from conformance.contract.catalogue import Basis, Catalogue, Level, ProbeClass, Requirement, load_catalogue
from conformance.contract.profiles import Profile, UsageFields, load_profiles
from conformance.contract.tiers import Tier, load_tiers

__all__ = [
    "Basis",
    "Catalogue",
    "ContractError",
    "Level",
    "ProbeClass",
    "Profile",
    "Requirement",
    "Tier",
    "UsageFields",
    "load_catalogue",
    "load_profiles",
    "load_tiers",
]
