"""`conformance doctor`: its text, its exit codes, and the file it writes."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from loopback import CLOSE, Loopback, Received, Script, always, free_port, message, response

from conformance.cli import main
from conformance.reference import Endpoint
from conformance.reference import Settings as ReferenceSettings
from conformance.session import doctor
from conformance.settings.resolve import Settings, resolve

KEY = "doctor-key-0123456789"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and the key in its variable."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFORMANCE_API_KEY", KEY)
    return tmp_path


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A reference endpoint that takes this key."""
    with Endpoint(ReferenceSettings(key=KEY, faults=("tools-refused",))) as serving:
        yield serving


def _doctor(*words: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *words])


def _failed(result: Result, code: int) -> str:
    """The one sentence of a failure."""
    assert result.exit_code == code and result.stdout == "" and "Traceback" not in result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("Error: ")
    return lines[0]


def test_without_a_url_the_embedded_endpoint_is_asked(folder: Path) -> None:
    result = _doctor()
    assert result.exit_code == 0 and "embedded reference endpoint" in result.output
    assert "Run it with: conformance run --profile myrouter" in result.output
    assert "output tokens." in result.output.splitlines()[-1] and not list(folder.iterdir())


def test_the_configuration_is_written_and_read_back(folder: Path, endpoint: Endpoint) -> None:
    result = _doctor(endpoint.url, "--timeout", "12.5", "--write", "found.toml")
    assert result.exit_code == 0 and "Run it with: conformance run --config found.toml" in result.output
    settings: Settings = resolve({"config": "found.toml"}, folder, {})
    assert settings.target_url == endpoint.url and settings.model == "reference-1"
    assert settings.without == ("tools",) and settings.limits.first_byte == 12.5
    assert settings.capability == ("thinking", "vision", "caching", "count-tokens", "models")
    assert settings.api_version == "2023-06-01" and settings.profile == "myrouter"
    text = (folder / "found.toml").read_text()
    assert all(line in result.output for line in text.splitlines()) and KEY not in text + result.output
    assert tomllib.loads(text)["limits"] == {"first-byte": 12.5}


def test_an_odd_address_survives_the_file(folder: Path) -> None:
    with always(message(content=[{"type": "text", "text": 'a "\\'}])) as server:
        result = _doctor(f"{server.url}/a%22b", "--model", 'm-"\\é', "--no-auth", "--write", "odd.toml")
    settings = resolve({"config": "odd.toml"}, folder, {})
    assert result.exit_code == 0 and settings.target_url == f"{server.url}/a%22b"
    assert settings.model == 'm-"\\é' and settings.no_auth


def test_an_existing_file_is_never_overwritten_and_nothing_is_sent(folder: Path, endpoint: Endpoint) -> None:
    (folder / "mine.toml").write_text("mine")
    assert "--write mine.toml exists already" in _failed(_doctor(endpoint.url, "--write", "mine.toml"), 4)
    assert "lies in a folder that does not exist" in _failed(_doctor(endpoint.url, "--write", "no/mine.toml"), 4)
    assert (folder / "mine.toml").read_text() == "mine" and endpoint.requests == 0


def test_a_file_that_appears_meanwhile_is_left_alone(folder: Path) -> None:
    def race(request: Received, number: int) -> Script:
        (folder / "new.toml").write_text("theirs")
        return [message()]

    with Loopback(race) as server:
        sentence = _failed(_doctor(server.url, "--model", "m-1", "--write", "new.toml"), 4)
    assert "cannot write new.toml: File exists" in sentence and (folder / "new.toml").read_text() == "theirs"


def test_an_unreachable_target_ends_with_6_in_one_sentence() -> None:
    sentence = _failed(_doctor(f"http://127.0.0.1:{free_port()}", "--model", "m-1"), 6)
    assert "the target cannot be reached" in sentence and "check --target-url" in sentence


def test_what_a_target_says_in_a_sentence_is_clean() -> None:
    with always(response(b"", 302, location="http://h/\x1b[2J".replace("\x1b", "\x9b"))) as server:
        sentence = _failed(_doctor(server.url, "--model", "m-1"), 6)
    assert "the target redirects to" in sentence and sentence.isprintable()


@pytest.mark.parametrize(
    "words",
    [("--profile", "openai"), ("--no-such-option",), ("--timeout", "soon"), ("a", "b")],
    ids=["profile", "option", "timeout", "two-urls"],
)
def test_wrong_options_end_with_4(words: tuple[str, ...]) -> None:
    result = _doctor(*words)
    assert result.exit_code == 4 and "Error: " in result.stderr and result.stdout == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("",), "--target-url is empty"),
        (("ftp://h",), "is not an http or https URL"),
        (("http://u:p@h",), "carries user information"),
        (("http://h", "--api-version", "1"), "--api-version takes one of"),
        (("--ca-bundle", "none.pem"), "--ca-bundle none.pem is not a file"),
        (("--config", "none.toml"), "cannot read the configuration file"),
    ],
    ids=["empty", "scheme", "user", "version", "bundle", "config"],
)
def test_wrong_values_end_with_4_in_one_sentence(words: tuple[str, ...], sentence: str) -> None:
    found = _failed(_doctor(*words), 4)
    assert sentence in found and ":p@" not in found


def test_a_target_that_dies_on_the_way_ends_with_6_and_writes_nothing(folder: Path) -> None:
    (folder / "conformance.toml").write_text("concurrency = 1\n")
    with Loopback(lambda request, number: [message(), CLOSE] if number == 0 else [CLOSE]) as server:
        result = _doctor(server.url, "--model", "m-1", "--write", "new.toml")
    assert result.exit_code == 6 and "stopped serving" in result.output and not (folder / "new.toml").exists()


def test_the_journal_is_kept_where_it_is_wanted(folder: Path) -> None:
    result = _doctor("--out", "kept")
    assert result.exit_code == 0 and (folder / "kept" / "journal.jsonl").is_file()
    assert result.output.splitlines()[-1] == "The journal is in kept."


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [(KeyboardInterrupt(), 2, "interrupted"), (doctor.AskingFailed("the harness failed"), 3, "the harness failed")],
    ids=["interrupted", "failed"],
)
def test_other_ends_have_the_codes_of_a_run(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, words: str
) -> None:
    def raising(settings: Settings) -> None:
        raise error

    monkeypatch.setattr(doctor, "diagnose", raising)
    assert words in _failed(_doctor(), code)
