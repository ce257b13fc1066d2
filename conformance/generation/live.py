"""Requests drawn by Schemathesis for one run: whole valid ones, and the plain one with a single drawn violation."""

from collections.abc import Iterable, Iterator
from functools import cache
from random import Random
from typing import Any

from conformance.contract.documents import contract_document, generation_document
from conformance.contract.violations import Path, value_at, violations, within_caps
from conformance.generation.corpus import Case, applies, corpus_items, drawn_of
from conformance.generation.declare import Drawn
from conformance.generation.draws import Draw
from conformance.generation.engine import drawn, operation
from conformance.generation.hosts import plant
from conformance.generation.naming import accepted_by, is_plain_json, key_of, kinds_of, numbered, shares, varied
from conformance.generation.selection import Broken, broken_by, case_of
from conformance.suite import MODEL

_REQUEST = "#/components/schemas/Request/properties/"
_SCHEMAS = "#/components/schemas/"

#: Where a drawn value is put, and the schema it is drawn against. Whole bodies would be broken at their root or at
#: several places mostly, and take ten times as long.
SITES: tuple[tuple[Path, str], ...] = (
    (("max_tokens",), f"{_REQUEST}max_tokens"),
    (("stream",), f"{_REQUEST}stream"),
    (("system",), f"{_REQUEST}system"),
    (("system", 0), f"{_SCHEMAS}Text"),
    (("stop_sequences",), f"{_REQUEST}stop_sequences"),
    (("stop_sequences", 0), f"{_SCHEMAS}StopSequence"),
    (("temperature",), f"{_REQUEST}temperature"),
    (("top_p",), f"{_REQUEST}top_p"),
    (("top_k",), f"{_REQUEST}top_k"),
    (("metadata",), f"{_REQUEST}metadata"),
    (("messages", 0), f"{_SCHEMAS}Turn"),
    (("messages", 0, "content"), f"{_SCHEMAS}Content"),
    (("messages", 0, "content", 0), f"{_SCHEMAS}Text"),
    (("tools", 0), f"{_SCHEMAS}Tool"),
    (("tools", 0, "name"), f"{_SCHEMAS}Tool/properties/name"),
    (("tools", 0, "input_schema"), f"{_SCHEMAS}Tool/properties/input_schema"),
    (("tool_choice",), f"{_SCHEMAS}ToolChoice"),
)
PER_SITE = 2  #: violations taken from a site before the next one is asked
DRAWS = 3  #: values drawn for each one taken: some are no JSON, some are valid after all


@cache
def live_items(draw: Draw) -> tuple[Drawn, ...]:
    """The live items of a run by Schemathesis; none when the run draws none."""
    share = shares(draw.count)
    found = [*_accepted(draw, share.accepted), *_refused(draw, share.refused)] if draw.count > 0 else []
    names = numbered((case.requirement, f"live {case.case}") for case in found)
    return tuple(drawn_of(renamed(case, name), scored=False) for case, name in zip(found, names, strict=True))


def renamed(case: Case, name: str) -> Case:
    """The same case under another name."""
    return Case(
        f"{case.requirement} {name}", case.requirement, name, case.expect, case.pointer, case.control, case.body,
        case.why, case.headers,
    )  # fmt: skip


def _accepted(draw: Draw, count: int) -> list[Case]:
    from schemathesis.generation import GenerationMode

    strategy = operation(generation_document(draw.profile), draw.seed).as_strategy(
        generation_mode=GenerationMode.POSITIVE
    )
    values = [case.body for case in drawn(strategy, 2 * count, draw.seed)]
    return first_unlike(valid_cases(values, draw), count)


def valid_cases(bodies: Iterable[Any], draw: Draw) -> Iterator[Case]:
    """The bodies that every good server serves, as cases; the others are left out."""
    for drawn_body in bodies:
        if not isinstance(drawn_body, dict) or not within_caps(draw.profile, drawn_body):
            continue
        body = {**drawn_body, "model": MODEL}
        requirement, name = accepted_by(body, draw.profile), f"accepted {kinds_of(body)}"
        if not violations(draw.profile, body) and applies(requirement, "", draw) and _claimed(body, draw):
            yield Case(f"{requirement} {name}", requirement, name, "accepted", "", "", body, "drawn from the contract")


def _claimed(body: dict[str, Any], draw: Draw) -> bool:
    return ("tools" not in body or "tools" in draw.capabilities) and (
        body.get("stream") is not True or "streaming" in draw.capabilities
    )


def first_unlike(cases: Iterable[Case], count: int) -> list[Case]:
    """The first cases that differ in their bodies, `count` at most."""
    found: dict[str, Case] = {}
    for case in cases:
        if len(found) == count:
            break
        found.setdefault(key_of(case.body), case)
    return list(found.values())


def _refused(draw: Draw, count: int) -> list[Case]:
    """Violations from site after site, in an order that the seed decides, until there are enough."""
    frozen = {key_of(probe.calls[0].body) for _, probes in corpus_items(draw) for probe in probes}
    sites = Random(draw.seed).sample(SITES, len(SITES))
    per_site = max(PER_SITE, -(-count // len(SITES)) + 1)
    found: list[Case] = []
    for number, (path, schema) in enumerate(sites):
        if len(found) >= count:
            break
        cases = _cases_at(path, schema, draw, draw.seed + number, DRAWS * per_site)
        new = [case for case in first_unlike(cases, DRAWS * per_site) if key_of(case.body) not in frozen]
        found += varied(new, lambda case: case.case)[:per_site]
    return first_unlike(found, count)


def _cases_at(path: Path, schema: str, draw: Draw, seed: int, count: int) -> Iterator[Case]:
    from schemathesis.generation import GenerationMode

    target = operation(sliced(contract_document(draw.profile), schema), seed)
    strategy = target.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    for case in drawn(strategy, count, seed):
        broken = broken_at(path, case.body, draw.profile) if is_plain_json(case.body) else None
        if broken and applies(str(broken.violation.requirement), broken.violation.pointer, draw):
            yield case_of(broken)


def sliced(document: dict[str, Any], schema: str) -> dict[str, Any]:
    """The document with the request body narrowed to one of its schemas, and no headers to vary."""
    post = next(iter(document["paths"].values()))["post"]
    post["requestBody"]["content"]["application/json"]["schema"] = {"$ref": schema}
    del post["parameters"], document["components"]["parameters"]
    return document


def broken_at(path: Path, value: Any, profile: str) -> Broken | None:
    """The request with `value` at the place; where that breaks several things, the one with the first of them."""
    why = "drawn against the contract"
    whole = broken_by(path, value, profile, why)
    planted = plant(path, value)
    if whole or planted is None:
        return whole
    found = violations(profile, planted.body)
    return broken_by(found[0].path, value_at(planted.body, found[0].path), profile, why) if found else None
