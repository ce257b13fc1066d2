"""Expectations that need the model's part: only what the server itself says breaks them."""

from dataclasses import replace
from typing import Any

import pytest
from expectation_samples import expect, failed, judged, kinds, said, told

from conformance.rules.findings import Kind
from conformance.rules.reached import REACHED, ends_before
from conformance.suite_bodies import CUT, ECHOES, STOPPED, UNSTOPPED
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Limit
from conformance.wire.reading import Reading

HELD, BROKEN, OPEN = {Kind.HELD}, {Kind.BROKEN}, {Kind.UNJUDGED}
COUNT: dict[str, Any] = dict(CUT.calls[0].body)
STOP: dict[str, Any] = dict(STOPPED.calls[0].body)
FREE: dict[str, Any] = dict(UNSTOPPED.calls[0].body)
FULL = {"input_tokens": 10, "output_tokens": 8}
LATER: dict[str, Any] = dict(UNSTOPPED.calls[1].body)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (said("one, two, three", COUNT, stop_reason="max_tokens", usage=FULL), HELD),
        (told("one, two, three", COUNT, stop_reason="max_tokens"), HELD),
        (said("one, two, three", COUNT, usage=FULL), BROKEN),
        (said("Sure: One, two, three,", COUNT, usage=FULL), BROKEN),
        (said("one, two, three", COUNT, stop_reason=None, usage=FULL), OPEN),
        (said("one, two, three", COUNT), OPEN),
        (said("one, two, ... five hundred", COUNT, usage=FULL), OPEN),
        (said("one, two, and so on", COUNT, usage=FULL), OPEN),
        (said("I would rather not", COUNT, usage=FULL), OPEN),
        (said("1, 2, 3, 4", COUNT, usage=FULL), BROKEN),
        (said("1, 2, 3, 4", COUNT, usage=FULL, stop_reason="stop"), OPEN),
        (said("1, 2, 3, 4", COUNT, usage=FULL, stop_reason="stop_sequence"), BROKEN),
        (said("1, 2, 3, 4", COUNT, usage=FULL, stop_reason="tool_use"), OPEN),
        (said("1, 2, 3, 4", COUNT, usage=FULL, stop_reason="refusal"), OPEN),
        (said("1, 2, 3, 4", COUNT, usage=FULL, stop_reason={}), OPEN),
        (said("1, 2, 3, 4", COUNT, usage=FULL, stop_reason=[]), OPEN),
        (failed(400, sent=COUNT), OPEN),
        (failed(500, sent=COUNT), BROKEN),
        (told("one, two", COUNT, end=End(Ending.CUT, Limit.WHOLE), usage=FULL), OPEN),
    ],
)
def test_an_enumeration_cut_by_the_limit(answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("cut-by-limit"), answer) == found


def test_only_the_last_wording_is_judged() -> None:
    refusing, cut = said("No.", COUNT), said("one, two", COUNT, stop_reason="max_tokens")
    assert kinds(expect("cut-by-limit"), (refusing, cut)) == HELD


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (said("alpha ", STOP, stop_reason="stop_sequence", stop_sequence="ZZSTOPZZ"), HELD),
        (said("alpha ZZSTOPZZ", STOP, stop_reason="stop_sequence"), BROKEN),
        (told("alpha ZZSTOPZZ omega", STOP), BROKEN),
        (said("alpha ZZST", STOP, stop_reason="stop_sequence", stop_sequence="ZZSTOPZZ"), BROKEN),
        (said("alpha ZZS", STOP, stop_reason="stop_sequence", stop_sequence="ZZSTOPZZ"), HELD),
        (said("alpha EN", STOP, stop_reason="stop_sequence", stop_sequence="END"), HELD),
        (said("alpha ZZST", STOP), OPEN),
        (said("alpha", STOP), OPEN),
        (said("Hello", STOP), OPEN),
        (failed(400, sent=STOP), OPEN),
    ],
)
def test_generation_ends_at_a_stop_sequence(answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("stops-at-sequence"), answer) == found


