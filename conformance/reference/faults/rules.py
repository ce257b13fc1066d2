"""Faults in what is refused: a rule left out, or a refusal that comes as a server error."""

from conformance.reference.acceptance import HEADER_RULES
from conformance.reference.faults._edit import ANTHROPIC, BOTH, MYROUTER, Row, put, refusal_of, table
from conformance.reference.seams import Fault, Seam
from conformance.reference.validation import RULES

NOT_JUDGED = frozenset(
    {
        *("content-type", "charset", "role-system", "max-tokens-limit", "system-blank", "metadata-user"),
        *("prefill-space", "tool-kind", "tools-nested", "choice-declared", "tool-use-fields", "tool-result-fields"),
        *("max-tokens-zero", "image-bytes", "body-size"),
    }
)
"""Rules the contract leaves to the server, or that have a fault of their own below."""

OPTIONAL_IN_MYROUTER = frozenset({"REQ-041", "REQ-042", "TOOL-009"})
"""Requirements that are MAY there, and of which nothing is said when what they refuse is served."""

DECODING_RULES = {
    "body-json": "REQ-047",
    "body-present": "REQ-048",
    "body-object": "REQ-048",
    "body-encoding": "HDR-017",
}


def _unchecked() -> tuple[Fault, ...]:
    rules = [(rule.name, rule.requirement, BOTH) for rule in HEADER_RULES]
    rules += [(rule.name, rule.requirement, rule.profiles) for rule in RULES]
    rules += [(name, requirement, BOTH) for name, requirement in DECODING_RULES.items()]
    return tuple(
        Fault(
            id=f"unchecked-{name}",
            seam=Seam.RULE,
            requirement=requirement,
            description=f"what the rule {name} refuses is served",
            rule=name,
            profiles=ANTHROPIC if requirement in OPTIONAL_IN_MYROUTER else profiles,
        )
        for name, requirement, profiles in rules
        if name not in NOT_JUDGED
    )


CRASHES: tuple[Row, ...] = tuple(
    (name, requirement, text, refusal_of(rule, 500))
    for name, requirement, text, rule in (
        ("malformed-body-crashes", "REQ-047", "a body that is not JSON gets 500", "body-json"),
        ("null-body-crashes", "REQ-048", "a body that is not an object gets 500", "body-object"),
        ("wrong-type-crashes", "ERR-006", "a system prompt of a wrong type gets 500", "system-type"),
        ("surrogate-crashes", "REQ-049", "a lone surrogate gets 500", "body-unicode"),
        ("invalid-utf8-crashes", "REQ-049", "a body that is not UTF-8 gets 500", "body-charset"),
        ("plain-text-crashes", "HDR-008", "a text/plain body gets 500", "content-type"),
        ("unknown-encoding-crashes", "HDR-017", "an unknown content encoding gets 500", "content-encoding"),
        ("malformed-credential-crashes", "AUTH-006", "a malformed Authorization gets 500", "authorization-form"),
        ("bogus-token-crashes", "AUTH-004", "an unknown Bearer token gets 500", "bearer-known"),
        ("large-body-crashes", "HTTP-010", "a body above the limit gets 500", "body-size"),
        ("non-object-message-crashes", "REQ-005", "a message that is not an object gets 500", "message-object"),
        ("restricted-key-crashes", "AUTH-010", "a credential without permission gets 500", "permitted"),
        ("unknown-path-crashes", "HTTP-006", "an unknown path gets 500", "path"),
    )
)

ORPHANED = Fault(
    "orphaned-result-crashes",
    Seam.REFUSAL,
    "ERR-006",
    "a result without its call gets 500",
    refusal_of("results-orphaned", 500),
    also=("TOOL-020",),
)
"""No declared case of ERR-006 looks at tools: it shows in other traffic alone."""

RULE_FAULTS: tuple[Fault, ...] = (
    ORPHANED,
    *_unchecked(),
    Fault(
        "zero-tokens-accepted",
        Seam.RULE,
        "REQ-022",
        "max_tokens 0 is accepted",
        rule="max-tokens-zero",
        profiles=MYROUTER,
    ),
    *table(
        Seam.BODY,
        [("zero-tokens-generates", "REQ-022", "max_tokens 0 gets text", put("max_tokens", lambda old: old or 32))],
        ANTHROPIC,
    ),
    *table(Seam.REFUSAL, CRASHES),
)
