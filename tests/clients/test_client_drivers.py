"""One process: what it is given, what of it is read, and that nothing of it is left."""

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from conformance.clients.driving import Command, How, Ran, drive, environment

TELL = "import json, os, sys\nprint(json.dumps({'outcome': 'completed', 'seen': {'text': %s}}))"


def run(tmp_path: Path, program: str, seconds: float = 20.0, **variables: str) -> Ran:
    return drive(Command((sys.executable, "-c", program), tmp_path, variables), {"prompt": "é"}, seconds)


def test_a_client_is_given_an_allow_list_and_its_own_variables_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONFORMANCE_API_KEY", "OTHER_SECRET", "HTTPS_PROXY", "PYTHONPATH", "NODE_OPTIONS"):
        monkeypatch.setenv(name, "a-secret-of-ours")
    ran = run(tmp_path, TELL % "sorted(os.environ.items())", CLIENT_KEY="k")
    given = dict(ran.seen["text"])
    assert given["CLIENT_KEY"] == "k" and "a-secret-of-ours" not in given.values()
    allowed = {
        "PATH",
        "LANG",
        "LC_ALL",
        "SYSTEMROOT",
        "HOME",
        "TMPDIR",
        "NO_PROXY",
        "no_proxy",
        "CLIENT_KEY",
        "LC_CTYPE",
    }
    assert given.keys() <= allowed
    assert given["HOME"] != os.environ.get("HOME") and not Path(given["HOME"]).exists()


def test_its_key_is_in_no_word_of_its_command(tmp_path: Path) -> None:
    ran = run(tmp_path, TELL % "sys.orig_argv",
              CLIENT_KEY="the-key-of-it")  # fmt: skip
    assert "the-key-of-it" not in str(ran.seen["text"])
    assert "the-key-of-it" not in repr(Command(("x",), tmp_path, {"CLIENT_KEY": "the-key-of-it"}))


def test_its_home_is_empty_but_for_what_it_says(tmp_path: Path) -> None:
    ran = run(tmp_path, TELL % "sorted(os.listdir(os.environ['HOME']))")
    assert ran.seen["text"] == [".complained", ".said"]


def test_the_order_comes_through_the_pipe(tmp_path: Path) -> None:
    assert run(tmp_path, TELL % "json.load(sys.stdin)").seen["text"] == {"prompt": "é"}


def test_the_environment_keeps_what_is_listed() -> None:
    kept = environment({"PATH": "/bin", "HOME": "/root", "AWS_SECRET": "x"}, Path("/h"), {"K": "v"})
    assert kept == {"PATH": "/bin", "HOME": "/h", "TMPDIR": "/h", "NO_PROXY": "*", "no_proxy": "*", "K": "v"}


def test_nothing_of_a_hang_is_left(tmp_path: Path) -> None:
    child = (
        "import subprocess, sys, time\np = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    )
    note = tmp_path / "child"
    ran = run(tmp_path, f"{child}open({str(note)!r}, 'w').write(str(p.pid))\ntime.sleep(600)", 3.0)
    assert ran.how is How.HANG and gone(int(note.read_text()))


def test_nothing_is_left_of_a_client_that_ends_before_its_children(tmp_path: Path) -> None:
    note = tmp_path / "child"
    program = (
        "import json, subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(note)!r}, 'w').write(str(p.pid))\n"
        "print(json.dumps({'outcome': 'unsupported'}))"
    )
    assert run(tmp_path, program).how is How.UNSUPPORTED and gone(int(note.read_text()))


def gone(pid: int) -> bool:
    """Whether a process is no more, or is a dead one that nobody has asked about."""
    for _ in range(100):
        with suppress(FileNotFoundError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                time.sleep(0.05)
                continue
        return True
    return False


@pytest.mark.parametrize(
    ("program", "how", "why"),
    [
        pytest.param("raise SystemExit('no such thing')", How.CRASH, "exit code 1: no such thing", id="complaint"),
        pytest.param("import os\nos._exit(7)", How.CRASH, "exit code 7", id="silent"),
        pytest.param("import os\nos.kill(os.getpid(), 9)", How.CRASH, "signal 9", id="signal"),
        pytest.param("print('{')", How.GARBAGE, "its last line is no verdict: {", id="half"),
        pytest.param("print('[' * 100000)", How.GARBAGE, "its last line is no verdict", id="deep"),
        pytest.param("print()", How.GARBAGE, "it said nothing", id="empty"),
        pytest.param('print(\'{"outcome": "fine"}\')', How.GARBAGE, "no verdict", id="other-word"),
        pytest.param('print(\'{"outcome": "completed"}\')', How.GARBAGE, "no verdict", id="completed-unseen"),
        pytest.param('print(\'{"outcome": "exception"}\')', How.GARBAGE, "no verdict", id="exception-untold"),
        pytest.param('print(\'{"outcome": ["completed"]}\')', How.GARBAGE, "no verdict", id="outcome-a-list"),
        pytest.param('print(\'{"outcome": "completed", "seen": [1]}\')', How.GARBAGE, "no verdict", id="seen-a-list"),
        pytest.param("import sys\nsys.stdin.close()\nprint('x')", How.GARBAGE, "no verdict: x", id="reads-nothing"),
    ],
)
def test_what_is_no_verdict_is_told_as_what_it_is(tmp_path: Path, program: str, how: How, why: str) -> None:
    ran = run(tmp_path, program)
    assert ran.how is how and why in ran.why


def test_an_exception_is_told_with_all_of_it(tmp_path: Path) -> None:
    error = {"type": "APIError", "message": "no", "status": 500}
    ran = run(tmp_path, f"print({json.dumps(json.dumps({'outcome': 'exception', 'error': error, 'version': 3}))})")
    assert (ran.how, ran.error, ran.version, ran.seen) == (How.EXCEPTION, error, "3", {})


def test_what_cannot_be_started_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        drive(Command((str(tmp_path / "absent"),), tmp_path, {}), {}, 1.0)
