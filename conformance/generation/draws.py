"""What a generator of items is told: everything it may depend on, so that every process draws the same."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Draw:
    """The profile's name, the API version, the capabilities claimed, and how many live cases from which seed."""

    profile: str
    api_version: str
    capabilities: frozenset[str]
    count: int
    seed: int
