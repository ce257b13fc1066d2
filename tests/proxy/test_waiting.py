"""Whoever waits for exchanges is told of each, and may be interrupted at any moment: Ctrl-C comes when it comes."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conformance.evidence.run import Record
from conformance.proxy.credentials import Keyring
from conformance.proxy.pace import Pace
from conformance.proxy.recording import Recorder
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

URL = "http://127.0.0.1:1/v1/messages"
EXCHANGE = Exchange(Request("POST", URL, (), b"{}"), 200, (), (Chunk(0.1, b"{}"),), End(Ending.COMPLETE))


@contextmanager
def recorder() -> Iterator[tuple[Recorder, list[Record]]]:
    """One that keeps what it is given in a list."""
    kept: list[Record] = []
    made = Recorder(kept.append, Keyring(URL), 0.0, 0, Pace())
    try:
        yield made, kept
    finally:
        made.close()


def _feed(made: Recorder, count: int, interrupted_at: int = -1) -> None:
    for number in range(count):
        made.end(*made.begin(), EXCHANGE)
        if number == interrupted_at:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_it_waits_until_it_is_so_or_the_time_is_over() -> None:
    with recorder() as (made, kept):
        assert not made.wait(lambda: len(kept) == 1, 0.01)
        feeding = threading.Thread(target=_feed, args=(made, 5))
        feeding.start()
        assert made.wait(lambda: made.recorded == 5, 60)
        feeding.join()
    assert [record.seq for record in kept] == [1, 2, 3, 4, 5]


def test_an_interrupt_in_the_middle_of_exchanges_is_one_and_leaves_it_usable() -> None:
    """Many times, threads taking turns as fast as they can: it is a matter of where in the waiting it comes."""
    before, interval = signal.signal(signal.SIGINT, signal.default_int_handler), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for turn in range(60):
            with recorder() as (made, kept):
                feeding = threading.Thread(target=_feed, args=(made, 40, 10 + turn % 25))
                with pytest.raises(KeyboardInterrupt):
                    feeding.start()
                    made.wait(lambda: False, 60)
                feeding.join()
                assert made.wait(lambda: made.recorded == 40, 60) and len(kept) == 40
    finally:
        sys.setswitchinterval(interval)
        signal.signal(signal.SIGINT, before)
