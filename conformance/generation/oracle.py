"""Answers against the schemas of the contract: what departs from them, where, and which requirement that breaks.

It is no rule of a run. The passive rules judge the same members with more knowledge (of the request, of the profile's
tables) and say better what was expected; this is the second opinion that they are held to in the tests.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from conformance.contract.documents import json_schema, requirement_at, schema_names

Departure = tuple[str, str, str | None]  #: JSON pointer into the answer, message, requirement

_AT = "/paths/~1x/post/requestBody/content/application~1json/schema"


@cache
def _judge(name: str, profile: str) -> tuple[Mapping[str, Any], Draft202012Validator]:
    """A document that `requirement_at` can walk, and the validator of the schema in it."""
    schema = json_schema(name, profile)
    content = {"application/json": {"schema": schema}}
    document = {**schema, "paths": {"/x": {"post": {"requestBody": {"content": content}}}}}
    return document, Draft202012Validator(schema)


def departures(profile: str, name: str, answer: Any) -> Iterator[Departure]:
    """Where a JSON value departs from the schema `name` ("message", "error", "event.ping", …)."""
    document, validator = _judge(name, profile)
    for error in validator.iter_errors(answer):
        steps = [str(step).replace("~", "~0").replace("/", "~1") for step in error.absolute_schema_path]
        if error.validator == "required":
            steps.append(next(key for key in error.validator_value if error.message.startswith(repr(key))))
        pointer = "".join(f"/{step}" for step in error.absolute_path)
        yield pointer, error.message, requirement_at(document, f"{_AT}/{'/'.join(s for s in steps if s != '$ref')}")


def departures_of_body(profile: str, status: int, body: Any) -> Iterator[Departure]:
    """Where a JSON body departs from what its status promises: a message with 200, an error envelope otherwise."""
    yield from departures(profile, "message" if status == 200 else "error", body)


def departures_of_event(profile: str, data: Any) -> Iterator[Departure]:
    """Where the data of an event departs from the schema of its `type`; an unknown type is a server's freedom."""
    kind = data.get("type") if isinstance(data, Mapping) else None
    if f"event.{kind}" in schema_names():
        yield from departures(profile, f"event.{kind}", data)
