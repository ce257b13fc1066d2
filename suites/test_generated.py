"""Requests that a generator wrote: the frozen corpus, which counts, and live draws, which are listed beside it."""

from conformance.generation import generated
from conformance.generation.corpus import corpus_items
from conformance.generation.live import live_items
from conformance.suite import Judged


@generated(corpus_items)
def test_a_request_of_the_corpus_is_answered_as_the_contract_says(case: Judged) -> None:
    case.judge()


@generated(live_items)
def test_a_request_drawn_for_this_run_is_answered_as_the_contract_says(case: Judged) -> None:
    case.judge()
