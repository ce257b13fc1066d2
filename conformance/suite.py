"""What a suite file is written with: bodies, expectations, and the decorators that declare items.

An active test declares cases, each a stimulus with the expectation it carries; a passive one declares the probes
that make a requirement observable and rides on all traffic. The body of a test holds no comparison:

    @requirement("REQ-023")
    @cases(refused, minus_one=PLAIN | {"max_tokens": -1})
    def test_negative_max_tokens_is_refused(case):
        case.judge()
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from conformance.evidence.run import PLAIN as PLAIN_ID
from conformance.evidence.run import STREAM as STREAM_ID
from conformance.evidence.run import Expect, Item
from conformance.probing.probe import MODEL, Auth, Call, Probe, Shape

__all__ = [
    "MODEL", "PLAIN", "PLAIN_CONTROL", "STREAM", "STREAM_CONTROL", "Auth", "Call", "Expect", "Judged", "Probe", "Shape",
    "accepted", "assistant", "cases", "expects", "never_5xx", "per_profile", "probe", "refused", "refused_or",
    "requirement", "rides_on", "same_outcome", "status", "streamed", "text", "user", "without",
]  # fmt: skip

Test = Callable[..., None]
Expectation = Expect | Mapping[str, Expect]
Stimulus = Any  #: a body, bytes, a Call, a Probe, or a tuple of them for an expectation about several


class Judged(Protocol):
    """What a test function gets, as `case` or as `traffic`: the question whether its clause held."""

    def judge(self) -> None:
        """Pass, fail or skip by the verdict on what was recorded."""


def user(content: Any) -> dict[str, Any]:
    """A user message."""
    return {"role": "user", "content": content}


def assistant(content: Any) -> dict[str, Any]:
    """An assistant message."""
    return {"role": "assistant", "content": content}


def text(words: Any, **more: Any) -> dict[str, Any]:
    """A text block, with further members where they are what is tried."""
    return {"type": "text", "text": words, **more}


def without(body: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The body less some of its members."""
    return {key: value for key, value in body.items() if key not in keys}


#: The baseline request of contract.md §1, and the same as a stream.
PLAIN: dict[str, Any] = {
    "model": MODEL,
    "max_tokens": 32,
    "messages": [user("Reply with the single word: pong")],
}
STREAM: dict[str, Any] = PLAIN | {"stream": True}

PLAIN_CONTROL = Probe(PLAIN_ID, (Call(PLAIN),))
STREAM_CONTROL = Probe(STREAM_ID, (Call(STREAM),), capabilities=("streaming",))

#: The request is invalid: a client error other than those that say nothing about the body. Source: contract.md §1.
refused = Expect("refused")
#: The request is valid: status 200.
accepted = Expect("accepted")


def status(*ok: int, lowered: tuple[int, ...] = (), noted: tuple[int, ...] = (), **more: Any) -> Expect:
    """One of these statuses; `lowered` ones break it as a SHOULD, `noted` ones are only mentioned.

    `more` may hold `error_type` (the expected `error.type`).
    """
    return Expect("status", {"ok": list(ok), "lowered": list(lowered), "noted": list(noted), **more})


def refused_or(*, also: tuple[int, ...] = (), lowered: tuple[int, ...] = (), noted: tuple[int, ...] = ()) -> Expect:
    """As `refused`; `also` says enough here, `lowered` breaks it as a SHOULD only, `noted` is merely mentioned."""
    return Expect("refused", {"also": list(also), "lowered": list(lowered), "noted": list(noted)})


def never_5xx(*noted: int, **more: Any) -> Expect:
    """Served or refused, but answered, and never by a failure of the server; `noted` statuses are mentioned."""
    return Expect("never-5xx", {"noted": list(noted), **more})


def expects(kind: str, **args: Any) -> Expect:
    """An expectation of any other kind, by its name in `rules.expectations.KINDS`."""
    return Expect(kind, args)


def same_outcome(**args: Any) -> Expect:
    """All calls of the case get the same status and error type."""
    return Expect("same-outcome", args)


