"""The kind of expectation about the list of models: its shape, and that the model under test is on it (OPT-003)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.contract import Level
from conformance.rules.answers import is_undecodable
from conformance.rules.expectations import kind
from conformance.rules.expectations_surfaces import described, served_object
from conformance.rules.findings import Finding, Where, broken, held, note, shown, unjudged

if TYPE_CHECKING:
    from conformance.rules.cases import Evidence

#: RFC 3339 §5.6.
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
#: What makes the name of a dated snapshot of the name of a model.
DATED = r"[-@]\d{8}"
_ENDS = ("first_id", "last_id")


@kind("lists-models", valid=True)
def lists_models(evidence: Evidence, args: Mapping[str, Any]) -> Iterable[Finding]:
    """Status 200 and a page of models that names the one under test.

    The page of another protocol (`object: list`) breaks it as a SHOULD. Members beyond the documented ones are free.
    """
    record = evidence.probes[-1][-1]
    page, where = served_object(record.reading), Where(record.seq)
    if is_undecodable(record.reading):
        yield unjudged("", "the content coding is broken, which is a fault of its own (HDR-011)", where)
    elif page is None:
        yield broken("", "status 200 and a JSON object", described(record.reading), where)
    elif departure := next(_departures(page), None):
        place, expected, seen = departure
        foreign = page.get("object") == "list"
        told = f"{shown(seen)} in {'an OpenAI list' if foreign else 'the list'} {shown(page, 200)}"
        level = Level.SHOULD if foreign else None
        yield broken("", f"{expected} at {place}", told, Where(record.seq, place), level)
    else:
        yield held("", where)
        yield _listed(page, evidence.run.terms.model, Where(record.seq, "/data"))


def _departures(page: Mapping[str, Any]) -> Iterator[tuple[str, str, object]]:
    """Every place where an object is no page of models: pointer, expected, seen."""
    data = page.get("data")
    if not isinstance(data, list):
        yield "/data", "an array", data
        return
    for number, model in enumerate(data):
        yield from _model_departures(f"/data/{number}", model)
    if not isinstance(page.get("has_more"), bool):
        yield "/has_more", "true or false", page.get("has_more")
    for key in _ENDS:
        if key not in page or not isinstance(page[key], str | None):
            yield f"/{key}", "a string or null", page.get(key, "no such key")
    if page.get("has_more") is True and data and page.get("last_id") != data[-1].get("id"):
        yield "/last_id", "the id of the last model, from which the next page goes on", page.get("last_id")


def _model_departures(place: str, model: object) -> Iterator[tuple[str, str, object]]:
    if not isinstance(model, Mapping):
        yield place, "an object", model
        return
    if model.get("type") != "model":
        yield f"{place}/type", '"model"', model.get("type")
    for key in ("id", "display_name", "created_at"):
        if not isinstance(model.get(key), str) or not model["id"]:
            yield f"{place}/{key}", "a string", model.get(key)
    created = model.get("created_at")
    if isinstance(created, str) and DATE_TIME.fullmatch(created) is None:
        yield f"{place}/created_at", "a time as RFC 3339 has it", created


def _listed(page: Mapping[str, Any], model: str, where: Where) -> Finding:
    names, expected = [entry["id"] for entry in page["data"]], f"the model under test, {shown(model)}"
    if model in names:
        return held("", where)
    if dated := next((name for name in names if is_snapshot(name, model)), None):
        return note("", expected, f"{dated}, a snapshot of it", where)
    if page["has_more"]:
        return unjudged("", f"{shown(model)} is not on the first page, and there are more", where)
    return broken("", expected, f"{len(names)} others: {shown(names)}", where)


def is_snapshot(name: str, model: str) -> bool:
    """Whether a name is that of a dated snapshot to which the name of the model under test resolves."""
    return re.fullmatch(re.escape(model.removesuffix("-latest")) + DATED, name) is not None
