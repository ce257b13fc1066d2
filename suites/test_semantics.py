"""What the message says about its generation is true: limits, stops, history, characters (SEM-001 to SEM-013)."""

from conformance.suite import (
    PLAIN_CONTROL,
    STREAM_CONTROL,
    Judged,
    assistant,
    cases,
    expects,
    probe,
    requirement,
    rides_on,
    user,
)
from conformance.suite_bodies import (
    CACHED_SYSTEM,
    CONVERSATION,
    CUT,
    CUT_STREAM,
    LONG_HISTORY,
    LONG_SYSTEM,
    ONE_BLOCK,
    ONE_TOKEN,
    ONE_TOKEN_STREAM,
    STOPPED,
    STOPPED_STREAM,
    SYSTEM_BLOCKS,
    TWO_BLOCKS,
    TWO_TURNS,
    UNSTOPPED,
    asked,
    said,
    twin,
)
from conformance.suite_tools import (
    CALLING,
    CALLING_STREAM,
    CHARACTERS,
    CHARACTERS_CALL,
    CHARACTERS_STREAM,
    FORCED,
    FORCED_STREAM,
    HISTORY,
    NO_RESULT,
    TOOLED,
)

PREFILL = "The capital of France is Par"
PREFILLED = said(user("What is the capital of France? Answer in one sentence."), assistant(PREFILL))
WORDS = ["北京今天多云", "🌦", "naïve", "Привет"]
FAR_WORDS = probe(
    "words beyond ASCII", asked("Repeat exactly, and write nothing else: 北京今天多云 🌦️ naïve Привет", 96)
)
#: Tokens that 500 characters of English cost at the very least: a turn that does not reach the model costs none.
FEWEST = 60
#: What UTF-8 read as Latin-1 begins with.
ARTEFACTS = ["Ã", "å", "Ð", "ð"]


@requirement("SEM-001")
@rides_on(CUT, CUT_STREAM, ONE_TOKEN, ONE_TOKEN_STREAM)
def test_output_tokens_stay_within_max_tokens(traffic: Judged) -> None:
    traffic.judge()


@requirement("SEM-002")
@cases(expects("cut-by-limit"), json=CUT, streamed=CUT_STREAM)
def test_an_answer_cut_by_the_limit_says_max_tokens(case: Judged) -> None:
    case.judge()


@requirement("SEM-003")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL, TOOLED, CALLING, CALLING_STREAM)
def test_stop_reason_tool_use_comes_with_a_tool_use_block(traffic: Judged) -> None:
    traffic.judge()


@requirement("SEM-004")
@rides_on(CALLING, CALLING_STREAM, FORCED, FORCED_STREAM)
def test_a_tool_use_block_comes_with_stop_reason_tool_use(traffic: Judged) -> None:
    traffic.judge()


@requirement("SEM-005")
@cases(expects("stops-at-sequence"), json=STOPPED, streamed=STOPPED_STREAM)
def test_generation_ends_at_a_stop_sequence(case: Judged) -> None:
    case.judge()


@requirement("SEM-006")
@cases(
    expects("stop-reported"),
    json=(STOPPED, UNSTOPPED),
    streamed=(STOPPED_STREAM, UNSTOPPED),
)
def test_a_halt_at_a_stop_sequence_is_reported_with_it(case: Judged) -> None:
    case.judge()


@requirement("SEM-007")
@rides_on(PLAIN_CONTROL, STOPPED, STOPPED_STREAM)
def test_stop_sequence_is_null_or_one_that_was_asked_for(traffic: Judged) -> None:
    traffic.judge()


@requirement("SEM-008")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_without_stop_sequences_none_is_reported(traffic: Judged) -> None:
    traffic.judge()


@requirement("SEM-009")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_without_tools_none_is_used(traffic: Judged) -> None:
    traffic.judge()


@requirement("SEM-010")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_without_server_tools_no_turn_is_paused(traffic: Judged) -> None:
    traffic.judge()


@requirement("SEM-011")
@cases(expects("prefill-continued", prefill=PREFILL, goes_on="is"), sentence=PREFILLED)
def test_a_prefill_is_continued_and_not_repeated(case: Judged) -> None:
    case.judge()


@requirement("SEM-012")
@cases(
    expects("more-input-tokens", least=FEWEST),
    history=(PLAIN_CONTROL, LONG_HISTORY),
    system=(CONVERSATION, LONG_SYSTEM),
)
@cases(
    expects("more-input-tokens"),
    turns_in_a_row=(PLAIN_CONTROL, TWO_TURNS),
    blocks=(ONE_BLOCK, TWO_BLOCKS),
    system_blocks=(CACHED_SYSTEM, SYSTEM_BLOCKS),
    tool_result=(NO_RESULT, HISTORY),
)
def test_every_turn_every_block_and_the_system_prompt_count_as_input(case: Judged) -> None:
    case.judge()


@requirement("SEM-013")
@cases(
    expects("round-trip", words=WORDS, artefacts=ARTEFACTS),
    json=FAR_WORDS,
    streamed=twin(FAR_WORDS),
)
@cases(
    expects("arguments-round-trip", path="text", value=CHARACTERS, artefacts=ARTEFACTS),
    arguments=CHARACTERS_CALL,
    arguments_streamed=CHARACTERS_STREAM,
)
def test_characters_beyond_ascii_come_back_unharmed(case: Judged) -> None:
    case.judge()
