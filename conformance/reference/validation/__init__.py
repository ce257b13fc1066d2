"""The rules a body must satisfy before the model sees it, as one table in the order they are applied."""

from conformance.reference.refusal import Refusal
from conformance.reference.seams import Context
from conformance.reference.validation._types import Body, Rule
from conformance.reference.validation.extras import EXTRA_RULES
from conformance.reference.validation.messages import MESSAGE_RULES
from conformance.reference.validation.root import MODEL_RULES, ROOT_RULES
from conformance.reference.validation.tools import TOOL_RULES

RULES: tuple[Rule, ...] = (*ROOT_RULES, *MESSAGE_RULES, *EXTRA_RULES, *TOOL_RULES, *MODEL_RULES)

COUNTING_EXEMPT = frozenset({"max-tokens-present", "thinking-budget"})
"""Rules that do not hold for counting tokens, which takes no max_tokens (contract, OPT-001)."""


def validate(body: Body, context: Context, counting: bool = False) -> None:
    """Raise the refusal of the first rule the body breaks, except those that a fault leaves out."""
    for rule in RULES:
        if context.seams.drops(rule.name, context, body) or not rule.applies(context):
            continue
        if counting and rule.name in COUNTING_EXEMPT:
            continue
        problem = rule.check(body, context)
        if problem is not None:
            raise Refusal(rule.status, problem, rule.name)


__all__ = ["COUNTING_EXEMPT", "RULES", "Rule", "validate"]
