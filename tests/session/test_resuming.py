"""A run that was killed, and the one that goes on with it; what is refused."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.certificates.statement import incomplete
from conformance.evidence.follow import Follower, read_run
from conformance.evidence.journal import JournalWriter
from conformance.evidence.run import PLAIN, Item
from conformance.probing.probe import Call, Probe, Shape
from conformance.reference import Endpoint, Settings
from conformance.session.closing import close_run
from conformance.session.earlier import read_earlier
from conformance.session.live import Live, open_live
from conformance.settings.resolve import UsageError, resolve
from conformance.suite import PLAIN as BODY
from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL, accepted

KEY = "resuming-key-0123456789"
SELECTED = ("STRM-00*", "REQ-01*", "RESP-00*")
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("CONFORMANCE", "PYTEST"))} | {
    "CONFORMANCE_API_KEY": KEY
}

_WORDINGS = tuple(Call(BODY | {"system": word}) for word in ("one", "two"))
PROBES = {
    probe.id: probe for probe in (PLAIN_CONTROL, STREAM_CONTROL, Probe("several", _WORDINGS, Shape.UNTIL, "calls-tool"))
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """One that breaks a requirement and takes a moment for each answer, so that a run can be met on its way."""
    with Endpoint(Settings(key=KEY, delay=0.02, faults=("role-foreign",))) as found:
        yield found


def _start(url: str, folder: Path, *words: str) -> "subprocess.Popen[str]":
    asked = [f"--requirement={pattern}" for pattern in SELECTED]
    command = [sys.executable, "-m", "conformance", "run", url, "--model=reference-1", "--fuzz=0", f"--out={folder}"]
    return subprocess.Popen(
        [*command, *asked, *words], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _run(url: str, folder: Path, *words: str) -> tuple[int, str]:
    with _start(url, folder, *words) as process:
        said, _ = process.communicate(timeout=60)
    return process.returncode, said


def _killed(url: str, folder: Path, size: int, *words: str) -> Follower:
    """The journal of a run that was killed when it had so many bytes, or had come to its end."""
    journal = folder / "journal.jsonl"
    with _start(url, folder, *words) as process:
        while process.poll() is None and not (journal.exists() and journal.stat().st_size >= size):
            time.sleep(0.002)
        process.kill()
    return read_run(journal)


def _report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return found


def _verdicts(folder: Path) -> dict[str, tuple[str, str, int]]:
    rows = _report(folder)["requirements"]
    return {row["id"]: (row["verdict"], row["reason"], row["violations_total"]) for row in rows}


def _complete(follower: Follower) -> Counter[tuple[str, int]]:
    return Counter((row.probe, row.step) for row in follower.records if not row.repeated)


@pytest.fixture(scope="module")
def undisturbed(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nobody killed."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    assert _run(endpoint.url, folder)[0] == 1
    return folder


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_twice_a_run_ends_with_the_same_verdicts_and_sends_nothing_twice(
    seed: int, endpoint: Endpoint, undisturbed: Path, tmp_path: Path
) -> None:
    size = (undisturbed / "journal.jsonl").stat().st_size
    draw = random.Random(seed)
    points = sorted(int(size * draw.uniform(0.1, 0.9)) for _ in range(2))
    first = _killed(endpoint.url, tmp_path / "1", points[0])
    second = _killed(endpoint.url, tmp_path / "2", points[1], f"--resume={tmp_path / '1'}")
    before = endpoint.requests
    code, said = _run(endpoint.url, tmp_path / "3", f"--resume={tmp_path / '2' / 'journal.jsonl'}")
    assert code == 1, said
    last = read_run(tmp_path / "3" / "journal.jsonl")
    kept = {row.seq: row for row in second.records} if second.records else {}
    again = [row for row in last.records if row.seq not in kept]
    assert endpoint.requests - before == len(again)
    known = {(row.probe, row.step) for row in (*first.records, *second.records) if not row.repeated}
    whole = {row.probe for row in (*first.records, *second.records)} - set(second.done)
    twice = {(row.probe, row.step) for row in again} & known
    assert {probe for probe, _ in twice} <= whole, "only what needs one connection or one moment is sent anew"
    assert all(count == 1 for count in _complete(last).values())
    assert {step for step in _complete(last) if step[0] != PLAIN} == {
        step for step in _complete(read_run(undisturbed / "journal.jsonl")) if step[0] != PLAIN
    }
    assert _verdicts(tmp_path / "3") == _verdicts(undisturbed)
    assert incomplete(last.run(), last) == "only a part of the suite was selected", "else it could be certified"
    assert last.header["nonce"] == first.header["nonce"] and last.header["resumed"]["journal"] == second.digest
    carried = _report(tmp_path / "3")["requests"]["carried"]
    assert carried == last.header["resumed"]["exchanges"] and f"{carried} carried over from the run" in said


def test_a_capped_run_goes_on(endpoint: Endpoint, undisturbed: Path, tmp_path: Path) -> None:
    assert _run(endpoint.url, tmp_path / "capped", "--max-requests=20")[0] in {1, 6}
    before = endpoint.requests
    assert _run(endpoint.url, tmp_path / "rest", f"--resume={tmp_path / 'capped'}")[0] == 1
    assert _verdicts(tmp_path / "rest") == _verdicts(undisturbed) and endpoint.requests > before


def test_a_whole_run_has_nothing_left_to_send_to_any_worker_either(
    endpoint: Endpoint, undisturbed: Path, tmp_path: Path
) -> None:
    before = endpoint.requests
    assert _run(endpoint.url, tmp_path / "again", f"--resume={undisturbed}", "-n2")[0] == 1
    assert endpoint.requests == before and _verdicts(tmp_path / "again") == _verdicts(undisturbed)


def test_another_run_is_not_resumed(endpoint: Endpoint, undisturbed: Path, tmp_path: Path) -> None:
    before = endpoint.requests
    code, out = _run(endpoint.url, tmp_path / "run", f"--resume={undisturbed}", "--requirement=USG-001")
    assert code == 4 and "cannot be resumed: it was made for another selection of items" in out, out
    assert endpoint.requests == before and not (tmp_path / "run").exists()


def _opened(url: str, folder: Path, case: str = "plain", **options: Any) -> Live:
    given = {"target-url": url, "model": "reference-1", "fuzz": 0, "out": str(folder)}
    settings = resolve(given | {name.replace("_", "-"): value for name, value in options.items()}, folder, {})
    item = Item("AUTH-001", case, ("plain", "several"), {"*": accepted})
    return open_live(settings, [item], PROBES, False, ENVIRONMENT)


@pytest.fixture(scope="module")
def small(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a run of one item."""
    live = _opened(endpoint.url, tmp_path_factory.mktemp("small"))
    live.begin()
    assert live.scheduler is not None
    live.scheduler.wait()
    close_run(live, 0, "", reports=False)
    return live.journal


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"capability": ("thinking",)}, "set of capabilities"),
        ({"model": "reference-2"}, "model"),
        ({"fuzz_seed": 7}, "seed or number of generated cases"),
        ({"challenge": "somebodys-word"}, "challenge"),
        ({"shard": "1/2"}, "share"),
        ({"attempts": 1}, "set of requests"),
        ({"case": "other"}, "selection of items"),
        ({"target_url": "http://127.0.0.1:9"}, "target"),
        ({"target_url": None}, "kind of target"),
        ({"no_auth": True}, "use of a key"),
        ({"profile": "anthropic"}, "profile"),
    ],
)
def test_what_a_resumed_run_has_to_have_in_common(
    endpoint: Endpoint, small: Path, tmp_path: Path, options: dict[str, Any], kind: str
) -> None:
    before = endpoint.requests
    url = options.get("target_url", endpoint.url)
    more = {name: value for name, value in options.items() if name != "target_url"}
    with pytest.raises(UsageError, match=f"cannot be resumed: it was made for another {kind}; give the same options"):
        _opened(url, tmp_path, resume=str(small), **more)
    assert endpoint.requests == before and not list(tmp_path.iterdir())


