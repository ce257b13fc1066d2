"""Legal habits of models that call tools: no clause makes them keep to a schema or repeat what it lists (4.5)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.reference.plan import Plan
from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.variations._rows import Row, table

OWN_WORDS = "Ela disse: NÃO, IRMÃO; hon sade: å, vad molnigt"


def _in_own_words(plan: Plan, context: Context) -> Plan:
    """Texts of more than ASCII that a tool asks for are put in the words of another language."""
    return replace(plan, content=tuple(map(_reworded, plan.content)))


def _reworded(block: dict[str, Any]) -> dict[str, Any]:
    given = block.get("input")
    if block["type"] != "tool_use" or not isinstance(given, Mapping):
        return block
    return {**block, "input": {key: OWN_WORDS if _is_far(value) else value for key, value in given.items()}}


def _is_far(value: object) -> bool:
    return isinstance(value, str) and not value.isascii()


def _first_bare(plan: Plan, context: Context) -> Plan:
    """Of several calls the first comes without arguments."""
    calls = [place for place, block in enumerate(plan.content) if block["type"] == "tool_use"]
    if len(calls) < 2:
        return plan
    content = list(plan.content)
    content[calls[0]] = {**content[calls[0]], "input": {}}
    return replace(plan, content=tuple(content))


_ROWS: tuple[Row, ...] = (
    ("arguments-in-own-words", (), "arguments beyond ASCII are put in other words", _in_own_words),
    ("first-call-bare", (), "the first of several calls has no arguments", _first_bare),
)

ARGUMENT_VARIATIONS: tuple[Variation, ...] = table(Seam.PLAN, _ROWS)
