"""One process of a load: Locust's master, or one of its workers. Reads its orders from its standard input.

    python -m conformance.load.process < orders

Locust asks gevent to patch the standard library when it is imported: a thread would become a greenlet, and the event
loop in it would wait for its turn among the users, which would be measured as the target's time. The parent sets
`LOCUST_SKIP_MONKEY_PATCH`, so that its own greenlets stay cooperative and all
else stays as it was: users are greenlets of the main thread, the loop is that of the crew's thread.
"""

import json
import pickle
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import gevent
from gevent.event import Event
from locust import LoadTestShape, User, __version__, task
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from conformance.evidence.run import Record
from conformance.load.crew import Crew
from conformance.load.orders import Ladder, Orders

HOST = "127.0.0.1"
RUNG, DONE = "conformance-rung", "conformance-done"  #: messages: the master's, and a worker's answer
CONNECTING = 60.0  #: seconds for all workers to come
PAUSE = 0.02  #: seconds until a user looks again whether there is a new rung


class Shape(LoadTestShape):
    """The rungs of a ladder, each until every worker has used up its share, or its time is over."""

    abstract = False

    def __init__(self, ladder: Ladder, tell: Callable[[int], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._ladder = ladder
        self._tell = tell
        self._until = 0.0
        self._done: set[tuple[int, int]] = set()
        self.begun: list[float] = []  #: the moment of each rung on the monotonic clock

    def done(self, rung: int, worker: int) -> None:
        """A worker has used up its share of a rung."""
        self._done.add((rung, worker))

    def tick(self) -> tuple[int, float] | None:
        """Asked by Locust once a second: users and spawn rate, or None at the end.

        The rung is told every time: a worker that Locust counts as ready may not listen to our messages yet.
        """
        rung = len(self.begun) - 1
        workers = range(self._ladder.workers)
        if rung < 0 or time.monotonic() >= self._until or all((rung, worker) in self._done for worker in workers):
            rung += 1
            if rung >= len(self._ladder.rungs):
                return None
            self.begun.append(time.monotonic())
            self._until = self.begun[-1] + self._ladder.rung_seconds
        self._tell(rung)
        return self._ladder.rungs[rung], self._ladder.spawn_rate


def main() -> int:
    """Do what the orders say; what there is to tell goes to standard output as lines of JSON."""
    orders: Orders = pickle.load(sys.stdin.buffer)  # written by the process that started this one, and nobody else
    return _lead(orders) if orders.worker < 0 else _work(orders)


def _say(**words: Any) -> None:
    print(json.dumps(words), flush=True)


def _lead(orders: Orders) -> int:
    """The master: tell the port, wait for the workers, have the rungs climbed, tell when each was begun."""
    environment = Environment(user_classes=[_user(None)])
    runner: MasterRunner = environment.create_master_runner(HOST, 0)

    def tell(rung: int) -> None:
        runner.send_message(RUNG, {"rung": rung})
        _say(begun=shape.begun)

    shape = Shape(orders.ladder, tell)
    environment.shape_class = shape
    runner.register_message(DONE, lambda environment, msg, **_: shape.done(msg.data["rung"], msg.data["worker"]))
    _say(port=runner.server.port)
    with gevent.Timeout(CONNECTING):
        while len(runner.clients.ready) < orders.ladder.workers:
            gevent.sleep(0.05)
    runner.start_shape()
    if runner.shape_greenlet is not None:
        runner.shape_greenlet.join()
    total = environment.stats.total
    _say(requests=total.num_requests, failures=total.num_failures, locust=__version__)
    runner.quit()
    return 0


def _work(orders: Orders) -> int:
    """A worker: conversations as long as the master has users for it, then the end of what is in flight."""
    crew = Crew(orders)
    environment = Environment(user_classes=[_user(crew)])
    runner: WorkerRunner = environment.create_worker_runner(HOST, orders.port)
    runner.register_message(RUNG, lambda environment, msg, **_: crew.climb(msg.data["rung"]))
    reporting = gevent.spawn(_report, crew, orders.worker, runner)
    runner.greenlet.join()
    reporting.kill()
    crew.close()
    _say(over=crew.over, error=crew.error)
    return 3 if crew.error else 0


def _report(crew: Crew, worker: int, runner: WorkerRunner) -> None:
    """Tell the master of each rung whose share is used up and whose conversations have ended."""
    told = -1
    while True:
        if crew.rung > told and crew.idle:
            told = crew.rung
            runner.send_message(DONE, {"rung": told, "worker": worker})
        gevent.sleep(PAUSE)


def _user(crew: Crew | None) -> type[User]:
    """Locust's user of a crew; the master, which has none, only needs its name."""

    class ConversingUser(User):
        @task
        def converse(self) -> None:
            talk = crew.next_talk() if crew is not None else None
            if crew is None or talk is None:
                gevent.sleep(PAUSE)
                return
            for record in _awaited(crew.begin(talk)):
                self._tell(record)

        def _tell(self, record: Record) -> None:
            exchange = record.exchange
            self.environment.events.request.fire(
                request_type=exchange.request.method,
                name=record.probe,
                response_time=exchange.elapsed * 1000,
                response_length=len(exchange.body),
                exception=None if exchange.status == 200 else RuntimeError(f"status {exchange.status}"),
                context={},
            )

    return ConversingUser


def _awaited(future: "Future[list[Record]]") -> list[Record]:
    """The result of a future of another thread, other greenlets running meanwhile."""
    hub, done = gevent.get_hub(), Event()
    future.add_done_callback(lambda _: hub.loop.run_callback_threadsafe(done.set))
    done.wait()
    return future.result()


if __name__ == "__main__":
    sys.exit(main())
