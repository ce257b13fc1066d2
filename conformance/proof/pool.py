"""Attempts in several processes, one subject at a time in each."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from conformance.proof.subjects import Kind, Subject
from conformance.proof.trial import Outcome, attempt

JOBS = 2 * (os.cpu_count() or 1)
"""Two for each core: a part of the attempts waits for silence to end. More gain nothing, and answers are read late."""
_LONGEST = (Kind.ROW, Kind.VARIATION, Kind.CLEAN, Kind.FAULT)


def attempts(subjects: Sequence[Subject], whole: bool, jobs: int = JOBS) -> Iterator[Outcome]:
    """The outcome of each subject, as they come; what takes long is tried first.

    A process that dies makes its subjects crashed ones.
    """
    if jobs == 1:
        yield from (attempt(subject, whole) for subject in subjects)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        first = sorted(subjects, key=lambda subject: _LONGEST.index(subject.kind))
        waiting = {pool.submit(attempt, subject, whole): subject for subject in first}
        for future in as_completed(waiting):
            failure = future.exception()
            yield Outcome(waiting[future], error=f"its process died: {failure}") if failure else future.result()


def prove(
    subjects: Sequence[Subject], whole: bool, jobs: int = JOBS, told: Callable[[Outcome], None] = lambda outcome: None
) -> tuple[Outcome, ...]:
    """Every outcome, in the order of the subjects; `told` hears of each as it comes."""
    found: dict[Subject, Outcome] = {}
    for outcome in attempts(subjects, whole, jobs):
        found[outcome.subject] = outcome
        told(outcome)
    return tuple(found[subject] for subject in subjects)
