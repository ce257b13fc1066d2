"""What must not matter does not: how a text is wrapped, and how the JSON around it is written (EQV-005, EQV-006)."""

import json
from typing import Any

from conformance.suite import PLAIN_CONTROL, Judged, cases, expects, per_profile, probe, requirement, same_outcome
from conformance.suite_bodies import CONVERSATION, CONVERSATION_BODY, ONE_BLOCK
from conformance.suite_tools import HISTORY, RESULT_BLOCKS

#: Tokens: a counter may count the word `text` or a separator; one that counts the JSON around a text counts more.
SLACK = 5

same_tokens = per_profile(
    myrouter=expects("same-input-tokens", tolerance=0.02, slack=SLACK, inclusive=True),
    anthropic=expects("same-input-tokens", slack=SLACK),
)


def reversed_members(value: Any) -> Any:
    """The value with the members of every object in reverse order."""
    if isinstance(value, dict):
        return {name: reversed_members(value[name]) for name in reversed(value)}
    return [reversed_members(item) for item in value] if isinstance(value, list) else value


BACKWARDS = probe("conversation, members reversed", reversed_members(CONVERSATION_BODY))
SPACIOUS = probe(
    "conversation, white space", json.dumps(CONVERSATION_BODY, indent="\t", separators=(" ,\r\n", " : ")).encode()
)


@requirement("EQV-005")
@cases(same_tokens, one_block=(PLAIN_CONTROL, ONE_BLOCK), tool_result=(HISTORY, RESULT_BLOCKS))
def test_a_string_and_one_text_block_cost_the_same_input_tokens(case: Judged) -> None:
    case.judge()


@requirement("EQV-006")
@cases(same_outcome(), white_space_outcome=(CONVERSATION, SPACIOUS))
@cases(same_tokens, control=None, white_space_tokens=(CONVERSATION, SPACIOUS))
@cases(same_outcome(), outcome=(CONVERSATION, BACKWARDS))
@cases(same_tokens, control=None, tokens=(CONVERSATION, BACKWARDS))
def test_the_order_of_members_and_white_space_do_not_matter(case: Judged) -> None:
    case.judge()
