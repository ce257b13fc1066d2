"""A comparison as JSON (`schemas/json/comparison.json`), and the table of all forms by their names."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from conformance.comparison.column import Cell, Column
from conformance.comparison.compare import Comparison, Difference, Row
from conformance.comparison.markdown import markdown
from conformance.comparison.page import page
from conformance.reporting import json_file

VERSION = 1

Object = dict[str, Any]


def comparison_object(found: Comparison) -> Object:
    """The comparison; JSON values only."""
    return {
        "version": VERSION,
        "sentence": found.sentence,
        "remarks": list(found.remarks),
        "runs": [_run(column) for column in found.columns],
        "differences": {str(kind): len(found.of(kind)) for kind in Difference},
        "requirements": [_row(row) for row in found.rows],
    }


def _run(column: Column) -> Object:
    return {
        "name": column.name,
        "verdicts_from": str(column.source),
        "target": {"url": column.target, "embedded": column.embedded},
        "profile": column.profile,
        "api_version": column.api_version,
        "model": column.model,
        "catalogue": column.catalogue,
        "harness": column.harness,
        "level": column.level,
        "started": column.started or None,
        "everything": column.whole,
        "finished": column.finished,
        "verdict": {"sentence": column.sentence, "exit": column.exit},
        "tiers": [
            {"name": tier.name, "title": tier.title, "state": tier.state, "deciding": list(tier.deciding)}
            for tier in column.tiers
        ],
    }


def _row(row: Row) -> Object:
    return {
        "id": row.id,
        "area": row.area,
        "statement": row.statement,
        "difference": str(row.difference),
        "cells": [cell and _cell(cell) for cell in row.cells],
    }


def _cell(cell: Cell) -> Object:
    return {
        "verdict": str(cell.verdict),
        "level": cell.level,
        "scored": cell.scored,
        "reason": cell.reason,
        "violated": [{"case": case.key, "expected": case.expected, "seen": case.seen} for case in cell.cases],
    }


#: Every form, by the end of its file's name.
FORMS: Mapping[str, Callable[[Comparison], bytes]] = MappingProxyType(
    {
        "md": lambda found: markdown(found).encode("utf-8"),
        "json": lambda found: json_file(comparison_object(found)),
        "html": page,
    }
)
