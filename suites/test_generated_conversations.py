"""Conversations drawn for this run: valid ones are served, and each of them, broken in one place, is refused."""

from conformance.generation import generated
from conformance.generation.conversations import conversation_items
from conformance.suite import Judged


@generated(conversation_items)
def test_a_drawn_conversation_is_served_or_refused_as_it_deserves(case: Judged) -> None:
    case.judge()