@pytest.mark.parametrize(
    ("stopped", "free", "found"),
    [
        (said("alpha ", STOP, stop_reason="stop_sequence", stop_sequence="ZZSTOPZZ"), said("?", FREE), HELD),
        (said("alpha ", STOP, stop_reason="stop_sequence"), said("?", FREE), BROKEN),
        (said("alpha ", STOP, stop_reason="stop_sequence", stop_sequence="alpha"), said("?", FREE), BROKEN),
        (said("alpha ", STOP, stop_reason="stop_sequence", stop_sequence="QQHALTQQ"), said("?", FREE), BROKEN),
        (said("Hi", STOP, stop_reason="stop_sequence", stop_sequence="QQHALTQQ"), said("?", FREE), HELD),
        (said("alpha ", STOP), said("alpha ZZSTOPZZ omega", FREE), BROKEN),
        (told("alpha ", STOP), said("alpha ZZSTOPZZ omega", FREE), BROKEN),
        (said("alpha ", STOP), said("alpha", FREE), OPEN),
        (said("alpha ", STOP), said("alpha ZZSTOPZZ omega", LATER), OPEN),
        (said("Hello", STOP), said("alpha ZZSTOPZZ omega", FREE), OPEN),
        (said("alpha ", STOP, stop_reason="max_tokens"), said("alpha ZZSTOPZZ omega", FREE), BROKEN),
        (said("alpha ", STOP, stop_reason="tool_use"), said("alpha ZZSTOPZZ omega", FREE), OPEN),
        (said("alpha ", STOP, stop_reason="stop"), said("alpha ZZSTOPZZ omega", FREE), OPEN),
        (said("alpha ", STOP, stop_reason=None), said("alpha ZZSTOPZZ omega", FREE), OPEN),
        (said("alpha ", STOP, stop_reason={}), said("alpha ZZSTOPZZ omega", FREE), OPEN),
        (said("alpha ", STOP, stop_reason=[]), said("alpha ZZSTOPZZ omega", FREE), OPEN),
    ],
)
def test_a_halt_is_reported(stopped: Exchange, free: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("stop-reported"), stopped, free) == found


@pytest.mark.parametrize("prompt", ECHOES)
def test_every_wording_tells_what_comes_before_the_stop_sequence(prompt: str) -> None:
    body = STOP | {"messages": [{"role": "user", "content": prompt}]}
    assert ends_before(Reading(said(" alpha\n", body)))
    assert not ends_before(Reading(said("alpha omega", body)))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (said("is."), HELD),
        (said("The capital of France is Paris."), BROKEN),
        (said(" The capital of France is Paris."), BROKEN),
        (said("It is Paris."), OPEN),
        (failed(400), OPEN),
    ],
)
def test_a_prefill_is_continued(answer: Exchange, found: set[Kind]) -> None:
    terms = {"prefill": "The capital of France is Par", "goes_on": "is"}
    assert kinds(expect("prefill-continued", terms), answer) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Привет, naïve", HELD),
        ("naïve Привет å", HELD),
        ("naïve \ufffd\ufffd", BROKEN),
        ("naïve Привет \ud83c", BROKEN),
        ("naÃ¯ve Привет", BROKEN),
        ("naive privet", OPEN),
        (" naïveПривет.", BROKEN),
        ("naïve\nПривет", HELD),
        ("naïve、Привет", HELD),
        ("naïve\ufe0fПривет", BROKEN),
        ("Självklart, på svenska: år, å… SÃO PAULO, Ðað", OPEN),
        ("ä Ã", OPEN),
        ("北".encode().decode("latin-1"), BROKEN),
        ("å\x8c", OPEN),
        ("“å”, å–", OPEN),
        ("Ð\u0178", BROKEN),
        ("naïve Ã¯ Привет", HELD),
    ],
)
def test_characters_come_back(text: str, found: set[Kind]) -> None:
    terms = {"words": ["naïve", "Привет"], "artefacts": ["Ã", "å", "Ð"]}
    assert kinds(expect("round-trip", terms), said(text)) == found
    assert kinds(expect("round-trip", terms), told(text)) == found


@pytest.mark.parametrize("answer", [said("WORD"), told("WORD")], ids=["json", "stream"])
@pytest.mark.parametrize("damage", [b"na\xefve", "naïve".encode() + b"\xff", b"\xd0"])
def test_bytes_that_are_no_utf8_are_a_fault_of_their_own(answer: Exchange, damage: bytes) -> None:
    body = answer.body.replace(b"WORD", damage)
    spoilt = replace(answer, chunks=(Chunk(0.1, body),))
    terms = {"words": ["naïve"], "artefacts": ["Ã", "Ð"]}
    (finding,) = judged(expect("round-trip", terms), spoilt)
    assert (finding.kind, "HTTP-011" in finding.seen) == (Kind.UNJUDGED, True)


@pytest.mark.parametrize(
    ("name", "answer", "reached"),
    [
        ("cut-by-limit", said("one, two", COUNT, stop_reason="max_tokens"), True),
        ("cut-by-limit", said("one, two", COUNT, usage=FULL), True),
        ("cut-by-limit", said("No.", COUNT), False),
        ("cut-by-limit", failed(400, sent=COUNT), False),
        ("sequence-reached", said("x ZZSTOPZZ y", STOP), True),
        ("sequence-reached", said("x", STOP, stop_reason="stop_sequence"), True),
        ("sequence-reached", said("alpha", STOP), True),
        ("sequence-reached", said("", STOP), False),
        ("passage-repeated", said("alpha ZZSTOPZZ omega", FREE), True),
        ("passage-repeated", said("alpha", FREE), False),
        ("passage-repeated", said("anything"), False),
    ],
)
def test_a_wording_is_the_last_when_it_reached_its_end(name: str, answer: Exchange, reached: bool) -> None:
    assert REACHED[name](Reading(answer)) is reached
