"""The command line: runs, entries of the catalogue, the reference endpoint and its faults."""

import asyncio
import re
import runpy
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance import cli, reference
from conformance.cli import main
from conformance.cli.usage import WRONG_USAGE, _ending_as_told
from conformance.contract import load_catalogue
from conformance.generation import selection
from conformance.generation.corpus import FOLDER, file_of, read_corpus
from conformance.settings.options import OPTIONS
from conformance.verdicts import Exit


def _run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pytest was called with, instead of calling it."""
    calls: list[list[str]] = []

    def call(words: list[str]) -> int:
        calls.append(words)
        return 6

    monkeypatch.setattr(pytest, "main", call)
    return calls


def test_help_and_version_are_there() -> None:
    assert _run("--version").output.startswith("conformance, version ")
    listing = _run("run", "--help").output
    assert all(f"--{option.name}" in listing for option in OPTIONS if option.name != "target-url")


def test_a_run_is_pytest_on_our_suites_alone(called: list[list[str]]) -> None:
    result = _run("run", "http://127.0.0.1:9")
    assert result.exit_code == 6 and len(called) == 1
    words = called[0]
    assert "--conformance-target-url=http://127.0.0.1:9" in words and "-q" in words
    files = [Path(word) for word in words if word.endswith(".py")]
    assert files and all(file.is_file() and file.name.startswith("test_") for file in files)
    assert words[words.index("-c") + 1] == "/dev/null" and "no:schemathesis" in words


def test_a_run_without_a_url_is_for_the_embedded_endpoint(called: list[list[str]]) -> None:
    assert _run("run").exit_code == 6
    assert not any(word.startswith("--conformance-") for word in called[0])


def test_an_empty_url_stays_an_empty_url(called: list[list[str]]) -> None:
    _run("run", "")
    assert "--conformance-target-url=" in called[0]


def test_options_are_handed_on_as_pytest_takes_them(called: list[list[str]]) -> None:
    own = ["--profile", "anthropic", "--capability", "vision", "--capability", "caching", "--no-auth", "--fuzz", "0"]
    _run("run", "http://h", *own, "--timeout", "1.5", "-k", "RESP", "-n", "0", "-x", "-v")
    words = called[0]
    for word in ("profile=anthropic", "capability=vision", "capability=caching", "no-auth", "fuzz=0", "timeout=1.5"):
        assert f"--conformance-{word}" in words
    assert words[words.index("-k") + 1] == "RESP" and words[words.index("-n") + 1] == "0"
    assert "-x" in words and "-v" in words and "-q" not in words


@pytest.mark.parametrize("words", [("--profile", "openai"), ("--fuzz", "many"), ("--no-such-option",)])
def test_wrong_options_are_refused_in_a_sentence(called: list[list[str]], words: tuple[str, ...]) -> None:
    result = _run("run", *words)
    assert result.exit_code == 4 and "Error: " in result.output and not called


@pytest.mark.parametrize(
    "line",
    ["--nonsense", "nonsense", "run --nonsense", "run --fuzz many", "requirements NOPE", "requirements --format xml",
     "requirements --out a --check b", "requirements a b", "serve --profile openai", "serve --fault no-such-fault",
     "corpus nonsense", "corpus export --profile openai", "doctor --nonsense"],
)  # fmt: skip
def test_wrong_usage_of_every_command_ends_with_4(line: str) -> None:
    result = CliRunner().invoke(main, line.split())
    assert result.exit_code == Exit.USAGE == WRONG_USAGE
    assert "Error: " in result.stderr and result.stdout == ""


def test_one_requirement_is_printed_in_full() -> None:
    entry = load_catalogue().requirements["RESP-003"]
    for pattern in ("RESP-003", "resp-003"):
        result = _run("requirements", pattern)
        assert result.exit_code == 0 and "RESP-003" in result.output
        assert " ".join(entry.source.split())[:30] in " ".join(result.output.split())


def test_many_requirements_are_a_line_each() -> None:
    result = _run("requirements", "RESP-*")
    lines = result.output.splitlines()
    ids = [identifier for identifier in load_catalogue().requirements if identifier.startswith("RESP-")]
    assert [line.split()[0] for line in lines] == ids and all("myrouter MUST" in lines[0] for _ in lines[:1])
    assert len(_run("requirements").output.splitlines()) == len(load_catalogue().requirements)


def test_an_unknown_requirement_is_told_what_ids_look_like() -> None:
    result = _run("requirements", "NOPE-*")
    assert result.exit_code == 4 and "no requirement matches 'NOPE-*'; the ids look like STRM-014" in result.output


def test_the_faults_are_listed_without_serving() -> None:
    result = _run("serve", "--list-faults")
    assert result.exit_code == 0 and len(result.output.splitlines()) == len(list(reference.faults()))
    assert all(fault.requirement in result.output for fault in reference.faults())


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been served."""
    calls: list[Any] = []

    async def serve(settings: reference.Settings, host: str, port: int, listening: Any) -> None:
        calls.append((settings, host, port))
        listening(host, port)
        await asyncio.sleep(0)

    monkeypatch.setattr(reference, "serve", serve)
    monkeypatch.delenv("CONFORMANCE_API_KEY", raising=False)
    return calls


