"""Surface 5: what an operator writes or keeps: configuration, prices, baseline, budgets, lists, keys, histories."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path

from click import ClickException
from fuzz_frame import bounded
from fuzz_runs import PEM, PUBLIC, room, whole

from conformance.certificates.envelope import Refused
from conformance.certificates.keys import UnusableKey, read_signer, read_trusted
from conformance.certificates.revocations import read_revoked
from conformance.cli.runs import runs_of
from conformance.contract import Level
from conformance.evidence.follow import read_run
from conformance.gate.baseline import BaselineError, baseline_text, read_baseline
from conformance.gate.judging import judged
from conformance.gate.store import HistoryError, prepare, read_history, record
from conformance.session.closing import settle
from conformance.settings.prices import read_prices
from conformance.settings.resolve import UsageError, resolve
from conformance.suite_budgets import read_budgets

CONFIG = b"""model = "m"
capability = ["vision", "thinking"]
concurrency = 3
timeout = 2.5
no-auth = true
shard = "1/3"
context-window = 100000
accepted-betas = ["one-2026", "two-2026"]
[limits]
whole = 30
body = 1000000
[headers]
X-Tenant = "TENANT"
"""
PROJECT = b'[project]\nname = "x"\n[tool.conformance]\nmodel = "m"\nlevel = "should"\nrate = 2.5\nmax-cost = 1.0\n'
PRICES = b"""currency: USD
models:
  claude-*: {input: 3, output: 15, cached_input: 0.3}
  "*": {input: 1, output: 5}
"""
BASELINE = b"""version: 1
violations:
- requirement: RESP-003
  reason: known, see the ticket
  issue: https://example.com/1
  expires: 2030-01-31
- requirement: REQ-021
  case: absent
  profile: myrouter
  reason: known
  expires: 2030-01-31
flaky:
- requirement: STRM-001
  reason: now and then
  expires: 2030-01-31
"""
BUDGETS = (
    b"quick:\n  myrouter: [plain, stream]\n  anthropic: [plain]\nstandard:\n  myrouter: [plain]\n  anthropic: []\n"
)
REVOKED = b"# revoked\n" + b"a" * 64 + b" lost\n" + b"b" * 64 + b"\n"
REPEAT = b'{"runs": [{"folder": 1}, {"folder": 2}]}'

#: What a reader may raise: its own word for a file that is of no use.
DECLARED = (UsageError, BaselineError, HistoryError, Refused, UnusableKey, ClickException)


def _configuration(path: Path) -> None:
    found = resolve({"config": str(path)}, room(), {"TENANT": "t"})
    assert found.concurrency >= 1 and found.attempts >= 1 and found.limits.whole > 0 and found.limits.body > 0
    assert all(isinstance(value, str) for pair in found.headers for value in pair)


def _prices(path: Path) -> None:
    found = read_prices(path)
    assert found is not None and found.models
    for model in ("claude-1", "m", "[", "*"):
        with suppress(UsageError):
            assert found.of(model).input >= 0


def _baseline(path: Path) -> None:
    found = read_baseline(path)
    path.write_text(baseline_text(found), "utf-8")
    assert read_baseline(path) == found
    judged(whole()[1], found, date(2029, 1, 1), Level.MUST, lambda entry: True)


def _budgets(path: Path) -> None:
    """This file travels with the package: whatever is wrong with it is one kind of error."""
    try:
        assert read_budgets(path)
    except ValueError as error:
        assert str(error)


def _history(path: Path) -> None:
    prepare(path)
    assert len(read_history(path)) < 100


def _keys(path: Path) -> None:
    for read in (read_signer, lambda path: read_trusted([path])):
        with suppress(UnusableKey):
            assert read(path)


def _revoked(path: Path) -> None:
    assert all(read_revoked([path]).values())


def _repeat(path: Path) -> None:
    path.replace(room() / "repeat.json")
    assert all(isinstance(run, Path) for run in runs_of(room()))


@cache
def _kept_history() -> bytes:
    path = room() / "kept.sqlite"
    closing = settle(read_run(_journal()), Level.MUST, None)
    for _ in range(2):
        record(path, closing.graded, closing.facts)
    return path.read_bytes()


def _journal() -> Path:
    path = room() / "kept.jsonl"
    path.write_bytes(whole()[0])
    return path


def reader(read: Callable[[Path], object], most: int = 400_000) -> Callable[[bytes], None]:
    """A check of what reads a file: it takes it, or says in one sentence why not."""

    def check(data: bytes) -> None:
        path = room() / "file"
        path.write_bytes(data)
        try:
            with bounded(most + 600 * len(data)):
                read(path)
        except DECLARED as error:
            assert 10 < len(str(error)) < 2000, error
            assert "\n" not in str(error), error

    return check


def corpus(*files: bytes) -> Callable[[], Sequence[bytes]]:
    """A corpus that is there already."""
    return lambda: files


READERS: Mapping[str, tuple[Callable[[bytes], None], Callable[[], Sequence[bytes]]]] = {
    "configuration": (reader(_configuration), corpus(CONFIG, PROJECT)),
    "prices": (reader(_prices), corpus(PRICES)),
    "baseline": (reader(_baseline), corpus(BASELINE)),
    "budgets": (reader(_budgets), corpus(BUDGETS)),
    "history": (reader(_history), lambda: (_kept_history(),)),
    "keys": (reader(_keys), corpus(PEM, PUBLIC, PUBLIC * 2)),
    "revoked": (reader(_revoked), corpus(REVOKED)),
    "repeat": (reader(_repeat), corpus(REPEAT)),
}
