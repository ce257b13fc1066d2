"""Usage accounting of a message (USG-001 to -009). Where a count has the wrong type, what rests on it is silent."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from conformance.contract import Profile
from conformance.evidence.run import Record, Run, Terms
from conformance.rules.answers import at, has, has_prompt, is_count, max_tokens, pointer
from conformance.rules.findings import Finding, Where, broken, check, held, note, shown
from conformance.rules.judged import about_message, is_judged
from conformance.rules.registry import JSON_ONLY, Fold, folding_rule
from conformance.rules.scope import judged_messages
from conformance.wire.jsontext import JSON
from conformance.wire.reading import Reading

Message = Mapping[str, Any]

#: Counts named without a vendor's prefix (USG-003).
PLAIN_COUNTS = ("total_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
#: Counts of the cache under upstream names (USG-006), and the parts of the second by lifetime.
CACHE_COUNTS = ("cache_creation_input_tokens", "cache_read_input_tokens")
CACHE_PARTS = "cache_creation"
#: The same count under both names (USG-007): plain, upstream.
SYNONYMS = (("cache_read_tokens", "cache_read_input_tokens"), ("cache_write_tokens", "cache_creation_input_tokens"))
REASONING = ("reasoning_tokens", "output_tokens_details.thinking_tokens")


def usage_of(message: Message) -> Message | None:
    """The usage of a message, or None when it has no such object."""
    usage = message.get("usage")
    return usage if isinstance(usage, Mapping) else None


def _place(path: str) -> Where:
    return Where(pointer="/usage" + pointer(path))


def _count(usage: Message | None, path: str | None) -> int | None:
    value = at(usage, path) if path else None
    return value if is_count(value) else None


def cache_counts(usage: Message) -> tuple[tuple[int, ...], ...]:
    """For each of the two cache counts the values it has under its names."""
    return tuple(tuple(value for name in names if is_count(value := usage.get(name))) for names in SYNONYMS)


def total_input(usage: Message | None, profile: Profile) -> int | None:
    """Input with both cache counts, whichever names they have; None when the input count is no count."""
    fresh = _count(usage, profile.usage.input)
    if usage is None or fresh is None:
        return None
    return fresh + sum(max(values, default=0) for values in cache_counts(usage))


def leaves_cache_open(profile: Profile) -> bool:
    """Whether the profile's counts of the cache have the plain names, of which no document tells whether the input
    tokens hold them; those with upstream names are counted beside the input (contract.md §3)."""
    return profile.usage.cache_read in PLAIN_COUNTS


@about_message("USG-001", modes=JSON_ONLY)
def usage_is_there(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """USG-001; null is none. A stream's is judged by STRM-006 and STRM-019."""
    seen = shown(message["usage"]) if "usage" in message else "no such key"
    yield check("USG-001", usage_of(message) is not None, "an object", seen, Where(pointer="/usage"))


