"""What conversations that carry words must not do to each other (LOAD-001, LOAD-002)."""

from array import array
from dataclasses import replace
from typing import Any

import pytest
from rule_samples import (
    MESSAGE,
    SENT,
    STOP,
    Data,
    closes,
    delta,
    ends,
    exchange,
    opens,
    record,
    run,
    start,
    streamed,
    text,
)

from conformance.evidence.run import Record
from conformance.rules.crowds import Service, Words, every_one_is_served, no_word_of_another
from conformance.rules.findings import Finding, Kind
from conformance.wire.exchange import Ending

WORDS = [f"ctword{number:010x}" for number in range(1, 6)]


def speaking(word: str) -> Data:
    return SENT | {"messages": [{"role": "user", "content": f"Say: {word}"}]}


def asked(seq: int, word: str, said: str, **changes: Any) -> Record:
    """A request for a word, and an answer that says something."""
    answer = MESSAGE | {"content": [{"type": "text", "text": said}]}
    return record(seq, exchange(answer, speaking(word), **changes), "a word")


def repeated(number: int) -> Record:
    return asked(number + 1, WORDS[number], WORDS[number])


def kinds(found: Any) -> list[Kind]:
    return [finding.kind for finding in found]


def test_every_answer_with_its_own_word_holds() -> None:
    assert kinds(no_word_of_another(run(*map(repeated, range(3))))) == [Kind.HELD] * 3


def test_the_word_of_another_request_is_crosstalk_and_names_it() -> None:
    rows = [*map(repeated, range(3)), asked(9, WORDS[3], f"{WORDS[3]} {WORDS[1]}")]
    found: list[Finding] = [row for row in no_word_of_another(run(*rows)) if row.kind is Kind.BROKEN]
    assert [(row.requirement, row.where.exchange) for row in found] == [("LOAD-001", 9)]
    assert found[0].seen == f"'{WORDS[1]}', which exchange 2 was sent with"


def test_a_word_that_nobody_sent_is_not_held_against_the_target() -> None:
    rows = [*map(repeated, range(3)), asked(9, WORDS[3], WORDS[4])]
    assert kinds(no_word_of_another(run(*rows))) == [Kind.HELD] * 3


def test_a_model_that_repeats_nothing_leaves_the_question_open() -> None:
    rows = [repeated(0), asked(2, WORDS[1], "Gardens."), asked(3, WORDS[2], "Gardens.")]
    found = list(no_word_of_another(run(*rows)))
    assert kinds(found) == [Kind.HELD, Kind.UNJUDGED]
    assert found[1].seen == "1 of 3 answers repeat the word they were asked for"


def test_requests_without_words_say_nothing() -> None:
    plain = run(exchange(), streamed())
    assert list(no_word_of_another(plain)) == [] == list(every_one_is_served(plain))


def test_a_word_is_found_where_it_comes_in_several_deltas() -> None:
    in_text = streamed(
        start(), opens(), text(WORDS[0][:9]), text(WORDS[0][9:]), closes(), ends(), STOP, sent=speaking(WORDS[3])
    )
    call = opens(type="tool_use", id="toolu_1", name="keep", input={})
    pieces = (delta(0, "input_json_delta", partial_json=part) for part in ('{"code": "ctw', f'{WORDS[1][3:]}"}}'))
    in_call = streamed(start(), call, *pieces, closes(), ends("tool_use"), STOP, sent=speaking(WORDS[4]))
    rows = [*map(repeated, range(3)), record(8, in_text), record(9, in_call)]
    found = [row for row in no_word_of_another(run(*rows)) if row.kind is Kind.BROKEN]
    assert [row.where.exchange for row in found] == [8, 9]


