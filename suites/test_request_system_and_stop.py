"""system is a string or text blocks, stop_sequences an array of strings, cache_control an ephemeral mark (REQ-030 to
REQ-035, REQ-050, REQ-051, REQ-053, REQ-054)."""

from conformance.suite import PLAIN, Judged, accepted, cases, probe, refused, requirement, text
from conformance.suite_bodies import (
    CACHED_BLOCK,
    CACHED_SYSTEM,
    PONG,
    STOPS,
    STOPS_STRING,
    SYSTEM,
    SYSTEM_BLOCKS,
    SYSTEM_NUMBER,
    blocks,
)
from conformance.suite_tools import GET_CODE, TOOLED, offering, tooled

EPHEMERAL = {"type": "ephemeral"}
FIVE_MINUTES = EPHEMERAL | {"ttl": "5m"}
#: One more than other interfaces allow.
FIVE = [f"QQHALT{number}QQ" for number in range(1, 6)]
ONE_HOUR = EPHEMERAL | {"ttl": "1h"}


def cached_system(mark: dict[str, str]) -> dict[str, object]:
    """The plain body with a system block that has this mark."""
    return PLAIN | {"system": [text("You are terse.", cache_control=mark)]}


def cached_behind(mark: dict[str, str]) -> dict[str, object]:
    """The plain body as a block that has this mark, behind a system prompt."""
    return blocks(PONG | {"cache_control": mark}) | {"system": "You are terse."}


CACHED_BEHIND = probe("cached block behind a system prompt", cached_behind(EPHEMERAL))


@requirement("REQ-030")
@cases(accepted, string=SYSTEM)
def test_a_system_string_is_accepted(case: Judged) -> None:
    case.judge()


@requirement("REQ-031")
@cases(
    accepted,
    blocks=SYSTEM_BLOCKS,
    cached=CACHED_SYSTEM,
)
def test_system_text_blocks_are_accepted(case: Judged) -> None:
    case.judge()


@requirement("REQ-032")
@cases(
    refused,
    control=SYSTEM,
    number=SYSTEM_NUMBER,
    object=PLAIN | {"system": {}},
    image=PLAIN | {"system": [{"type": "image"}]},
)
def test_a_system_of_a_wrong_type_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-033")
@cases(
    refused,
    control=STOPS,
    string=STOPS_STRING,
    numbers=PLAIN | {"stop_sequences": ["ZZSTOPZZ", 1]},
    object=PLAIN | {"stop_sequences": {}},
)
def test_stop_sequences_of_a_wrong_type_are_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-034")
@cases(accepted, one=STOPS, none=PLAIN | {"stop_sequences": []}, five=PLAIN | {"stop_sequences": FIVE})
def test_well_formed_stop_sequences_are_accepted(case: Judged) -> None:
    case.judge()


@requirement("REQ-035")
@cases(
    refused,
    control=STOPS,
    empty=PLAIN | {"stop_sequences": [""]},
    whitespace=PLAIN | {"stop_sequences": ["\n"]},
)
def test_a_blank_stop_sequence_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-050")
@cases(accepted, text_block=CACHED_BLOCK)
def test_cache_control_on_a_block_is_accepted(case: Judged) -> None:
    case.judge()


@requirement("REQ-051")
@cases(
    refused,
    control=CACHED_BLOCK,
    unknown_type=blocks(PONG | {"cache_control": {"type": "x"}}),
    unknown_ttl=blocks(PONG | {"cache_control": EPHEMERAL | {"ttl": "9h"}}),
    five_marks=blocks(*(PONG | {"cache_control": EPHEMERAL} for _ in range(5))),
)
def test_an_invalid_cache_control_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-053")
@cases(
    accepted,
    control=CACHED_BLOCK,
    five_minutes=blocks(PONG | {"cache_control": FIVE_MINUTES}),
    one_hour=blocks(PONG | {"cache_control": ONE_HOUR}),
)
@cases(accepted, control=CACHED_BEHIND, one_hour_behind_system=cached_behind(ONE_HOUR))
@cases(accepted, control=CACHED_SYSTEM, one_hour_in_system=cached_system(ONE_HOUR))
@cases(
    accepted, control=TOOLED, one_hour_on_a_tool=tooled("cached tool", offering(GET_CODE | {"cache_control": ONE_HOUR}))
)
def test_cache_control_with_a_time_to_live_is_accepted(case: Judged) -> None:
    case.judge()


@requirement("REQ-054")
@cases(accepted, top_level=PLAIN | {"cache_control": EPHEMERAL})
def test_cache_control_for_the_whole_request_is_accepted(case: Judged) -> None:
    case.judge()
