"""A run through the pass-through comes to what it comes to without, and so does what the pass-through saw of it."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from conformance import reference
from conformance.evidence.follow import read_run
from conformance.proxy.passthrough import Passthrough
from conformance.proxy.run import proxy
from conformance.reporting.facts import REACHED
from conformance.settings.resolve import resolve
from conformance.verdicts import Graded, grade

KEY = "a-key-of-the-reference-endpoint"
#: They look at the refusals of declared cases, which a foreign client has none of.
OF_CASES = {"ERR-006", "ERR-007"}


def ran(url: str, out: Path) -> Graded:
    """The ordinary suite, as a user runs it."""
    words = ["run", url, "--model", "reference-1", "--budget", "quick", "--out", str(out)]
    environment = {**os.environ, "CONFORMANCE_API_KEY": KEY, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "conformance", *words], env=environment, capture_output=True, check=False, timeout=90
    )
    assert done.returncode in (0, 1, 6), done.stdout + done.stderr
    return grade(read_run(out / "journal.jsonl").run())


def verdicts(graded: Graded) -> dict[str, str]:
    return {name: row.verdict.value for name, row in graded.judgements.items()}


def passive(graded: Graded) -> dict[str, str]:
    """What any traffic may show, as far as it was seen."""
    rows = (row for row in graded.items if not row.item.active and row.item.requirement not in OF_CASES)
    return {row.item.requirement: row.verdict.value for row in rows if row.verdict in REACHED}


@pytest.mark.parametrize("fault", ["", "message-stop-missing"], ids=["without a fault", "with a fault"])
def test_verdicts_are_those_of_a_direct_run(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    through, ended = list[Graded](), threading.Event()
    clients: list[threading.Thread] = []

    def client(text: str) -> None:
        def run() -> None:
            through.append(ran(text.split()[1], tmp_path / "through"))
            ended.set()

        clients.append(threading.Thread(target=run))
        clients[0].start()

    monkeypatch.setattr(Passthrough, "wait", lambda self, seconds=None: ended.wait(100))
    settings = reference.Settings(key=KEY, faults=(fault,) if fault else ())
    with reference.Endpoint(settings) as server:
        direct = ran(server.url, tmp_path / "direct")
        given = {"target-url": server.url, "model": "reference-1", "out": tmp_path / "seen"}
        seen = proxy(resolve(given, tmp_path, {}), 0, client, lambda text: None, {}).closing.graded
    clients[0].join(30)
    assert verdicts(through[0]) == verdicts(direct)
    rows = passive(seen)
    assert {name: rows.get(name) for name in passive(direct)} == passive(direct)
    assert ("failed" in rows.values()) is bool(fault)
    assert len(seen.run.records) == len(through[0].run.records)
