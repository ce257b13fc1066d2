"""A report.json read back. What is no report of the version that this one knows is refused."""

import json
from functools import cache
from typing import Any

import jsonschema  # type: ignore[import-untyped]

from conformance._paths import SCHEMAS
from conformance.reporting.clean import clean


class NotAReport(Exception):
    """A file is a report, and not one that can be read; the end of a sentence that begins with its path."""


@cache
def _schema() -> Any:
    schema = json.loads((SCHEMAS / "json" / "report.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)


def report_in(data: bytes) -> dict[str, Any] | None:
    """The report in a file; None where the file is not one JSON object, or a journal. Raises NotAReport."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or "record" in found:
        return None
    problem = next(iter(_schema().iter_errors(found)), None)
    if problem is not None:
        raise NotAReport(f"is no report of this version: {clean(problem.json_path)} does not fit")
    return found
