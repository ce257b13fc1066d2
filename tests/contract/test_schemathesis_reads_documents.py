"""Schemathesis can load the documents, plan coverage and draw from them (internals that a new release may move)."""

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode, overrides
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import FeedbackSources

from conformance.contract import load_profiles
from conformance.contract.documents import contract_document, generation_document, requirement_at

CONFIG = {
    "cache": {"enabled": False},
    "generation": {"database": "none"},
    "seed": 1,
    "parameters": {"header.anthropic-version": "2023-06-01", "body.model": "m"},
    "phases": {"coverage": {"unexpected-methods": []}},
}
MAKERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "contract": contract_document,
    "generation": generation_document,
}
PROFILES = ("myrouter", "anthropic")


def _operation(document: dict[str, Any]) -> Any:
    loaded = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(CONFIG))
    result: Any = next(iter(loaded.get_all_operations()))
    return result.ok()


def _body(document: dict[str, Any]) -> Draft202012Validator:
    operation = next(iter(document["paths"].values()))["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": document["components"]})


def _coverage(operation: Any, mode: GenerationMode) -> list[Any]:
    config = operation.schema.config
    generator = CoverageGenerator(
        operation=operation,
        generation_modes=[mode],
        auth_storage=None,
        generation_config=config.generation_for(operation=operation, phase="coverage"),
        override=overrides.with_config_headers(config, operation=operation),
        feedback=FeedbackSources(),
    )
    return list(generator)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("profile", PROFILES)
def test_twenty_cases_can_be_drawn(profile: str, maker: str, mode: GenerationMode) -> None:
    operation = _operation(MAKERS[maker](profile))
    drawn = []

    @seed(1)
    @settings(
        max_examples=20,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def draw(case: Any) -> None:
        drawn.append(case)

    draw()
    assert len(drawn) == 20
    assert {case.path for case in drawn} == {load_profiles()[profile].path}


@pytest.mark.parametrize("profile", PROFILES)
def test_coverage_violations_of_the_body_lead_to_requirements(profile: str) -> None:
    document = contract_document(profile)
    valid = _body(document)
    cases = [
        case
        for case in _coverage(_operation(contract_document(profile)), GenerationMode.NEGATIVE)
        if str(case.meta.phase.data.parameter_location).endswith("BODY") and case.meta.phase.data.location
    ]
    assert len(cases) > 150
    assert not [case.body for case in cases if valid.is_valid(case.body)]
    assert not [
        case.meta.phase.data.location
        for case in cases
        if requirement_at(document, _pointer(case.meta.phase.data)) is None
    ]


@pytest.mark.parametrize("profile", PROFILES)
def test_the_rest_of_a_violation_carries_a_real_prompt(profile: str) -> None:
    cases = _coverage(_operation(contract_document(profile)), GenerationMode.NEGATIVE)
    prompts = {
        turn.get("content")
        for case in cases
        if str(case.meta.phase.data.location).startswith("/properties/max_tokens/")
        for turn in case.body["messages"]
    }
    assert prompts == {"Reply with the single word: pong"}


def _pointer(data: Any) -> str:
    """The location of a violation; a missing property is named by the description alone."""
    missing = data.description.rpartition("Missing required property: ")
    return f"{data.location}/{missing[2]}" if missing[1] else str(data.location)


@pytest.mark.parametrize("profile", PROFILES)
def test_coverage_of_the_capped_document_stays_within_both(profile: str) -> None:
    bodies = [
        case.body
        for case in _coverage(_operation(generation_document(profile)), GenerationMode.POSITIVE)
        if str(case.meta.phase.data.parameter_location).endswith("BODY")
    ]
    assert len(bodies) > 30
    assert all(_body(generation_document(profile)).is_valid(body) for body in bodies)
    assert all(_body(contract_document(profile)).is_valid(body) for body in bodies)
    assert {len(body["messages"]) for body in bodies} == {1, 2, 3}
