"""One entry of the catalogue, as `conformance requirements ID` prints it."""

import textwrap

from conformance.contract import Requirement

_WIDTH = 100
_LABEL = 13


def entry_text(requirement: Requirement) -> str:
    """The requirement with everything the catalogue says of it, one labelled paragraph each."""
    rows = (
        *(("level", f"{level} under {profile}") for profile, level in requirement.levels.items()),
        ("basis", str(requirement.basis)),
        ("source", requirement.source),
        ("how tested", requirement.how),
        *(("expects", f"{text} ({profile})") for profile, text in requirement.expect.items()),
        ("fault", requirement.fault),
        ("capability", requirement.capability),
        ("api version", requirement.api_version),
        ("inconclusive", requirement.inconclusive),
        ("entails", ", ".join(requirement.entails)),
        ("note", requirement.note),
    )
    heading = _wrapped(f"{requirement.id}  {requirement.statement}", "")
    return "\n".join((heading, *(_paragraph(label, text) for label, text in rows if text)))


def _paragraph(label: str, text: str) -> str:
    return _wrapped(text, f"  {label:<{_LABEL}}")


def _wrapped(text: str, lead: str) -> str:
    """The text behind its lead; ids and names are never broken, so that they can be searched for."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_on_hyphens=False,
        break_long_words=False,
    )
