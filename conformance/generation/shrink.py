"""Reducing a generated request that met a wrong answer to the smallest one that still does. Pure: whoever sends the
requests asks `Shrinker.next` for the next body and tells it, each time, whether the wrong answer came again."""

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conformance.contract.violations import ABSENT, Path, violations
from conformance.generation.naming import is_free_of_doubt, key_of
from conformance.generation.selection import place_of

Body = Any


class Progress(StrEnum):
    """How far a reduction has come."""

    OPEN = "open"  #: there is a next body to be sent
    MINIMAL = "minimal"  #: every smaller request gets a right answer
    SPENT = "spent"  #: the requests are used up; the body is the smallest so far
    FLAKY = "flaky"  #: the same request, sent again, got a right answer


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What is known: the smallest failing body so far, how it stands, and the requests that were used."""

    body: Body
    progress: Progress
    requests: int


def size(body: Body) -> tuple[int, int, float]:
    """How large a body is: values in it, length as JSON, and the sum of its numbers' magnitudes."""
    leaves = list(_leaves(body))
    numbers = (abs(leaf) for leaf in leaves if isinstance(leaf, int | float))
    return len(leaves), len(json.dumps(body)), float(min(sum(numbers), 1e308))


def _leaves(value: Any) -> Iterator[Any]:
    """Every value in a body, containers included."""
    yield value
    children = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for child in children:
        yield from _leaves(child)


def candidates(body: Body, control_body: Body) -> Iterator[Body]:
    """Smaller variants of `body`, the boldest first: one of its departures from the control alone, then a member or
    element less, then shorter and simpler values."""
    measure = size(body)
    seen: set[str] = set()
    for candidate in (*_isolated(body, control_body), *_simpler(body, control_body)):
        key = key_of(candidate)
        if key not in seen and size(candidate) < measure:
            seen.add(key)
            yield candidate


def _isolated(body: Body, control: Body) -> Iterator[Body]:
    """The control with one member as the body has it."""
    if isinstance(body, Mapping) and isinstance(control, Mapping):
        for name in {**body, **control}:
            if body.get(name, ABSENT) != control.get(name, ABSENT):
                changed = {**control, name: body.get(name, ABSENT)}
                yield {key: value for key, value in changed.items() if value is not ABSENT}


def _simpler(value: Any, control: Any) -> Iterator[Any]:
    """Simpler forms of a value: the control's own, then those of its kind."""
    if control is not ABSENT and value != control:
        yield control
    for kind, simplify in _KINDS:
        if isinstance(value, kind) and not isinstance(value, bool):
            yield from simplify(value, control)


def _simpler_object(value: Mapping[str, Any], control: Any) -> Iterator[dict[str, Any]]:
    for name in value:
        yield {key: member for key, member in value.items() if key != name}
    for name, member in value.items():
        known = control.get(name, ABSENT) if isinstance(control, Mapping) else ABSENT
        yield from ({**value, name: simpler} for simpler in _simpler(member, known))


def _simpler_list(value: list[Any], control: Any) -> Iterator[list[Any]]:
    half = len(value) // 2
    if half > 1:
        yield value[:half]
        yield value[half:]
    for width in (2, 1):  # two at once: turns come in pairs
        yield from (value[:index] + value[index + width :] for index in range(len(value) - width + 1))
    for index, element in enumerate(value):
        known = control[index] if isinstance(control, list) and index < len(control) else ABSENT
        yield from ([*value[:index], simpler, *value[index + 1 :]] for simpler in _simpler(element, known))


def _simpler_text(value: str, control: Any) -> Iterator[str]:
    for length in dict.fromkeys((1, len(value) // 2, len(value) - 1)):
        if 0 < length < len(value):
            yield value[:length]
            yield value[-length:]


def _simpler_number(value: float, control: Any) -> Iterator[float]:
    whole = int(value) if abs(value) < 1e300 else 0
    for number in (0, 1, -1, 2, whole, whole // 2):
        if abs(number) < abs(value) or (number == value and isinstance(value, float)):
            yield number


_KINDS: tuple[tuple[Any, Callable[[Any, Any], Iterator[Any]]], ...] = (
    (Mapping, _simpler_object),
    (list, _simpler_list),
    (str, _simpler_text),
    ((int, float), _simpler_number),
)


@dataclass(frozen=True, slots=True)
class Shrinker:
    """A reduction of `body` within `limit` requests, the first of which repeats it.

    `fits` says whether a smaller body still stands for the same case: `same_violation` and `still_valid` make one.
    """

    body: Body
    control_body: Body
    limit: int
    fits: Callable[[Body], bool] = lambda body: True

    def next(self, outcomes: Sequence[bool]) -> Body | None:
        """The body to be sent now, None when there is none. `outcomes` says of each body asked for before, in order,
        whether it failed: met the wrong answer again."""
        asked, _ = self._replayed(outcomes)
        return asked

    def result(self, outcomes: Sequence[bool]) -> Shrunk:
        """What is known after these outcomes."""
        _, shrunk = self._replayed(outcomes)
        return shrunk

    def _replayed(self, outcomes: Sequence[bool]) -> tuple[Body | None, Shrunk]:
        steps = self._steps()
        asked, body = next(steps)
        for failed in outcomes:
            if asked is None:
                break
            asked, body = steps.send(failed)
        used = len(outcomes)
        return asked, Shrunk(body, self._progress(asked, outcomes), used)

    def _progress(self, asked: Body | None, outcomes: Sequence[bool]) -> Progress:
        if asked is not None:
            return Progress.OPEN
        if outcomes and not outcomes[0]:
            return Progress.FLAKY
        return Progress.SPENT if len(outcomes) >= self.limit else Progress.MINIMAL

    def _steps(self) -> Generator[tuple[Body | None, Body], bool, None]:
        """Pairs of what to send next and the smallest failing body so far; is told whether what it sent failed."""
        best, used = self.body, 1
        again = (yield self.body, best) if self.limit > 0 else False
        tried = {key_of(best)}
        while again and used < self.limit and (body := self._untried(best, tried)) is not None:
            tried.add(key_of(body))
            used += 1
            if (yield body, best):
                best = body
        while True:
            yield None, best

    def _untried(self, best: Body, tried: set[str]) -> Body | None:
        found = (body for body in candidates(best, self.control_body) if key_of(body) not in tried and self.fits(body))
        return next(found, None)


def same_violation(body: Body, profile: str) -> Callable[[Body], bool]:
    """Whether a smaller body breaks the contract where `body` does, for the same requirement, and nowhere else."""
    known = _broken(body, profile)
    return lambda other: _broken(other, profile) == known


def _broken(body: Body, profile: str) -> list[tuple[Path, str | None]]:
    return [(place_of(each), each.requirement) for each in violations(profile, body)]


def still_valid(body: Body, profile: str) -> Callable[[Body], bool]:
    """Whether a smaller body is one that every good server accepts: the model is one that it has, and there is room for
    an answer, which no schema says."""
    return lambda other: not violations(profile, other) and is_free_of_doubt(other) and _can_be_served(other, body)


def _can_be_served(other: Body, body: Body) -> bool:
    return bool(other.get("model") == body.get("model") and other["max_tokens"] >= 1)
