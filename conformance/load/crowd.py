"""The processes of a load: a master and its workers, started, fed with their orders and waited for.

What they write goes into the folder of the run until it is over: their output, and the journal of each worker.
"""

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.load.orders import Orders

#: The variables that a process of ours is given; its orders, with the key, come through a pipe.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONPATH",
        "COVERAGE_PROCESS_START", "COVERAGE_FILE")  # fmt: skip
STARTING = 60.0  #: seconds for all processes to find each other
ENDING = 30.0  #: seconds beyond the limits for them to end
LOOK = 0.05  #: seconds between two looks at them


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the processes told: when each rung began (seconds of the run), Locust's own count, why workers left off."""

    begun: tuple[float, ...] = ()
    requests: int = 0
    failures: int = 0
    over: str = ""
    failure: str = ""  #: of the harness
    locust: str = ""


@dataclass(frozen=True, slots=True)
class _Process:
    """A process and the files that its output goes to, so that no pipe can fill up."""

    name: str
    popen: "subprocess.Popen[bytes]"
    said: Path
    complained: Path

    def told(self) -> dict[str, Any]:
        """Everything that it said so far, as one object."""
        found: dict[str, Any] = {}
        for line in self.said.read_bytes().splitlines(keepends=True):
            found |= json.loads(line) if line.endswith(b"\n") else {}
        return found


@dataclass(slots=True)
class Crowd:
    """`orders` are those of the master; those of a worker differ in its number, its journal and the port."""

    orders: Orders
    folder: Path
    late: bool = False  #: whether they did not end in time
    _processes: list[_Process] = field(default_factory=list)

    @property
    def journals(self) -> list[Path]:
        """The journals of the workers that were begun."""
        found = (self.journal(worker) for worker in range(self.orders.ladder.workers))
        return [journal for journal in found if journal.exists()]

    def run(self, began: float) -> Outcome:
        """Start them, wait until all have ended, and say how it went. `began` is the moment that times count from."""
        self.orders = replace(self.orders, began=began)
        try:
            master = self._start("master", self.orders)
            port = self._port(master)
            for worker in range(self.orders.ladder.workers) if port else ():
                self._start(f"worker {worker + 1}", self._orders_of(worker, port))
            self._wait()
            return self._outcome()
        finally:
            self.stop()

    def stop(self) -> None:
        """End whatever still runs."""
        for process in self._processes:
            if process.popen.poll() is None:
                process.popen.terminate()
        for process in self._processes:
            try:
                process.popen.wait(ENDING)
            except subprocess.TimeoutExpired:
                process.popen.kill()
                process.popen.wait()

    def tidy(self) -> None:
        """Remove what they wrote, once it stands elsewhere."""
        for path in (*self.journals, *(file for p in self._processes for file in (p.said, p.complained))):
            path.unlink(missing_ok=True)

    def outcome(self) -> Outcome:
        """What is known so far, of a load that was interrupted."""
        return replace(self._outcome(), failure="")

    def journal(self, worker: int) -> Path:
        """Where a worker writes what it sends."""
        return self.folder / f"worker-{worker + 1}.jsonl"

    def _orders_of(self, worker: int, port: int) -> Orders:
        """Those of the master with what differs; no worker sends more than its shares, tries made again included."""
        caps = replace(self.orders.caps, requests=self.orders.ladder.of_worker(worker))
        return replace(self.orders, worker=worker, port=port, journal=self.journal(worker), caps=caps)

    def _start(self, name: str, orders: Orders) -> _Process:
        said, complained = (self.folder / f"{name.replace(' ', '-')}.{kind}" for kind in ("out", "err"))
        with said.open("wb") as out, complained.open("wb") as err:
            popen = subprocess.Popen(
                [sys.executable, "-m", "conformance.load.process"],
                stdin=subprocess.PIPE, stdout=out, stderr=err, env=environment(os.environ), start_new_session=True,
            )  # fmt: skip
        process = _Process(name, popen, said, complained)
        self._processes.append(process)
        assert popen.stdin is not None
        with suppress(BrokenPipeError), popen.stdin as orders_pipe:  # one that has ended already says so by its code
            orders_pipe.write(pickle.dumps(orders))
        return process

    def _port(self, master: _Process) -> int:
        """Where the master listens; 0 when it ended instead."""
        deadline = time.monotonic() + STARTING
        while "port" not in master.told() and master.popen.poll() is None and time.monotonic() < deadline:
            time.sleep(LOOK)
        return int(master.told().get("port", 0))

    def _wait(self) -> None:
        """Until all have ended, one has failed, or their time is over."""
        limit = self.orders.ladder.seconds + self.orders.limits.whole + STARTING + ENDING
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            codes = [process.popen.poll() for process in self._processes]
            if any(codes) or None not in codes:
                return
            time.sleep(LOOK)
        self.late = True

    def _outcome(self) -> Outcome:
        told = [process.told() for process in self._processes]
        lead: Mapping[str, Any] = told[0] if told else {}
        return Outcome(
            tuple(at - self.orders.began for at in lead.get("begun", ())),
            lead.get("requests", 0),
            lead.get("failures", 0),
            next((words["over"] for words in told if words.get("over")), ""),
            next((failure for process in self._processes if (failure := self._failure(process))), self._lateness()),
            lead.get("locust", ""),
        )

    def _failure(self, process: _Process) -> str:
        """What a process failed at, or ""; the last line of what it complained of, without what is secret."""
        code = process.popen.poll()
        if not code:
            return ""
        lines = process.complained.read_text(errors="replace").strip().splitlines()
        why = process.told().get("error") or (lines[-1] if lines else f"exit code {code}")
        return f"the {process.name} of the load failed: {self.orders.redactor.text(str(why))}"

    def _lateness(self) -> str:
        return "the processes of the load did not end in time" if self.late else ""


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What a process of ours gets of an environment, and that Locust shall leave the standard library as it is."""
    return {name: given[name] for name in KEPT if name in given} | {"LOCUST_SKIP_MONKEY_PATCH": "1"}
