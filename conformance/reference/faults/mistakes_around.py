"""Kinds of mistakes around the members of a body: in headers, and in bodies that are no JSON or no object."""

import json
from collections.abc import Callable
from typing import Any

from conformance.reference.decoding import too_deep
from conformance.reference.faults.mistakes import Kind, Mistake, has, is_number
from conformance.reference.seams import Context


def _authorization(test: Callable[[list[str]], bool]) -> Callable[[Any, Context], bool]:
    """Whether the words of the Authorization header pass a test."""
    return lambda _, context: any(test(value.split()) for value in context.request.values("authorization"))


def _version(test: Callable[[str], bool]) -> Callable[[Any, Context], bool]:
    return lambda _, context: test((context.request.header("anthropic-version") or "").strip())


def _dated(value: str) -> bool:
    return value.replace("-", "").isdigit()


HEADER_MISTAKES: tuple[Mistake, ...] = (
    Mistake("scheme-unknown", "authorization-form", "another scheme", _authorization(lambda words: len(words) == 2)),
    Mistake(
        "scheme-alone",
        "authorization-form",
        "a scheme without a token",
        _authorization(lambda words: len(words) == 1 and words[0].lower() == "bearer"),
    ),
    Mistake(
        "token-bare",
        "authorization-form",
        "a token without a scheme",
        _authorization(lambda words: len(words) == 1 and words[0].lower() != "bearer"),
    ),
    Mistake("version-of-another-day", "version-known", "an unknown date as version", _version(_dated)),
    Mistake("version-a-word", "version-known", "a word as version", _version(lambda value: not _dated(value))),
)
"""Headers."""


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _mended(mend: Callable[[str], str]) -> Callable[[Any, Context], bool]:
    """Whether a text that is not JSON becomes JSON so."""
    return lambda text, context: isinstance(text, str) and _parses(mend(text))


def _root_is(kind: Kind) -> Callable[[Any, Context], bool]:
    return lambda value, context: kind(value)


RAW_MISTAKES: tuple[Mistake, ...] = (
    Mistake("body-unclosed", "body-json", "JSON that is never closed", _mended(lambda text: text + "}")),
    Mistake("body-cut-off", "body-json", "JSON cut off before a value", _mended(lambda text: text + "null}")),
    Mistake("body-with-last-comma", "body-json", "JSON with a comma too many", _mended(lambda text: text[:-2] + "}")),
    Mistake("body-in-single-quotes", "body-json", "single quotes", _mended(lambda text: text.replace("'", '"'))),
    Mistake("body-an-array", "body-object", "an array as body", _root_is(has(list))),
    Mistake("body-a-string", "body-object", "a string as body", _root_is(has(str))),
    Mistake("body-a-number", "body-object", "a number as body", _root_is(is_number)),
    Mistake("body-null", "body-object", "null as body", _root_is(lambda value: value is None)),
    Mistake("body-too-deep", "body-unicode", "a body nested without end", lambda value, _: too_deep(value)),
)
"""Bodies that are no JSON, or no object."""
