"""What `--requirement` names."""

from collections.abc import Iterable

from conformance.contract import load_catalogue
from conformance.settings.resolve import UsageError


def check_patterns(patterns: Iterable[str]) -> None:
    """Raise UsageError for patterns that name no requirement of the catalogue; what they were to select is missed."""
    if unknown := [pattern for pattern in patterns if not load_catalogue().select([pattern])]:
        raise UsageError(
            f"--requirement: no requirement matches {' or '.join(map(repr, unknown))}; `conformance requirements` "
            "lists them all"
        )
