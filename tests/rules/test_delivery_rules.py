"""SSE-011: a stream that was held back and sent in one burst, against slow starts and short answers."""

import pytest
from rule_samples import STOP, broken, closes, ends, held, opens, run, start, streamed, text, wire

from conformance.wire.exchange import Chunk, Exchange

LONG = {"model": "m-1", "max_tokens": 99999}


def bursts(*times: float, tokens: int = 2, count: int = 24) -> Exchange:
    """A stream of `count` deltas spread over the given times, message_start at the first, message_stop at the last."""
    share = -(-count // (len(times) - 2))
    pieces = [wire([text("x")])] * count
    middle = [Chunk(at, b"".join(pieces[n * share : (n + 1) * share])) for n, at in enumerate(times[1:-1])]
    first = Chunk(times[0], wire([start(), opens()]))
    last = Chunk(times[-1], wire([closes(), ends(usage={"output_tokens": tokens}), STOP]))
    return streamed(sent=LONG, chunks=(first, *middle, last))


@pytest.mark.parametrize(
    "answer",
    [bursts(4.0, 4.0, 4.0), bursts(0.1, 9.95, 9.951, 9.952, tokens=1000), bursts(0.1, 4.0, 4.0)],
    ids=["everything at once", "a late burst", "message_start in time"],
)
def test_a_buffered_stream(answer: Exchange) -> None:
    assert broken(run(answer)) == {"SSE-011"}


@pytest.mark.parametrize(
    "answer",
    [
        bursts(0.2, 1.0, 2.0, 3.0, 4.0),
        bursts(9.0, 9.1, 9.3, 9.5, 9.6, tokens=200),
        bursts(0.1, 1.0, 1.0, 9.0),
    ],
    ids=["spread", "slow start and fast model", "pause at the end"],
)
def test_a_stream_as_it_is_produced(answer: Exchange) -> None:
    found = run(answer)
    assert (broken(found), "SSE-011" in held(found)) == (set(), True)


@pytest.mark.parametrize("answer", [bursts(1.0, 1.0, 1.0), bursts(4.0, 4.0, 4.0, count=5)], ids=["short", "few deltas"])
def test_short_streams_say_nothing(answer: Exchange) -> None:
    found = run(answer)
    assert "SSE-011" not in broken(found) | held(found)
