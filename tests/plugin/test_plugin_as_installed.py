"""The installed plugin in processes of its own: foreign projects, pytest-xdist, Ctrl-C."""

import json
import signal
import time
from pathlib import Path

import pytest
from loopback import free_port
from plugin_runs import endpoint, finished, start, suite, target

PYPROJECT = """
[tool.pytest.ini_options]
testpaths = ["checks"]
python_files = "check_*.py"
python_functions = "check_*"
addopts = "--strict-markers"
filterwarnings = ["error"]
"""
CONFTEST = """
import pytest

@pytest.fixture(autouse=True)
def of_the_project():
    raise RuntimeError("this fixture is none of a conformance suite's business")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with tests, rules and a fixture of its own."""
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "check_own.py").write_text("def check_of_the_project():\n    pass\n")
    return tmp_path


def _exchanges(folder: Path) -> list[tuple[str, int]]:
    lines = (json.loads(line) for line in (folder / "run" / "journal.jsonl").read_text().splitlines())
    return sorted((line["probe"], line["step"]) for line in lines if line["record"] == "exchange")


def test_a_target_is_tested_from_within_a_foreign_project(project: Path) -> None:
    with endpoint() as server:
        code, output = finished(start(project, *target(server.url), "-k", "RESP or REQ-001"))
        assert server.requests > 2
    assert code == 0 and "check_of_the_project" not in output and "of_the_project" not in output, output
    assert " passed" in output and "error" not in output.lower().partition("= conformance")[0]


def test_a_foreign_projects_own_run_is_its_own(project: Path) -> None:
    (project / "conftest.py").write_text("")
    with endpoint() as server:
        code, output = finished(start(project, "-v", CONFORMANCE_API_KEY=""))
        assert server.requests == 0
    assert code == 0 and "check_of_the_project PASSED" in output and "1 passed" in output
    assert "RESP-003" not in output and not (project / "run").exists()


def test_two_processes_send_and_say_what_one_does(tmp_path: Path) -> None:
    words = ("-k", "RESP-003 or REQ-001 or REQ-023", suite("response"), suite("request_model_and_messages"))
    seen: list[tuple[int, list[tuple[str, int]], dict[str, str], int]] = []
    for processes in ("0", "2"):
        folder = tmp_path / processes
        folder.mkdir()
        with endpoint() as server:
            code, output = finished(start(folder, *target(server.url), *words, "-n", processes))
            report = json.loads((folder / "run" / "report.json").read_text())
            verdicts = {row["id"]: row["verdict"] for row in report["requirements"]}
            seen.append((code, _exchanges(folder), verdicts, server.requests))
        assert "Traceback" not in output and "INTERNALERROR" not in output, output
    assert seen[0] == seen[1] and seen[0][0] == 0 and len(seen[0][1]) == seen[0][3]


@pytest.mark.parametrize(
    ("words", "code"), [(("-k", "nothing_matches"), 5), (("-k", "RESP-003"), 6)], ids=["nothing", "unreachable"]
)
def test_exit_codes_survive_distribution(tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    ended, output = finished(start(tmp_path, *target(url), *words, "-n", "2", suite("response")))
    assert ended == code and "Traceback" not in output and "INTERNALERROR" not in output, output


def test_interrupting_writes_what_there_is(tmp_path: Path) -> None:
    with endpoint(delay=0.5) as server:
        process = start(tmp_path, *target(server.url), "--concurrency=1", "-k", "REQ", "-v")
        while server.requests < 2 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        code, output = finished(process)
    assert code == 2, output
    assert json.loads((tmp_path / "run" / "report.json").read_text()) and (tmp_path / "run" / "junit.xml").is_file()
    assert "not sent: the run was stopped" in (tmp_path / "run" / "journal.jsonl").read_text()
