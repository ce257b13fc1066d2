"""`conformance certify` and `conformance verify`: what they write, say, and end with."""

import json
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.proof.runs import judged

STEM = "messages-conformance"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this user's keys."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / STEM


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run against the conforming reference endpoint."""
    folder = tmp_path_factory.mktemp("run")
    judged("myrouter", folder)
    return folder


def called(*words: object) -> Result:
    """The command in this process."""
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_run_is_certified_with_a_new_key_and_accepted_by_its_maker(run: Path, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = called("certify", "--journal", run, "--new-key", "--out", out)
    assert made.exit_code == 0
    assert (
        f"made the key {home / 'signing-key.pem'}" in made.output
        and "core, streaming, tools of myrouter" in made.output
    )
    assert "not certified: thinking: not claimed" in made.output
    assert {"certificate.json", "report.json", "journal.jsonl", "public-key.pem"} <= {
        path.name for path in out.iterdir()
    }
    assert (out / "journal.jsonl").read_bytes() == (run / "journal.jsonl").read_bytes()
    found = called("verify", out / "certificate.json")
    assert found.exit_code == 0 and found.output.startswith("accepted: the evidence is intact and signed by a key you")
    assert "give the same report" in found.output.splitlines()[-1]
    again = called("certify", "--journal", run, "--new-key", "--out", out)
    assert again.exit_code == 4 and "there is a key at" in again.output


def test_a_reader_who_trusts_nobody_accepts_nothing(run: Path, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    called("certify", "--journal", run, "--new-key", "--out", out)
    (home / "trusted-keys.pem").rename(tmp_path / "mine.pem")
    refused = called("verify", out / "certificate.json")
    assert refused.exit_code == 1 and "none of the 0 that you trust" in refused.output
    assert "public-key.pem came with the certificate: anybody could have put it there" in refused.output
    assert called("verify", out / "certificate.json", "--trusted-key", tmp_path / "mine.pem").exit_code == 0
    assert called("verify", out / "certificate.json", "--trusted-key", tmp_path / "nowhere").exit_code == 4
    (home / "revoked.txt").write_text(
        "# known\n" + json.loads((out / "certificate.json").read_text())["signatures"][0]["keyid"] + " lost\n"
    )
    gone = called("verify", out / "certificate.json", "--trusted-key", tmp_path / "mine.pem")
    assert gone.exit_code == 1 and gone.output.endswith(": lost\n")


def test_other_rules_are_told_beside_the_acceptance(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called("certify", "--journal", run, "--new-key", "--out", tmp_path / "out")
    monkeypatch.setattr("conformance.certificates.verify.rules_digest", lambda: "0" * 64)
    found = called("verify", tmp_path / "out" / "certificate.json")
    assert found.exit_code == 0
    assert found.output.splitlines()[-2].startswith("today's rules are others than those of the certificate")
    assert found.output.splitlines()[-1] == "they give every requirement the same verdict"


def test_what_a_stranger_calls_their_key_reaches_no_terminal_as_it_is(run: Path, tmp_path: Path) -> None:
    called("certify", "--journal", run, "--new-key", "--out", tmp_path / "out")
    file = tmp_path / "out" / "certificate.json"
    envelope = json.loads(file.read_text())
    envelope["signatures"][0]["keyid"] = "\x1b[2J"
    file.write_text(json.dumps(envelope, separators=(",", ":")) + "\n")
    refused = called("verify", file)
    assert refused.exit_code == 1 and r"\x1b[2J" in refused.output and "\x1b" not in refused.output


def test_a_run_that_shows_too_little_is_not_certified(tmp_path: Path) -> None:
    judged("myrouter", tmp_path / "run", only=("RESP-003",))
    refused = called("certify", "--journal", tmp_path / "run", "--new-key", "--out", tmp_path / "out")
    assert refused.exit_code == 1 and "nothing is certified: the core does not hold" in refused.output
    assert not (tmp_path / "out" / "certificate.json").exists() and (tmp_path / "out" / "report.json").exists()


def test_a_folder_with_a_run_is_not_taken_for_a_new_one(run: Path, tmp_path: Path) -> None:
    """An endpoint that cannot be reached would otherwise be certified by what somebody else said earlier."""
    refused = called("certify", "http://127.0.0.1:1", "--new-key", "--out", run)
    assert refused.exit_code == 4 and "holds a run already" in refused.output


def test_a_run_that_never_began_ends_with_its_own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = {"http://127.0.0.1:1": 6}
    module = import_module("conformance.cli.certify")
    monkeypatch.setattr(module, "run_suites", lambda url, options, *words: codes[url])
    result = called("certify", "http://127.0.0.1:1", "--new-key", "--out", tmp_path / "out")
    assert result.exit_code == 6 and "certified" not in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["file", "file/in/it", "closed/in/it"])
def test_a_folder_that_cannot_be_written_is_refused_before_a_key_is_made(
    run: Path, name: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "closed").mkdir()
    monkeypatch.setattr("os.access", lambda path, mode, **_: Path(path).name != "closed")  # root may write everywhere
    for words in (("--journal", run), ("http://127.0.0.1:1",)):
        refused = called("certify", *words, "--new-key", "--out", tmp_path / name)
        assert refused.exit_code == 4 and "Errno" not in refused.output
        assert f"Error: cannot write into {tmp_path / name}: {tmp_path / name.split('/')[0]} " in refused.output
        assert refused.output.endswith("; give another --out\n")
    assert not home.exists() and (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--new-key",), "say with --out DIR"),
        (("--out", "x"), "give one of --key FILE and --new-key"),
        (("--out", "x", "--new-key", "--key", "k"), "give one of --key FILE and --new-key"),
        (("--out", "x", "--key", "nowhere.pem"), "cannot read the key nowhere.pem"),
        (("--out", "x", "--new-key", "--journal", "nowhere"), "there is no journal at nowhere"),
    ],
    ids=["no folder", "no key", "two keys", "a key that is not there", "a journal that is not there"],
)
def test_wrong_usage_ends_with_4(
    words: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = called("certify", *words)
    assert result.exit_code == 4 and told in result.output and "Traceback" not in result.output


def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("{} stolen", ": stolen\n"),
        ("{upper} stolen", ": stolen\n"),
        ("sha256:{} stolen", ": stolen\n"),
        ("SHA256:{upper}", ": no reason given\n"),
        ("\ufeff{}\tstolen it was", ": stolen it was\n"),
    ],
)
def test_what_is_revoked_is_refused_however_it_is_written(run: Path, form: str, told: str, tmp_path: Path) -> None:
    called("certify", "--journal", run, "--new-key", "--out", tmp_path / "out")
    digest = _digest(tmp_path / "out" / "certificate.json")
    (tmp_path / "list.txt").write_text(f"{form.format(digest, upper=digest.upper())}\n", "utf-8")
    refused = called("verify", tmp_path / "out" / "certificate.json", "--revoked", tmp_path / "list.txt")
    assert refused.exit_code == 1 and refused.output.endswith(told)


@pytest.mark.parametrize(
    "line", ["{},stolen", "- {}", "{short} stolen", "stolen {}", "root:x:0:0:root:/root:/bin/bash"]
)
def test_a_line_of_revocations_that_names_nothing_is_not_passed_over(run: Path, line: str, tmp_path: Path) -> None:
    called("certify", "--journal", run, "--new-key", "--out", tmp_path / "out")
    digest = _digest(tmp_path / "out" / "certificate.json")
    (tmp_path / "list.txt").write_text(f"# known\n\n{line.format(digest, short=digest[:12])}\n")
    refused = called("verify", tmp_path / "out" / "certificate.json", "--revoked", tmp_path / "list.txt")
    assert refused.exit_code == 4 and "list.txt, line 3: it names nothing that can be revoked; write" in refused.output


def test_a_file_that_is_not_there_is_wrong_usage_and_a_folder_stands_for_its_certificate(
    run: Path, tmp_path: Path
) -> None:
    called("certify", "--journal", run, "--new-key", "--out", tmp_path / "out")
    assert called("verify", tmp_path / "out").exit_code == 0
    missing = called("verify", tmp_path / "nowhere.json")
    assert missing.exit_code == 4 and f"cannot read {tmp_path / 'nowhere.json'}: No such file" in missing.output