@about_message("USG-002")
def token_counts(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """USG-002."""
    usage, names = usage_of(message), terms.profile.usage
    for path in (names.input, names.output) if usage is not None else ():
        yield _counted("USG-002", usage, path)


def _counted(requirement: str, usage: JSON, path: str, nullable: bool = False) -> Finding:
    value = at(usage, path)
    holds = is_count(value) or (nullable and value is None)
    seen = shown(value) if has(usage, path) else "no such key"
    return check(requirement, holds, "a non-negative integer" + " or null" * nullable, seen, _place(path))


@about_message("USG-003")
def plain_counts(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """USG-003, for each of the names that is there."""
    usage = usage_of(message) or {}
    return [_counted("USG-003", usage, name) for name in PLAIN_COUNTS if name in usage]


@about_message("USG-004")
def total_is_the_sum(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """USG-004: with or without either cache count, whose place in the sum no document tells.

    In a stream a total that only `message_start` gave is as old as the output count beside it: silence.
    """
    if reading.is_stream and not _total_is_final(reading, terms):
        return
    usage, names = usage_of(message) or {}, terms.profile.usage
    total, parts = (
        _count(usage, names.total or PLAIN_COUNTS[0]),
        (_count(usage, names.input), _count(usage, names.output)),
    )
    if total is None or parts[0] is None or parts[1] is None:
        return
    read, written = cache_counts(usage)
    sums = sorted({parts[0] + parts[1] + sum(cache) for cache in product((0, *read), (0, *written))})
    below = total < max(parts[0], parts[1])
    expected = "at least input and output each" if below else " or ".join(map(str, sums))
    yield check("USG-004", total in sums, expected, str(total), _place(names.total or PLAIN_COUNTS[0]))


def _total_is_final(reading: Reading, terms: Terms) -> bool:
    """Whether the last `message_delta` repeats the total."""
    deltas = [event.data for event in reading.events if event.type == "message_delta" and event.data is not None]
    usage = deltas[-1].get("usage") if deltas else None
    return isinstance(usage, Mapping) and (terms.profile.usage.total or PLAIN_COUNTS[0]) in usage


@about_message("USG-005")
def reasoning_is_part_of_output(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """USG-005; what is no count is not within the output either. The type of the plain name is USG-003's question."""
    usage = usage_of(message)
    output = _count(usage, terms.profile.usage.output)
    for path in REASONING:
        value, count = at(usage, path), _count(usage, path)
        if value is not None and count is None and path not in PLAIN_COUNTS:
            yield broken("USG-005", "a non-negative integer", shown(value), _place(path))
        elif count is not None and output is not None:
            yield check("USG-005", count <= output, f"at most output {output}", str(count), _place(path))


@about_message("USG-006")
def cache_counts_are_sound(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """USG-006: types, and the sum of the parts where all of them are counts.

    What a stream begins with is looked at as well: a client that shows it has it before `message_delta` mends it.
    """
    usage, begun = usage_of(message) or {}, _begun(reading)
    yield from (_counted("USG-006", begun, name, nullable=True) for name in CACHE_COUNTS if name in begun)
    yield from (_counted("USG-006", usage, name, nullable=True) for name in CACHE_COUNTS if name in usage)
    parts, whole = usage.get(CACHE_PARTS), _count(usage, CACHE_COUNTS[0])
    if parts is not None and not isinstance(parts, Mapping):
        yield broken("USG-006", "an object or null", shown(parts), _place(CACHE_PARTS))
    elif parts and whole is not None and all(is_count(value) for value in parts.values()):
        seen = f"parts of {sum(parts.values())}"
        yield check("USG-006", sum(parts.values()) == whole, f"parts that sum to {whole}", seen, _place(CACHE_PARTS))


def _begun(reading: Reading) -> Message:
    """The usage of `message_start`, where there is one."""
    start = next((event.data for event in reading.events if event.type == "message_start"), None)
    usage = at(start, "message.usage") if reading.is_stream else None
    return usage if isinstance(usage, Mapping) else {}


@about_message("USG-007")
def synonyms_agree(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """USG-007, where both names are there."""
    usage = usage_of(message)
    for plain, upstream in SYNONYMS:
        first, second = _count(usage, plain), _count(usage, upstream)
        if first is not None and second is not None:
            yield check("USG-007", first == second, f"{second}, as in {upstream}", str(first), _place(plain))


@folding_rule("USG-007")
def one_family_alone(run: Run) -> Fold:
    """A note, once in a run: official clients read the upstream names only and show no cache counts."""
    return FamilyAlone()


@dataclass(slots=True)
class FamilyAlone:
    """The first exchange whose usage has the plain names alone."""

    first: int | None = None

    def take(self, record: Record) -> None:
        """Look at the usage of an exchange."""
        if self.first is None and any(_is_plain_alone(usage) for usage in _usages(record)):
            self.first = record.seq

    def findings(self) -> Iterator[Finding]:
        """The note."""
        if self.first is not None:
            seen = "the plain names alone, which official clients do not read"
            yield note("USG-007", "cache counts under both names", seen, Where(self.first, "/usage"))


def _usages(record: Record) -> Iterator[Message]:
    for _, message in judged_messages(record.reading):
        if is_judged(message, record.reading) and (usage := usage_of(message)) is not None:
            yield usage


def _is_plain_alone(usage: Message) -> bool:
    return any(plain in usage for plain, _ in SYNONYMS) and not any(upstream in usage for _, upstream in SYNONYMS)


@about_message("USG-008", modes=JSON_ONLY)
def input_is_counted(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """USG-008; the input may be small or 0 when the prompt is cached, the sum may not. Streams: STRM-007."""
    total = total_input(usage_of(message), terms.profile)
    if total is not None and has_prompt(reading):
        place = _place(terms.profile.usage.input)
        yield check("USG-008", total > 0, "a total input above 0", str(total), place)


@about_message("USG-009")
def output_is_counted(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """USG-009; a refusal may count nothing."""
    output = _count(usage_of(message), terms.profile.usage.output)
    if output is None or max_tokens(reading) is None or message.get("stop_reason") == "refusal":
        return
    place = _place(terms.profile.usage.output)
    yield held("USG-009", place) if output else broken("USG-009", "at least 1", "0", place)