def test_serving_takes_its_settings_from_the_command_line(served: list[Any]) -> None:
    own = ["--port", "9", "--delay", "0.5", "--event-interval", "0.1", "--profile", "anthropic"]
    result = _run("serve", *own, "--fault", "stream-cut", "--fault", "stream-reset")
    assert result.exit_code == 0 and "serving anthropic at http://127.0.0.1:9" in result.output
    ((settings, host, port),) = served
    assert (host, port, settings.delay, settings.event_interval) == ("127.0.0.1", 9, 0.5, 0.1)
    assert settings.profile == "anthropic" and settings.faults == ("stream-cut", "stream-reset")
    assert settings.key == reference.Settings().key


def test_serving_takes_its_key_from_the_environment(served: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFORMANCE_API_KEY", "a-key-of-ones-own")
    result = _run("serve")
    assert served[0][0].key == "a-key-of-ones-own" and "a-key-of-ones-own" not in result.output


@pytest.mark.parametrize("key", ["a-key\nof two lines", "schlüssel-0123", "key\x1b[31m"])
def test_serving_takes_no_key_that_nobody_can_send(
    served: list[Any], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("CONFORMANCE_API_KEY", key)
    result = _run("serve")
    assert result.exit_code == 4 and not served
    assert "the key in CONFORMANCE_API_KEY holds characters that no header can carry" in result.output


@pytest.mark.parametrize(
    "line",
    ["--port 99999", "--port -1", "--port x", "--delay nan", "--delay -1", "--delay inf", "--event-interval nan"],
)
def test_serving_takes_no_number_that_means_nothing(served: list[Any], line: str) -> None:
    result = _run("serve", *line.split())
    assert result.exit_code == 4 and f"Invalid value for '{line.split()[0]}'" in result.output and not served


@pytest.mark.parametrize(("option", "lists"), [("--fault", "--list-faults"), ("--variation", "--list-variations")])
def test_an_unknown_breach_or_freedom_is_told_with_what_lists_them(option: str, lists: str) -> None:
    result = _run("serve", option, "nope")
    assert result.exit_code == 4 and f"'nope': `conformance serve {lists}` lists the" in result.output
    assert "serving" not in result.output


def test_what_cannot_be_listened_at_is_not_announced() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = _run("serve", "--port", str(port))
    assert result.exit_code == 4 and "serving" not in result.output
    assert f"cannot listen at 127.0.0.1, port {port}: Address already in use; choose another --port" in result.output
    assert "choose another --port or --host" in _run("serve", "--host", "no-such-host.invalid").output


def test_a_free_port_is_announced_by_its_number() -> None:
    found: list[tuple[str, int]] = []

    def listening(host: str, port: int) -> None:
        found.append((host, port))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(reference.serve(reference.Settings(), port=0, listening=listening))
    ((host, port),) = found
    assert host == "127.0.0.1" and port > 0


def test_ctrl_c_ends_serving_in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(*words: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reference, "serve", serve)
    assert _run("serve").exit_code == 0


def test_sigterm_ends_serving_as_ctrl_c_does(monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(*words: object) -> None:
        signal.raise_signal(signal.SIGTERM)
        await asyncio.Event().wait()

    monkeypatch.setattr(reference, "serve", serve)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        assert _run("serve").exit_code == 0
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_command_that_is_deaf_to_sigterm_stays_so() -> None:
    found: list[object] = []
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with _ending_as_told():
            found.append(signal.getsignal(signal.SIGTERM))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert found == [signal.SIG_IGN]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(("--fault", "no-such-fault", "--port", "0"), "no-such-fault"), (("--host", "256.0.0.1"), "Error: ")],
)
def test_what_cannot_be_served_is_told_in_a_sentence(words: tuple[str, ...], sentence: str) -> None:
    result = _run("serve", *words)
    assert result.exit_code == 4 and sentence in result.output and "Traceback" not in result.output


def test_exporting_a_corpus_again_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = read_corpus(file_of("myrouter", FOLDER)).cases[:3]
    monkeypatch.setattr(selection, "selected", lambda profile, items, probes: kept)
    words = ("corpus", "export", "--profile", "myrouter", "--out", str(tmp_path))
    first = _run(*words)
    assert first.exit_code == 0 and ", 3 cases" in first.output
    before = file_of("myrouter", tmp_path).read_text()
    assert _run(*words).exit_code == 0 and file_of("myrouter", tmp_path).read_text() == before
    assert read_corpus(file_of("myrouter", tmp_path)).cases == kept


def test_the_module_is_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["conformance", "requirements", "RESP-003"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(cli.__file__).parent.parent / "__main__.py"), run_name="__main__")
    assert ended.value.code == 0 and "RESP-003" in capsys.readouterr().out


def test_an_interrupted_command_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(words: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(pytest, "main", interrupted)
    result = _run("run", "http://127.0.0.1:9")
    assert (result.exit_code, result.output) == (Exit.INTERRUPTED, "interrupted\n")


def test_an_error_of_ours_ends_with_3_and_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(words: list[str]) -> int:
        raise RuntimeError("words that may be secret")

    monkeypatch.setattr(pytest, "main", crash)
    result = _run("run", "http://127.0.0.1:9")
    assert result.exit_code == Exit.HARNESS_ERROR
    assert re.fullmatch(r"Error: the harness failed: RuntimeError at test_commands\.py, line \d+\n", result.output)
