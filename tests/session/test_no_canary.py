"""A credential that was given to a run stands in no file and no output, whatever the target makes of it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from canary_runs import ASKED, CONFIG, command, give_credentials, run
from canary_target import HEADER, KEY, SECOND, SECRETS, echoing, every_way, told, told_in
from click.testing import CliRunner
from loopback import Loopback, Received, free_port, response

from conformance.cli import main
from conformance.evidence.follow import read_run
from conformance.wire.markers import MARKER


@pytest.fixture(autouse=True)
def _given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_credentials(tmp_path, monkeypatch)


@pytest.mark.parametrize("key", SECRETS)
def test_what_looks_for_a_secret_finds_each_spelling(key: str) -> None:
    for written in every_way(key).split(" "):
        assert told(f'a "{written}" z'), written
    assert told(f"{key[:5]}<mark>{key[5:]}") and not told(key[:-1])


def test_no_file_and_no_output_of_a_run_holds_a_credential(tmp_path: Path) -> None:
    with echoing() as target:
        code, printed = run(
            target.url, "--out", "run", "--history", "nights.db", "--restricted-key-env", "SECOND_KEY", "--fuzz", "0",
            "--attempts", "1", "--capability", "tools", "-v", *ASKED,
        )  # fmt: skip
    assert code == 1 and "::error" in printed
    follower = read_run(tmp_path / "run" / "journal.jsonl")
    marks = {found.group(1) for row in follower.records for found in MARKER.finditer(repr(row.exchange))}
    assert {"KEY", "SECOND", "HEADER", "TOKEN"} <= marks
    for words in (
        ("grade", "run", "--out", "again"),
        ("baseline", "write", "run", "--baseline", "known.yaml", "--reason", "seen", "--expires", "2099-01-01"),
        ("history", "nights.db", "--format", "html", "--out", "nights.html"),
        ("history", "nights.db", "--format", "json"),
        ("certify", "--journal", "run", "--out", "certificate", "--new-key"),
    ):
        command(*words)
    assert told_in(tmp_path) == {}
    assert all((tmp_path / name).is_file() for name in ("again/report.html", "nights.html", "nights.db"))


def test_asking_what_a_target_offers_tells_no_credential(tmp_path: Path) -> None:
    with echoing() as target:
        code, printed = command("doctor", target.url, "--out", "asked", "--write", "proposed.toml")
    assert code == 0 and "m-1" in printed
    assert told_in(tmp_path) == {}


REFUSED = response(json.dumps({"error": {"type": "authentication_error", "message": "X"}}).encode(), 401)
UNKNOWN = response(json.dumps({"error": {"type": "not_found_error", "message": "model: X"}}).encode(), 404)
LISTED = response(json.dumps({"data": [{"id": "X"}, {"id": "other X"}]}).encode())


def _list_or(refusal: bytes) -> Loopback:
    """Lists models whose ids are the key, and answers everything else with a refusal that holds it."""

    def answer(request: Received, number: int) -> list[bytes]:
        body = (LISTED if request.head.startswith(b"GET") else refusal).partition(b"\r\n\r\n")[2]
        status = b"200" if request.head.startswith(b"GET") else refusal.split(b" ")[1]
        body = body.replace(b"X", every_way(KEY).encode())
        return [b"HTTP/1.1 " + status + b" X\r\ncontent-type: application/json\r\ncontent-length: "
                + str(len(body)).encode() + b"\r\n\r\n" + body]  # fmt: skip

    return Loopback(answer)


@pytest.mark.parametrize(("refusal", "words", "code"), [
    (REFUSED, ("--model", "m"), 6), (UNKNOWN, ("--model", "m"), 6), (REFUSED, (), 4),
], ids=["key refused", "model unknown", "several models"])  # fmt: skip
def test_a_refusal_repeats_no_credential(refusal: bytes, words: tuple[str, ...], code: int, tmp_path: Path) -> None:
    with _list_or(refusal) as target:
        assert run(target.url, "--out", "run", *words)[0] == code
        assert command("doctor", target.url, "--out", "asked", *words)[0] == code
    assert told_in(tmp_path) == {}


@pytest.mark.parametrize(
    ("url", "more", "code"),
    [
        ("http://127.0.0.1:{port}", {}, 6),
        ("http://user:{key}@127.0.0.1:{port}", {}, 4),
        ("http://{key}@127.0.0.1:{port}/v1", {}, 4),
        ("http://127.0.0.1:{port}/?key={key}", {}, 4),
        ("http://127.0.0.1:{port}/#{key}", {}, 4),
        ("ftp://127.0.0.1:{port}/{key}", {}, 4),
        ("http://127.0.0.1:{port}/{key}/v1", {}, 4),
        ("http://{key}.localhost:{port}", {}, 4),
        ("http://127.0.0.1:{port}", {"CONFORMANCE_OUT": KEY}, 4),
        ("http://127.0.0.1:{port}", {"CONFORMANCE_API_KEY": f"{KEY}\n{KEY}"}, 4),
        ("http://127.0.0.1:{port}", {"TENANT": f"{HEADER}\n"}, 4),
        ("http://127.0.0.1:{port}", {"CONFORMANCE_API_KEY_ENV": KEY}, 4),
        ("http://127.0.0.1:{port}", {"CONFORMANCE_RESTRICTED_KEY_ENV": SECOND}, 4),
        ("http://127.0.0.1:{port}", {"config": f"[headers]\nx-tenant = '{KEY}'\n"}, 4),
        ("http://127.0.0.1:{port}", {"config": f"api-key = '{KEY}'\n"}, 4),
        ("http://127.0.0.1:{port}", {"config": f"api-key-env = '{KEY}'\n"}, 4),
        ("http://127.0.0.1:{port}", {"config": f"target-url = {KEY}\n"}, 4),
    ],
)
@pytest.mark.parametrize("quoting", [str, lambda key: quote(key, safe="")], ids=["plain", "coded"])
def test_wrong_usage_repeats_no_credential(
    url: str, more: dict[str, str], code: int, quoting: Callable[[str], str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    key = quoting(KEY.replace("/", "-") if "/{key}" in url else KEY)
    monkeypatch.setenv("CONFORMANCE_API_KEY", more.get("CONFORMANCE_API_KEY", unquote(key)))
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "conformance.toml").write_text(more.get("config", CONFIG))
    result = CliRunner().invoke(main, ["doctor", url.format(key=key, port=free_port()), "--model", "m"])
    assert result.exit_code == code, result.output
    assert told(result.output.replace("-Zo9", "/Zo9")) == []


NUMBERS = ("timeout", "fuzz-seed", "max-cost", "context-window", "repeat", "concurrency")
CHOICES = ("level", "profile", "credential", "budget")
MISPLACED = (
    *(("run", "http://127.0.0.1:9", f"--{name}", KEY) for name in (*NUMBERS, *CHOICES)),
    (KEY,), (f"--{KEY}",), ("run", "http://127.0.0.1:9", "x", KEY), ("run", f"--{KEY}"), ("run", f"--level={KEY}"),
    ("serve", "--port", KEY), ("serve", "--fault", KEY), ("requirements", KEY), ("requirements", "--format", KEY),
    ("grade", KEY), ("compare", KEY, SECOND), ("verify", KEY), ("baseline", "check", "x", "--today", KEY),
    ("history", KEY), ("merge", KEY, "--out", "x"),
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(MISPLACED)))
def test_a_command_that_is_used_wrongly_repeats_no_credential(number: int) -> None:
    code, output = command(*MISPLACED[number])
    assert code == 4 and ("Error: " in output)


@pytest.mark.parametrize("name", (*NUMBERS[:4], *CHOICES))
def test_pytest_that_is_used_wrongly_repeats_no_credential(name: str, tmp_path: Path) -> None:
    words = ["--target-url", "http://127.0.0.1:9", f"--conformance-{name}", KEY]
    ended = subprocess.run([sys.executable, "-m", "pytest", *words], capture_output=True, text=True, check=False)
    assert ended.returncode == 4 and f"--{name} " in ended.stderr
    assert told(ended.stdout + ended.stderr) == []


def test_a_variable_that_is_named_as_that_of_a_key_is_told_as_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFORMANCE_API_KEY", "")
    for named in ({"argv": ["x", "--api-key-env=OURS"]}, {"variable": "OURS"}):
        monkeypatch.setenv("OURS", KEY)
        monkeypatch.setattr(sys, "argv", named.get("argv", ["x"]))
        monkeypatch.setenv("CONFORMANCE_API_KEY_ENV", str(named.get("variable", "")))
        assert command("run", "--level", KEY)[0] == 4


def test_what_was_given_acts_in_no_terminal() -> None:
    for option in ("--ca-bundle", "--only-failed"):
        code, output = run(option, "\x1b[31mx")
        assert code == 4 and "\x1b[31mx" not in output and r"\x1b[31mx" in output
