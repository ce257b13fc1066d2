"""Kinds of expectation about what answers that a limit cut have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from conformance.rules.answers import at, is_count, max_tokens
from conformance.rules.expectations import kind
from conformance.rules.findings import Finding, check, unjudged
from conformance.rules.reached import message_of, stop_reason

if TYPE_CHECKING:
    from conformance.rules.cases import Evidence

#: Tokens: one that ends a sequence, and one of which half a letter is left, are counted or not.
APART = 2


@kind("same-output-at-limit", valid=True)
def same_output_at_limit(evidence: Evidence, args: Mapping[str, Any]) -> Iterable[Finding]:
    """Answers that the same limit cut, by their own word, count as many output tokens, APART tokens more or less."""
    readings = [rows[-1].reading for rows in evidence.probes]
    place = f"usage.{evidence.run.terms.profile.usage.output}"
    counts = [at(message_of(reading), place) for reading in readings]
    numbers = [count for count in counts if is_count(count)]
    if len(set(map(max_tokens, readings))) > 1 or any(stop_reason(reading) != "max_tokens" for reading in readings):
        yield unjudged("", "not every answer says that the same limit cut it")
    elif len(numbers) < len(counts):
        yield unjudged("", "an answer has no count of output tokens")
    else:
        holds, seen = max(numbers) - min(numbers) <= APART, " and ".join(map(str, numbers))
        yield check("", holds, "as many output tokens where the same limit cuts the answer", f"output_tokens {seen}")
