"""Clients made up for tests: a folder of them with drivers of their own, and environments that need no installing."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from conformance.clients.checks import Choice, Done, check
from conformance.clients.data import load_clients
from conformance.clients.environments import STAMP, environment_of
from conformance.probing.limits import Limits
from conformance.settings.resolve import resolve

KEY = "clients-key-0123456789"
LIMITS = Limits(connect=5, first_byte=20, between_bytes=10, whole=30, after_stop=1.5)

#: A client of the standard library alone, which does what plain text, a stream and a refused key need.
HONEST = """
import json, os, sys, urllib.error, urllib.request
order = json.load(sys.stdin)
body = {"model": order["model"], "max_tokens": order["max_tokens"], "stream": order["stream"],
        "messages": [{"role": "user", "content": order["prompt"]}]}
request = urllib.request.Request(order["base_url"] + "/v1/messages", json.dumps(body).encode(), {
    "content-type": "application/json", "x-api-key": os.environ["FAKE_KEY"], "anthropic-version": "2023-06-01"})
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
told = {"client": "fake", "version": "1.2", "error": None, "seen": None}
try:
    raw = opener.open(request, timeout=20).read()
    if order["stream"]:
        events = [json.loads(line[5:]) for line in raw.splitlines() if line.startswith(b"data:")]
        message = events[0]["message"]
        message["usage"]["output_tokens"]
        text = "".join(e["delta"].get("text", "") for e in events if e["type"] == "content_block_delta")
        ends = [event for event in events if event["type"] == "message_delta"]
        message |= {"content": [{"text": text}], "stop_reason": ends[-1]["delta"]["stop_reason"]}
        message["usage"] |= ends[-1]["usage"]
    else:
        message = json.loads(raw)
    seen = {"text": message["content"][0]["text"], "thinking": "", "tool_calls": [], "turns": 1,
            "stop_reason": message["stop_reason"], "stop_sequence": None, "usage": message["usage"]}
    told |= {"outcome": "completed", "seen": seen}
except urllib.error.HTTPError as error:
    told |= {"outcome": "exception", "error": {"type": "HTTPError", "message": error.read().decode(),
                                               "status": error.code}}
except Exception as error:
    told |= {"outcome": "exception", "error": {"type": type(error).__name__, "message": str(error), "status": None}}
print("words before the verdict")
print(json.dumps(told))
"""

DESCRIPTION: dict[str, Any] = {
    "title": "Fake",
    "language": "python",
    "packages": ["fake==1.0"],
    "base_url": "{url}",
    "key": "FAKE_KEY",
    "scenarios": ["text", "stream", "error"],
    "profiles": ["myrouter", "anthropic"],
}
LOOK = {"text": "some", "turns": 1, "stop_reasons": ["end_turn"], "usage": ["input_tokens", "output_tokens"]}
SCENARIOS: dict[str, Any] = {
    "version": 1,
    "defaults": {"stream": False, "max_tokens": 64},
    "scenarios": {
        "text": {"title": "plain text", "ask": {"prompt": "Reply with the single word: pong"}, "see": LOOK},
        "stream": {"title": "a stream", "ask": {"prompt": "Count from one to three.", "stream": True}, "see": LOOK},
        "error": {"title": "an error", "wrong_key": True, "ask": {"prompt": "Hello"}, "see": {"status": [401]}},
    },
}


def describe(folder: Path, name: str = "fake", program: str = HONEST, **changes: Any) -> Path:
    """Describe a client in a folder; a member that is None is left out."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    described = {word: value for word, value in {**DESCRIPTION, **changes}.items() if value is not None}
    (folder / name / "client.yaml").write_text(yaml.safe_dump(described))
    (folder / name / "driver.py").write_text(program)
    (folder / "scenarios.yaml").write_text(yaml.safe_dump(SCENARIOS, sort_keys=False))
    return folder


def installed(folder: Path, cache: Path) -> Path:
    """Environments for every client of a folder: this interpreter, and nothing beside it."""
    for client in load_clients(folder).values():
        place = environment_of(client, cache).folder
        (place / "venv" / "bin").mkdir(parents=True)
        (place / "venv" / "bin" / "python").symlink_to(sys.executable)
        (place / STAMP).write_text(json.dumps(client.packages))
    return cache


def checked(tmp_path: Path, url: str | None = None, *faults: str, **choice: Any) -> Done:
    """Let the clients of `tmp_path/clients` talk to an endpoint."""
    folder = tmp_path / "clients"
    given: dict[str, Any] = {"target-url": url, "model": "reference-1", "out": str(tmp_path / "run")}
    given |= {name: choice.pop(name, None) for name in ("level", "profile", "no-auth")}
    settings = replace(resolve(given, tmp_path, {}), limits=choice.pop("limits", LIMITS))
    chosen = Choice(tmp_path / "cache", folder=folder, **{"seconds": 30.0, **choice})
    return check(settings, chosen, lambda text: None, {"CONFORMANCE_API_KEY": KEY}, faults)


def written(tmp_path: Path) -> dict[str, Any]:
    """What stands in clients.json."""
    found: dict[str, Any] = json.loads((tmp_path / "run" / "clients.json").read_text())
    return found
