"""What Schemathesis' coverage phase says of a document: one value for every way to keep or break each constraint."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.contract.documents import contract_document, generation_document
from conformance.contract.violations import ABSENT, Path, value_at
from conformance.generation.engine import operation, steady

_MISSING = "Missing required property: "
_VALID = "Object with valid '"


@dataclass(frozen=True, slots=True)
class Covered:
    """One coverage case: the place it is about, the value it has there (ABSENT: none), and its description."""

    path: Path
    value: Any
    why: str


def _cases(document: dict[str, Any], positive: bool) -> list[Any]:
    from schemathesis.generation import GenerationMode, overrides
    from schemathesis.generation.drivers import CoverageGenerator
    from schemathesis.generation.feedback import FeedbackSources

    target = operation(document)
    settings = target.schema.config
    generator = CoverageGenerator(
        operation=target,
        generation_modes=[GenerationMode.POSITIVE if positive else GenerationMode.NEGATIVE],
        auth_storage=None,
        generation_config=settings.generation_for(operation=target, phase="coverage"),
        override=overrides.with_config_headers(settings, operation=target),
        feedback=FeedbackSources(),
    )
    with steady():
        cases: list[Any] = list(generator)
    return [case for case in cases if str(case.meta.phase.data.parameter_location).endswith("BODY")]


def negatives(profile: str) -> Iterator[Covered]:
    """The cases that break one constraint of the typed contract each."""
    for case in _cases(contract_document(profile), positive=False):
        data = case.meta.phase.data
        path = _instance_path(data.location or "", case.body)
        why = str(data.description)
        if _MISSING in why:
            yield Covered((*path, why.rpartition(_MISSING)[2]), ABSENT, why)
        elif (data.location or "").endswith("/additionalProperties"):
            yield Covered((*path, "ct_unknown_member"), 1, why)
        elif (value := value_at(case.body, path)) is not ABSENT:
            yield Covered(path, value, why)


def positives(profile: str) -> Iterator[Covered]:
    """The cases of the capped document that vary one field; those that vary several at once are left out."""
    for case in _cases(generation_document(profile), positive=True):
        why = str(case.meta.phase.data.description)
        if why.startswith(_VALID):
            name = why.removeprefix(_VALID).partition("'")[0]
            yield Covered((name,), value_at(case.body, (name,)), why)


def _instance_path(location: str, body: Any) -> Path:
    """The place in a body that a pointer into its schema is about: `/properties/messages/items/type` is about the
    first message."""
    path: list[str | int] = []
    steps = iter(location.split("/")[1:])
    for step in steps:
        if step == "properties":
            path.append(next(steps))
        elif step == "items":
            path.append(0)
        elif step in ("anyOf", "allOf", "oneOf", "prefixItems"):
            next(steps)
    return tuple(path)
