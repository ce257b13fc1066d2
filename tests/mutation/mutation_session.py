"""Collects the tests once, sees which functions each of them calls, and tries every mutant in a forked process.

The parent never runs a test, so that nothing a test computes is there before the mutant is.
"""

import gc
import mmap
import os
import pickle
import resource
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import pytest
from hypothesis import is_hypothesis_test
from mutation_operators import CodeMutant, Mutant
from mutation_targets import Place, TableMutant, Target, alive, place_of, places, readers

KILLED, SURVIVED, UNTESTED = "killed", "survived", "untested"
#: Tests that take longer (seconds) are left out, as are those that draw at random, which would decide by chance.
SLOW = 0.3
_MEMORY = 4 << 30  # bytes
_PATIENCE = 5.0  # seconds of processor time that a mutant may take beyond what the tests took before
_SLOT = 8


@dataclass(frozen=True, slots=True)
class Reach:
    """What the tests did without a mutant: per test the functions it called, and its seconds."""

    places: tuple[frozenset[Place], ...]
    seconds: tuple[float, ...]
    failed: tuple[int, ...]


@dataclass(slots=True)
class Judge:
    """The pytest plugin. `results` has the outcome of every mutant by its key."""

    targets: Sequence[Target]
    mutants: Sequence[tuple[Target, Mutant]]
    jobs: int = 1
    results: dict[str, str] = field(default_factory=dict)
    failing: list[str] = field(default_factory=list)
    told: Callable[[Mutant, str], None] = lambda mutant, outcome: None
    _failures: list[str] = field(default_factory=list)
    _kills: Counter[tuple[str, int]] = field(default_factory=Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failures.append(report.nodeid)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = [item for item in session.items if not is_hypothesis_test(getattr(item, "obj", None))]
        reach = _in_child(lambda: self._reach(items))
        self.failing = [items[number].nodeid for number in reach.failed]
        if not self.failing:
            self._judge_all(items, reach)
        return True

    def _reach(self, items: Sequence[pytest.Item]) -> Reach:
        files = {str(target.module.__file__) for target in self.targets} | _package_files()
        called_places, seconds, failed = [], [], []
        for number, item in enumerate(items):
            called: dict[int, CodeType] = {}  # a code object is hashed by all it holds: too slow for every call
            begun = time.perf_counter()
            sys.setprofile(_watch(called))
            try:
                fails = self._fails(item, _after(items, number))
            finally:
                sys.setprofile(None)
            called_places.append(frozenset(place_of(code) for code in called.values() if code.co_filename in files))
            seconds.append(time.perf_counter() - begun)
            if fails:
                failed.append(number)
                self._failures.clear()
        return Reach(tuple(called_places), tuple(seconds), tuple(failed))

    def _judge_all(self, items: Sequence[pytest.Item], reach: Reach) -> None:
        alive()
        gc.freeze()  # what is there is shared with the children
        running: dict[int, tuple[Mutant, list[int], mmap.mmap]] = {}
        for target, mutant in self.mutants:
            chosen = self._chosen(target, mutant, items, reach)
            if not chosen:
                self._note(mutant, UNTESTED)
                continue
            if len(running) >= self.jobs:
                self._reap(running)
            killer = mmap.mmap(-1, _SLOT)
            pid = os.fork()
            if pid == 0:
                self._try(target, mutant, [items[n] for n in chosen], [reach.seconds[n] for n in chosen], killer)
            running[pid] = mutant, chosen, killer
        while running:
            self._reap(running)

    def _chosen(self, target: Target, mutant: Mutant, items: Sequence[pytest.Item], reach: Reach) -> list[int]:
        """The tests that call what was changed: those that killed a neighbour first, then the fast ones."""
        touched = self._touched(target, mutant)
        folders = _judges(mutant)
        chosen = [
            number
            for number, (called, item) in enumerate(zip(reach.places, items, strict=True))
            if reach.seconds[number] < SLOW and item.path.parent.name in folders
            if called & touched or _reads(item, mutant)
        ]
        return sorted(chosen, key=lambda n: (-self._kills[mutant.place, n], reach.seconds[n]))

    def _touched(self, target: Target, mutant: Mutant) -> frozenset[Place]:
        if isinstance(mutant, TableMutant):
            return readers(mutant.name, tuple(other.module for other in self.targets))
        return places(target.module).get(mutant.place, frozenset())

    def _try(
        self, target: Target, mutant: Mutant, items: Sequence[pytest.Item], seconds: Sequence[float], killer: mmap.mmap
    ) -> None:
        """In the child: change, run until the first failure, and end."""
        _quiet()
        signal.setitimer(signal.ITIMER_PROF, _PATIENCE + sum(seconds))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        try:
            mutant.apply()  # type: ignore[attr-defined]
            if isinstance(mutant, CodeMutant):
                target.swap()
            for number, item in enumerate(items):
                if self._fails(item, _after(items, number)):
                    killer[:_SLOT] = number.to_bytes(_SLOT, "big")
                    os._exit(1)
            os._exit(0)
        except BaseException:
            os._exit(1)

    def _fails(self, item: pytest.Item, after: pytest.Item | None) -> bool:
        """Whether a test fails now. One that needs no fixture is called by itself, which is many times faster."""
        needed, given = set(getattr(item, "fixturenames", ())), getattr(getattr(item, "callspec", None), "params", {})
        if not isinstance(item, pytest.Function) or needed - given.keys():
            item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
            return bool(self._failures)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                item.obj(**given)
            except (Exception, pytest.fail.Exception):
                return True
        return False

    def _reap(self, running: dict[int, tuple[Mutant, list[int], mmap.mmap]]) -> None:
        pid, status = os.waitpid(-1, 0)
        mutant, chosen, killer = running.pop(pid)
        if status:
            self._kills[mutant.place, chosen[int.from_bytes(killer[:_SLOT], "big")]] += 1
        killer.close()
        self._note(mutant, KILLED if status else SURVIVED)

    def _note(self, mutant: Mutant, outcome: str) -> None:
        self.results[mutant.key] = outcome
        self.told(mutant, outcome)


def _judges(mutant: Mutant) -> frozenset[str]:
    """The folders of the tests that judge a mutant; rules read tables of the wire, too."""
    if ".client_" in mutant.module:
        return frozenset({"clients"})
    area = mutant.module.split(".")[1]
    return frozenset({"wire", "rules"} if isinstance(mutant, TableMutant) else {area})


def _reads(item: pytest.Item, mutant: Mutant) -> bool:
    """Whether the test itself looks at the table."""
    code = getattr(getattr(item, "function", None), "__code__", None)
    return isinstance(mutant, TableMutant) and code is not None and mutant.name in code.co_names


def _after(items: Sequence[pytest.Item], number: int) -> pytest.Item | None:
    return items[number + 1] if number + 1 < len(items) else None


def _package_files() -> set[str]:
    modules = (module for name, module in list(sys.modules.items()) if name.startswith("conformance."))
    return {str(module.__file__) for module in modules if getattr(module, "__file__", None)}


def _watch(called: dict[int, CodeType]) -> Callable[[FrameType, str, Any], None]:
    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            called[id(frame.f_code)] = frame.f_code

    return profile


def _quiet() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _in_child(work: Callable[[], Reach]) -> Reach:
    """What `work` gives in a forked process, so that nothing of it stays in this one."""
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        _quiet()
        with os.fdopen(sink, "wb") as stream:
            pickle.dump(work(), stream)
        os._exit(0)
    os.close(sink)
    with os.fdopen(source, "rb") as stream:
        data = stream.read()
    os.waitpid(pid, 0)
    return pickle.loads(data)  # type: ignore[no-any-return]
