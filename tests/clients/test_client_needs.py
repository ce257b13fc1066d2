"""Each row of the table of needs: broken by a fault made for it, held by what the contract leaves free."""

import pytest
from client_samples import (
    BLOCK,
    FAULTY,
    FINE,
    JSON_SAMPLES,
    JSON_TYPE,
    MESSAGE,
    NOBODY,
    PLAIN,
    Sample,
    answered,
    around,
    ends,
    event,
    exchange,
    less,
    opens,
    says,
    start,
    stops,
    streamed,
    wire,
)

import conformance.rules.expectations  # noqa: F401  (it must come before the modules that register kinds)
from conformance.rules.client_needs import ANSWER_NEEDS, JSON_NEEDS, missed
from conformance.rules.client_stream_needs import STREAM_NEEDS
from conformance.rules.client_views import Client, View
from conformance.wire.exchange import End, Ending
from conformance.wire.reading import Reading

STREAMS = FINE | FAULTY

#: Arguments that are no JSON: TypeScript 0.60 repairs some and raises on others, which the table leaves unsaid.
UNSAID = {
    "two objects as arguments",
    "a comma too many",
    "no quotes",
    "a line end in a string",
    "a wrong escape",
}


def raising(sample: Sample, stream: bool) -> set[Client]:
    """The clients that raise by the table."""
    reading = Reading(exchange(sample, stream))
    return {client for client in Client if missed(View(reading, client))}


@pytest.mark.parametrize("name", STREAMS)
def test_the_table_names_the_clients_that_raise_on_a_stream(name: str) -> None:
    sample = STREAMS[name]
    unsaid = {Client.TYPESCRIPT_LEGACY} if name in UNSAID else set()
    assert raising(sample, stream=True) == sample.raises - unsaid


@pytest.mark.parametrize("name", JSON_SAMPLES)
def test_the_table_names_the_clients_that_raise_on_json(name: str) -> None:
    assert raising(JSON_SAMPLES[name], stream=False) == JSON_SAMPLES[name].raises


def test_legal_streams_raise_nobody() -> None:
    assert [name for name, sample in FINE.items() if sample.raises] == []


@pytest.mark.parametrize("need", (*STREAM_NEEDS, *JSON_NEEDS), ids=lambda need: need.name)
def test_every_row_is_missed_by_a_sample(need: object) -> None:
    table = STREAMS if need in STREAM_NEEDS else JSON_SAMPLES
    views = (
        View(Reading(exchange(sample, table is STREAMS)), client) for sample in table.values() for client in Client
    )
    assert any(pair is not None and pair[0] is need for pair in map(missed, views))


@pytest.mark.parametrize("how", [Ending.CLOSED_EARLY, Ending.RESET])
@pytest.mark.parametrize("stream", [False, True])
def test_a_body_torn_off_by_the_target_makes_every_client_raise(how: Ending, stream: bool) -> None:
    sample = STREAMS["plain"] if stream else JSON_SAMPLES["message"]
    reading = Reading(exchange(sample, stream, end=End(how)))
    found = [missed(View(reading, client)) for client in Client]
    assert [pair and pair[0] for pair in found] == [ANSWER_NEEDS[0]] * 4


def test_bytes_that_belie_their_coding_make_every_client_raise() -> None:
    reading = Reading(exchange(JSON_SAMPLES["message"], False, headers=(("content-encoding", "gzip"),)))
    found = [missed(View(reading, client)) for client in Client]
    assert [pair and pair[0] for pair in found] == [ANSWER_NEEDS[1]] * 4


#: A stream, and the event and pointer at which Python 2 raises.
PLACES = {
    "delta usage": (streamed(NOBODY, *around(*BLOCK, last=ends(usage=None))), 5, "/usage"),
    "index": (streamed(NOBODY, *around(opens(), says("x", 3), stops())), 2, "/index"),
    "the first fault counts": (streamed(NOBODY, start(usage=None), says("x", 3), *BLOCK, ends()), 0, "/message/usage"),
    "an absent end has no place": (streamed(NOBODY, event({"type": "ping"})), None, ""),
    "bad bytes": (Sample(wire(PLAIN).replace(b"ng", b"\xff"), NOBODY), 3, ""),
}


@pytest.mark.parametrize(("sample", "number", "pointer"), PLACES.values(), ids=PLACES.keys())
def test_a_miss_says_where(sample: Sample, number: int | None, pointer: str) -> None:
    found = missed(View(Reading(exchange(sample, True)), Client.PYTHON))
    assert found is not None
    assert (found[1].event, found[1].pointer) == (number, pointer)


@pytest.mark.parametrize("client", Client)
@pytest.mark.parametrize("stream", [False, True])
def test_any_bytes_are_looked_at_without_an_exception(client: Client, stream: bool) -> None:
    deep = b'{"content":' * 100_000
    bodies = (b"", deep, b"event: x\ndata: " + deep + b"\n\n", b"\xff\xfe\x00", wire(around(less(opens(), "index"))))
    for body in bodies:
        for kind in (JSON_TYPE, "text/event-stream", ""):
            view = View(Reading(exchange(Sample(body, NOBODY, kind), stream)), client)
            assert missed(view) is None or client in missed(view)[0].raises  # type: ignore[index]


def test_a_body_that_is_no_json_request_is_taken_for_a_plain_call() -> None:
    view = View(Reading(exchange(answered(NOBODY, MESSAGE), None)), Client.PYTHON)
    assert not view.streams
    assert missed(view) is None
