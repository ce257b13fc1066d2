"""The page of measurements: one section for each script, replaced when it is asked to write."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def measured(command: str) -> str:
    """When, how and on what something was measured: the beginning of a sentence."""
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} with `python benchmarks/{command}` on {os.cpu_count()} cores "
        f"({platform.machine()}), Python {platform.python_version()}"
    )


def write_section(heading: str, about: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Replace the section under a heading of the second level, or add it at the end; the other sections stay."""
    text = page.read_text() if page.is_file() else "# Performance\n"
    opening, *sections = text.split("\n## ")
    titles = [section.partition("\n")[0] for section in sections]
    place = titles.index(heading) if heading in titles else len(titles)
    sections[place : place + 1] = ["\n".join((f"{heading}\n", f"{about}\n", *lines))]
    page.write_text("\n\n## ".join(part.strip("\n") for part in (opening, *sections)) + "\n")