def per_profile(**expectations: Expect) -> Mapping[str, Expect]:
    """An expectation for each profile, by its name."""
    return expectations


def probe(name: str, *calls: Any, **options: Any) -> Probe:
    """A probe of its own name from bodies or calls."""
    return Probe(name, tuple(_call(item) for item in calls), **options)


def _call(stimulus: Stimulus) -> Call:
    return stimulus if isinstance(stimulus, Call) else Call(stimulus)


@dataclass(slots=True)
class Declared:
    """What the decorators gather on a test function: its items, and the probes they need, by id."""

    items: list[Item] = field(default_factory=list)
    probes: dict[str, Probe] = field(default_factory=dict)
    pending: list[tuple[Mapping[str, Expect], Probe | None, str, Stimulus]] = field(default_factory=list)
    rides: tuple[Probe, ...] | None = None
    generator: Callable[..., Any] | None = None


def declared(function: object) -> Declared:
    """The declarations on a test function; AttributeError-free: an empty one is attached when there is none."""
    found = getattr(function, "__conformance__", None)
    if found is None:
        found = Declared()
        function.__conformance__ = found  # type: ignore[attr-defined]
    return found


#: The plain control, or the streamed one for a case in which anything is streamed.
FITTING = Probe("fitting control", ())


def cases(expect: Expectation, /, control: Probe | None = FITTING, **stimuli: Stimulus) -> Callable[[Test], Test]:
    """Declare cases, each named by its keyword. May be stacked; `control=None` for those that need none."""
    wanted = expect if isinstance(expect, Mapping) else {"*": expect}

    def declare(test: Test) -> Test:
        declared(test).pending[:0] = [(wanted, control, name, value) for name, value in stimuli.items()]
        return test

    return declare


def rides_on(*probes: Probe) -> Callable[[Test], Test]:
    """Declare a passive test: these probes make the requirement observable, all traffic is judged."""

    def declare(test: Test) -> Test:
        declared(test).rides = probes
        return test

    return declare


def requirement(identifier: str) -> Callable[[Test], Test]:
    """Bind what is declared below it to a requirement of the catalogue."""

    def bind(test: Test) -> Test:
        found = declared(test)
        about = test.__name__.removeprefix("test_").replace("_", " ")
        for row in found.pending:
            _bind_case(found, identifier, about, *row)
        found.pending.clear()
        if found.rides is not None:
            _keep(found, found.rides)
            found.items.append(Item(identifier, "", tuple(p.id for p in found.rides), about=about))
            found.rides = None
        return test

    return bind


def _bind_case(
    found: Declared,
    identifier: str,
    about: str,
    expect: Mapping[str, Expect],
    control: Probe | None,
    name: str,
    stimulus: Stimulus,
) -> None:
    parts = stimulus if isinstance(stimulus, tuple) else (stimulus,)
    probes = tuple(
        _as_probe(part, f"{identifier} {name}" + (f" {number}" if len(parts) > 1 else ""))
        for number, part in enumerate(parts, 1)
    )
    if control is FITTING:
        control = STREAM_CONTROL if any(part.streamed for part in probes) else PLAIN_CONTROL
    _keep(found, probes + ((control,) if control else ()))
    ids = tuple(p.id for p in probes)
    found.items.append(Item(identifier, name, ids, expect, control.id if control else "", about))


def _as_probe(stimulus: Stimulus, identifier: str) -> Probe:
    return stimulus if isinstance(stimulus, Probe) else Probe(identifier, (_call(stimulus),))


def _keep(found: Declared, probes: tuple[Probe, ...]) -> None:
    for item in probes:
        if found.probes.setdefault(item.id, item) != item:
            raise ValueError(f"two different probes are called {item.id!r}")
        if item.after is not None:
            if not item.after.until:
                raise ValueError(f"{item.id!r} replies to {item.after.id!r}, which says no `until`")
            _keep(found, (item.after,))


def streamed(stimulus: Call | Mapping[str, Any]) -> Call:
    """The same request with `stream: true`."""
    call = _call(stimulus)
    return replace(call, body={**call.body, "stream": True})
