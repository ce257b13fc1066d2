"""What only the operator of a target knows or may allow, and which probes wait for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

LARGE_BODY = "large-body"
LONG_CONTEXT = "long-context"

#: Probes that cost much are sent only when they are asked for by these names (`--include`).
COSTLY = (LARGE_BODY, LONG_CONTEXT)

LARGE = 33 * 1024 * 1024  #: bytes; the documented limit of the upstream edge is 32 MB (contract.md, HTTP-010)
BEYOND = 1.2  #: times the context window, in words of one token or more (contract.md, REQ-052)

#: Placeholders for bodies and headers, filled in when a request is rendered.
PADDING, TOO_LONG = "{padding}", "{too-long}"
FIRST_BETA, SECOND_BETA, BOTH_BETAS = "{beta-1}", "{beta-2}", "{betas}"


@dataclass(frozen=True, slots=True)
class Operator:
    """`restricted_key` may not use the model; `betas` are names the target accepts each alone; `context_window` is in
    tokens; `include` holds names out of COSTLY."""

    restricted_key: str | None = field(default=None, repr=False)
    betas: tuple[str, ...] = ()
    context_window: int | None = None
    include: frozenset[str] = frozenset()


#: What a probe may need, by the name it gives: whether the operator gave it, and what is said where not.
NEEDS: Mapping[str, tuple[Callable[[Operator], bool], str]] = {
    "restricted-key": (
        lambda operator: operator.restricted_key is not None,
        "only with restricted-key-env, which names the variable with a second key that may not use the model",
    ),
    "two-betas": (
        lambda operator: len(operator.betas) > 1,
        "only with accepted-betas, which gives two beta names that the target accepts",
    ),
    LARGE_BODY: (
        lambda operator: LARGE_BODY in operator.include,
        f"only with include {LARGE_BODY}: it sends 33 MB",
    ),
    LONG_CONTEXT: (
        lambda operator: LONG_CONTEXT in operator.include and operator.context_window is not None,
        f"only with include {LONG_CONTEXT} and context-window: it sends a prompt longer than the window",
    ),
}


def missing(needs: str, operator: Operator) -> str:
    """Why a probe with this need is not sent, or ""."""
    if not needs:
        return ""
    given, reason = NEEDS[needs]
    return "" if given(operator) else reason


def placeholders(operator: Operator) -> Mapping[str, Callable[[], str]]:
    """The texts that stand for what the operator gave; made only when one is used."""
    betas = (*operator.betas, "", "")
    return {
        FIRST_BETA: lambda: betas[0],
        SECOND_BETA: lambda: betas[1],
        BOTH_BETAS: lambda: ",".join(betas[:2]),
        PADDING: lambda: _repeated("padding ", LARGE // 8),
        TOO_LONG: lambda: _repeated("harbour ", int(BEYOND * (operator.context_window or 0)) + 1),
    }


@cache
def _repeated(word: str, times: int) -> str:
    return word * times
