"""Surfaces beside the messages: counting tokens, listing models, and those that are not there (OPT-001 to OPT-004)."""

from typing import Any

from conformance.suite import (
    PLAIN,
    PLAIN_CONTROL,
    Call,
    Judged,
    Probe,
    cases,
    expects,
    probe,
    refused,
    requirement,
    without,
)
from conformance.suite_bodies import FILLER
from conformance.suite_tools import GET_CODE

BODY = without(PLAIN, "max_tokens")
#: Enough of each that a count without it differs by more than the two counts may.
PRELUDE = {"system": FILLER * 12, "tools": [GET_CODE | {"description": FILLER * 12}]}


def counting(name: str, body: dict[str, Any], *needed: str) -> Probe:
    """A request to count the input tokens of a body."""
    return probe(name, Call(body, path="/count_tokens"), capabilities=("count-tokens", *needed))


COUNT = counting("count", BODY)
COUNT_PRELUDE = counting("count system and tools", BODY | PRELUDE, "tools")
MESSAGE_PRELUDE = probe("system and tools", PLAIN | PRELUDE, capabilities=("count-tokens", "tools"))


@requirement("OPT-001")
@cases(expects("counted"), plain=COUNT, system_and_tools=COUNT_PRELUDE)
@cases(
    refused,
    control=COUNT,
    no_messages=counting("count without messages", without(BODY, "messages")),
    empty_messages=counting("count of no messages", BODY | {"messages": []}),
)
def test_input_tokens_are_counted(case: Judged) -> None:
    case.judge()


@requirement("OPT-002")
@cases(
    expects("counts-like-usage"),
    plain=(COUNT, PLAIN_CONTROL),
    system_and_tools=(COUNT_PRELUDE, MESSAGE_PRELUDE),
)
def test_the_count_agrees_with_usage(case: Judged) -> None:
    case.judge()


@requirement("OPT-003")
@cases(expects("lists-models"), page=probe("models", Call(method="GET", path="~models"), capabilities=("models",)))
def test_models_are_listed(case: Judged) -> None:
    case.judge()


@requirement("OPT-004")
@cases(
    expects("no-such-surface"),
    batches=probe("batches", Call({}, path="/batches")),
    model=probe("a model that is not there", Call(method="GET", path="~models/ct-none")),
)
def test_what_is_not_offered_is_not_found(case: Judged) -> None:
    case.judge()
