"""`schemathesis run` as a user has it, in this process: calls of its command line against one reference endpoint.

One document cannot say both what a server must refuse and what it must accept, so each run is two calls, as in our own
generation: what must be refused is drawn from the typed contract (`--mode negative`), what must be accepted from the
capped one (`--mode positive`). Both declare what else `schemas/` knows and Schemathesis can use: the credential, so
that it tries without one, and a schema for each event of a stream. The configuration pins the model and the version.
The key comes from the environment, never from the command line.
"""

import contextlib
import io
import json
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from schemathesis import hook
from schemathesis.cli import EventHandler, handler
from schemathesis.cli import schemathesis as command_line
from schemathesis.engine import events

from conformance import reference
from conformance.contract.documents import contract_document, generation_document, json_schema, schema_names
from conformance.generation.engine import steady
from conformance.proof.runs import ENVIRONMENT, KEY, SECOND_KEY, WINDOW

TIMEOUT = 3.0  #: seconds for one request; on loopback the clean endpoint answers in milliseconds
PATIENCE = 15.0  #: seconds of a run spent in answers, after which a stream gets SHORT seconds only
SHORT = 0.3
CAP = 120.0  #: seconds after which the endpoint goes away, for answers that trickle for ever
SEED = 1
PHASES = ("examples,coverage,fuzzing", "examples,fuzzing")  #: the coverage phase has no bound; it may not fit
TOKENS = re.compile(rb'"(?:output_tokens|completion_tokens)"\s*:\s*(\d{1,9})')
MODES = ("positive", "negative")  #: in this order, since the answers to accepted requests cost least
CONFIG = f"""
max-stream-events = 100000
request-timeout = {TIMEOUT}
cache = {{ enabled = false }}
generation = {{ database = "none" }}
[parameters]
"header.anthropic-version" = "2023-06-01"
"body.model" = "reference-1"
[auth.openapi.key]
bearer = "${{CONFORMANCE_API_KEY}}"
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the command line: mode, phases, examples of the fuzzing phase; `requests` is what it sends to the
    clean endpoint."""

    mode: str
    phases: str
    examples: int
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """How Schemathesis is run, and the failures that the clean endpoint gives as well, which count for nothing."""

    profile: str
    calls: tuple[Call, ...]
    baseline: frozenset[str] = frozenset()

    @property
    def requests(self) -> int:
        """What a run sends to the clean endpoint."""
        return _requests(self.calls)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a run said: new failures and errors, each by mode, name, operation and class of status; requests; time;
    output tokens, as far as answers state them."""

    found: tuple[str, ...]
    requests: int
    seconds: float
    tokens: int = 0


@dataclass(slots=True)
class Watch:
    """What the hooks know of the run in progress; set anew for each."""

    baseline: frozenset[str] = frozenset()
    mode: str = ""
    found: dict[str, None] = field(default_factory=dict)
    waited: float = 0.0
    tokens: int = 0
    over: bool = False

    def take(self, name: str) -> bool:
        """Whether a failure of this name is new; it is kept then."""
        name = f"{self.mode}: {name}"
        new = name not in self.baseline and not self.over
        if new:
            self.found[name] = None
        return new


_now = Watch()


DOCUMENTS = {"negative": contract_document, "positive": generation_document}


def document(profile: str, mode: str) -> dict[str, Any]:
    """What requests of this mode are drawn from, with the credential and the events of a stream declared."""
    found = DOCUMENTS[mode](profile)
    found["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    post = next(iter(found["paths"].values()))["post"]
    post["security"] = [{"key": []}]
    names = [name for name in schema_names() if name.startswith("event.")]
    stream = {"anyOf": [_event(name, profile) for name in names]}
    post["responses"]["200"]["content"]["text/event-stream"] = {"itemSchema": stream}
    return found


def _event(name: str, profile: str) -> dict[str, Any]:
    schema = {key: value for key, value in json_schema(name, profile).items() if key != "$schema"}
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}
    properties = {"event": {"const": name.removeprefix("event.")}, "data": data}
    return {"type": "object", "required": ["event", "data"], "properties": properties}


@hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Drop what the clean endpoint gives as well: such a failure neither counts nor ends the run."""
    return _now.take(f"{type(failure).__name__} {case.method} {case.path} {response.status_code // 100}xx")


@hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Wait shortly for streams once a run has lost its patience: a cut stream is no failure and costs its timeout."""
    if _now.waited > PATIENCE and isinstance(case.body, dict) and case.body.get("stream") is True:
        kwargs["timeout"] = SHORT


@hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Count the time that answers took, and the tokens that they state: the last number counts, as in a stream."""
    _now.waited += response.elapsed
    stated = TOKENS.findall(response.content)
    _now.tokens += int(stated[-1]) if stated else 0