def test_what_does_not_shape_the_plan_may_differ(endpoint: Endpoint, small: Path, tmp_path: Path) -> None:
    live = _opened(endpoint.url, tmp_path, resume=str(small), level="should", concurrency=1, max_requests=5)
    assert live.plan.requests == (0, 0) and live.carried.records and live.desk.nonce
    live.target.close()


@pytest.mark.parametrize("kind", ["none", "damaged", "no plan", "old"])
def test_a_journal_that_cannot_be_resumed_is_refused_in_a_sentence(small: Path, tmp_path: Path, kind: str) -> None:
    journal = tmp_path / "journal.jsonl"
    lines = small.read_bytes().splitlines(keepends=True)
    if kind == "damaged":
        journal.write_bytes(b"".join((*lines[:2], *lines[3:])))
    if kind == "no plan":
        journal.write_bytes(lines[0])
    if kind == "old":
        kept = {name: value for name, value in json.loads(lines[0]).items() if name not in {"nonce", "chain", "record"}}
        writer = JournalWriter(journal)
        writer.write("header", **kept)
        writer.close()
    sentence = {"none": "there is no journal at", "damaged": "does not follow from"}.get(
        kind, "has no plan, or is of an"
    )
    with pytest.raises(UsageError, match=sentence):
        read_earlier(tmp_path)


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "1/1000", "-1/2"])
def test_a_share_is_a_number_of_so_many(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="--shard takes the number of a share and how many there are"):
        resolve({"shard": text}, tmp_path, {})
    assert resolve({"shard": "02/3"}, tmp_path, {}).shard == "2/3"


def test_what_failed_is_run_again_alone(endpoint: Endpoint, undisturbed: Path, tmp_path: Path) -> None:
    before = endpoint.requests
    code, out = _run(endpoint.url, tmp_path / "again", f"--only-failed={undisturbed}")
    found = {name for name, row in _verdicts(tmp_path / "again").items() if row[0] not in {"not-run", "not-applicable"}}
    assert code == 1 and found == {name for name, row in _verdicts(undisturbed).items() if row[0] == "failed"}, out
    assert 0 < endpoint.requests - before < len(read_run(undisturbed / "journal.jsonl").records)
    with Endpoint(Settings(key=KEY)) as mended:
        code, out = _run(mended.url, tmp_path / "mended", f"--only-failed={tmp_path / 'again'}")
        assert code == 0 and "no violation at level must in what was selected" in out, out
        code, out = _run(mended.url, tmp_path / "none", f"--only-failed={tmp_path / 'mended'}")
    assert code == 4 and "there is nothing to be run again" in out and not (tmp_path / "none").exists()
