"""Attempts in several processes, one subject at a time in each."""

import os
import signal
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import closing, contextmanager
from multiprocessing import active_children, get_context

from conformance.proof.subjects import Kind, Subject
from conformance.proof.trial import Outcome, attempt

JOBS = 2 * (os.cpu_count() or 1)
"""Two for each core: a part of the attempts waits for silence to end. More gain nothing, and answers are read late."""
_LONGEST = (Kind.ROW, Kind.VARIATION, Kind.CLEAN, Kind.FAULT)


def attempts(subjects: Sequence[Subject], whole: bool, jobs: int = JOBS) -> Generator[Outcome, None, None]:
    """The outcome of each subject, as they come; what takes long is tried first.

    A process that dies makes its subjects crashed ones.
    """
    if jobs == 1:
        yield from (attempt(subject, whole) for subject in subjects)
        return
    first = sorted(subjects, key=lambda subject: _LONGEST.index(subject.kind))
    with _processes(jobs) as pool:
        with _deaf_at_first():
            waiting = {pool.submit(attempt, subject, whole): subject for subject in first}
        for future in as_completed(waiting):
            yield _outcome(waiting[future], future)


def _outcome(subject: Subject, future: "Future[Outcome]") -> Outcome:
    failure = future.exception()
    return Outcome(subject, error=f"its process died: {failure}") if failure else future.result()


@contextmanager
def _processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end at once, and leave no files, where the attempts are given up."""
    with (
        tempfile.TemporaryDirectory(prefix="proof-", ignore_cleanup_errors=True) as folder,
        ProcessPoolExecutor(jobs, get_context("spawn"), _ready, (folder,)) as pool,
    ):
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in active_children():
                process.terminate()
            raise


@contextmanager
def _deaf_at_first() -> Iterator[None]:
    """What is started meanwhile hears of Ctrl-C when it is ready to: else it would tell where it was importing."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ready(folder: str) -> None:
    """In a process that was started: from now on Ctrl-C ends it without a word, and its files are its parent's."""
    tempfile.tempdir = folder
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def prove(
    subjects: Sequence[Subject], whole: bool, jobs: int = JOBS, told: Callable[[Outcome], None] = lambda outcome: None
) -> tuple[Outcome, ...]:
    """Every outcome, in the order of the subjects; `told` hears of each as it comes."""
    found: dict[Subject, Outcome] = {}
    with closing(attempts(subjects, whole, jobs)) as outcomes:
        for outcome in outcomes:
            found[outcome.subject] = outcome
            told(outcome)
    return tuple(found[subject] for subject in subjects)