@handler()
class Errors(EventHandler):  # type: ignore[type-arg]
    """Errors beside failures: answers that do not come, or cannot be read."""

    def handle_event(self, ctx: Any, event: events.EngineEvent) -> None:
        """Keep each by the name of its class."""
        if isinstance(event, events.NonFatalError):
            _now.take(f"error {type(event.value).__name__} {event.label}")
        elif isinstance(event, events.FatalError):
            _now.take(f"error {type(event.exception).__name__}")


def run(setting: Setting, faults: Iterable[str] = (), first: bool = True) -> Reply:
    """One run; with `first` it ends at the first failure that the clean endpoint does not give."""
    global _now
    os.environ.update(ENVIRONMENT)
    _now = Watch(setting.baseline)
    began = time.monotonic()
    with _served(setting.profile, tuple(faults), _now) as endpoint:
        for call in setting.calls:
            _now.mode = call.mode
            if not (first and _now.found):
                _called(setting.profile, call, endpoint.url, first)
        requests = endpoint.requests
    return Reply(tuple(_now.found), requests, time.monotonic() - began, _now.tokens)


@contextlib.contextmanager
def _served(profile: str, faults: tuple[str, ...], watch: Watch) -> Iterator[reference.Endpoint]:
    """An endpoint that goes away after CAP seconds; what Schemathesis says of that is not counted."""
    settings = reference.Settings(
        profile=profile, key=KEY, faults=faults, restricted_key=SECOND_KEY, context_window=WINDOW
    )
    with contextlib.ExitStack() as stack:
        endpoint = stack.enter_context(reference.Endpoint(settings))

        def give_up() -> None:
            watch.over = True
            stack.close()

        timer = threading.Timer(CAP, give_up)
        timer.start()
        try:
            yield endpoint
        finally:
            timer.cancel()
            timer.join()


def _arguments(profile: str, call: Call, folder: Path, first: bool) -> list[str]:
    (folder / "document.json").write_text(json.dumps(document(profile, call.mode)), "utf-8")
    (folder / "schemathesis.toml").write_text(CONFIG, "utf-8")
    ending = ["--max-failures", "1"] if first else ["--continue-on-failure"]
    return [
        "--config-file", str(folder / "schemathesis.toml"), "run", str(folder / "document.json"),
        "--mode", call.mode, "--phases", call.phases, "--max-examples", str(call.examples), "--seed", str(SEED),
        "--no-shrink", "--no-color", *ending,
    ]  # fmt: skip


def _called(profile: str, call: Call, url: str, first: bool) -> None:
    """Call the command line, its words thrown away: what matters came through the hooks."""
    quiet = io.StringIO()
    with tempfile.TemporaryDirectory(prefix="kill-rates-") as folder:
        arguments = [*_arguments(profile, call, Path(folder), first), "--url", url]
        silent = contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet)
        with silent[0], silent[1], steady(), contextlib.suppress(SystemExit):
            command_line.main(arguments, prog_name="schemathesis", standalone_mode=False)


def settled(profile: str, budget: int) -> Setting:
    """The setting that sends as many requests to the clean endpoint as it can within the budget, and its baseline,
    which is what three runs against that endpoint say. What the coverage phases leave is shared by the modes."""
    least = [[_measured(profile, Call(mode, phases, 1)) for mode in MODES] for phases in PHASES]
    calls = next((both for both in least if _requests(both) <= budget), least[-1])
    rest = budget - _requests(calls)
    fitted = [_fitted(profile, call, call.requests + rest // len(calls)) for call in calls]
    setting = Setting(profile, tuple(fitted))
    seen = {name for _ in range(3) for name in run(setting, first=False).found}
    return replace(setting, baseline=frozenset(seen))


def _requests(calls: Iterable[Call]) -> int:
    return sum(call.requests for call in calls)


def _fitted(profile: str, least: Call, budget: int) -> Call:
    """The call with as many examples as the budget allows."""
    best, examples = least, budget - least.requests + 1
    for _ in range(4):
        tried = _measured(profile, replace(least, examples=examples))
        if best.requests < tried.requests <= budget:
            best = tried
        if budget in (best.requests, tried.requests) or examples < 2:
            break
        examples = max(1, examples + budget - tried.requests)
    return best


def _measured(profile: str, call: Call) -> Call:
    return replace(call, requests=run(Setting(profile, (call,)), first=False).requests)