@pytest.mark.parametrize("status", [400, 409, 500])
def test_a_refusal_of_what_is_served_elsewhere_is_broken(status: int) -> None:
    found = list(every_one_is_served(run(repeated(0), asked(2, WORDS[1], "no", status=status))))
    assert kinds(found) == [Kind.HELD, Kind.BROKEN]
    assert (found[1].requirement, found[1].seen) == ("LOAD-002", f"status {status}")


@pytest.mark.parametrize("status", [401, 429, 503, 529])
def test_what_is_about_the_moment_stays_open(status: int) -> None:
    assert kinds(every_one_is_served(run(repeated(0), asked(2, WORDS[1], "no", status=status)))) == [Kind.HELD]


@pytest.mark.parametrize(
    ("how", "verdict"),
    [
        (Ending.NO_ANSWER, [Kind.BROKEN]),
        (Ending.RESET, [Kind.BROKEN]),
        (Ending.CUT, []),
        (Ending.NO_CONNECTION, []),
    ],
)
def test_a_dropped_connection_counts_and_a_slow_one_does_not(how: Ending, verdict: list[Kind]) -> None:
    dropped = asked(2, WORDS[1], "", status=None, chunks=(), how=how)
    assert kinds(every_one_is_served(run(repeated(0), dropped))) == [Kind.HELD, *verdict]


def test_an_answer_that_a_later_try_replaces_does_not_count() -> None:
    first = replace(asked(2, WORDS[1], "no", status=500), repeated=True)
    assert kinds(every_one_is_served(run(repeated(0), first, repeated(2)))) == [Kind.HELD, Kind.HELD]


def test_what_is_never_served_is_no_matter_of_load() -> None:
    rows = [asked(seq, word, "no", status=400) for seq, word in enumerate(WORDS, 1)]
    assert list(every_one_is_served(run(*rows))) == []


def test_whose_word_it_is_may_show_only_later() -> None:
    """Requests that lie beside each other: an answer may hold the word of one that was sent after it."""
    rows = [asked(1, WORDS[0], WORDS[1]), *(repeated(number) for number in (1, 2, 3))]
    found = list(no_word_of_another(run(*rows)))
    assert [(row.where.exchange, row.seen) for row in found if row.kind is Kind.BROKEN] == [
        (1, f"'{WORDS[1]}', which exchange 2 was sent with")
    ]
    assert kinds(found) == [Kind.HELD] * 3 + [Kind.BROKEN]


def test_an_answer_with_its_own_word_and_one_of_nobody_holds() -> None:
    rows = [*map(repeated, range(2)), asked(3, WORDS[2], f"{WORDS[4]} {WORDS[2]}")]
    found = list(no_word_of_another(run(*rows)))
    assert kinds(found) == [Kind.HELD] * 3 and {row.where.exchange for row in found} == {1, 2, 3}


def test_a_word_that_two_requests_carry_is_named_by_the_first_of_them() -> None:
    rows = [repeated(0), asked(2, WORDS[1], WORDS[1]), asked(3, WORDS[1], WORDS[1]), asked(4, WORDS[2], WORDS[1])]
    found = [row.seen for row in no_word_of_another(run(*rows)) if row.kind is Kind.BROKEN]
    assert found == [f"'{WORDS[1]}', which exchange 2 was sent with"]


@pytest.mark.parametrize("fold", [Words(run()), Service()], ids=["words", "service"])
def test_no_exchange_is_held_in_memory(fold: Words | Service) -> None:
    """Of what was looked at numbers are kept, a few for each, and names of which there are few."""
    rows = [asked(seq, f"ctword{seq:010x}", f"ctword{seq:010x}") for seq in range(1, 200)]
    for row in rows:
        fold.take(row)
    kept = [getattr(fold, name) for name in type(fold).__slots__ if name != "run"]
    arrays = [one for one in kept if isinstance(one, array)]
    assert [len(one) for one in arrays if len(one)] == [199] * 3
    assert all(isinstance(one, array | int) or len(one) <= 2 for one in kept)
    assert kinds(fold.findings()) == [Kind.HELD] * 199
