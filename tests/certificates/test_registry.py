"""The registry of certificates: what is accepted now, what is refused and why, and a page that nothing can act on."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from certified import SIGNER, STRANGER, Certified, signed
from click.testing import CliRunner, Result

from conformance.certificates.envelope import wrapped
from conformance.certificates.keys import public_text
from conformance.certificates.registry import Entry, entries
from conformance.certificates.registry_page import registry_page
from conformance.certificates.statement import CERTIFICATE, JOURNAL, REPORT
from conformance.certificates.verify import Verified
from conformance.cli import main
from conformance.contract import load_tiers
from conformance.proof.runs import judged

SMALL = {"core": replace(load_tiers(1)["core"], requirements=("RESP-003",))}
WHEN = "2030-01-02T03:04:05+00:00"
HOSTILE = "<script>alert(1)</script>\x1b[2J‮"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run of a few requests, when they are all that the only tier is about."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conformance.verdicts.tiers.load_tiers", lambda version: SMALL)
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        judged("myrouter", folder / "run", only=("RESP-003",))
        yield folder / "run"


def put(folder: Path, files: dict[str, bytes]) -> Path:
    """These files in a folder."""
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def several(run: Path, tmp_path: Path) -> Path:
    """A folder with a good certificate, and one of each kind that is refused."""
    base = tmp_path / "certificates"
    good = signed(run)
    put(base / "good", good)
    put(base / "expired", signed(run, days=-400))
    put(base / "stranger", signed(run, STRANGER))
    put(base / "no report", {name: good[name] for name in (CERTIFICATE, JOURNAL)})
    put(base / "no journal", {name: good[name] for name in (CERTIFICATE, REPORT)})
    put(base / "changed", {**good, REPORT: good[REPORT].replace(b"passed", b"failed", 1)})
    put(base / "text", {CERTIFICATE: b"hello"})
    put(base / "odd", {**good, CERTIFICATE: wrapped({"predicate": {"conformance": []}}, SIGNER)})
    put(base / "empty", {})
    put(base / ".git", {})
    (base / "README.md").write_text("hello")
    return base


REASONS = {
    "expired": "the certificate expired on",
    "stranger": "which is none of the 1 that you trust",
    "no report": "cannot read no report/report.json: No such file",
    "no journal": "cannot read no journal/journal.jsonl: No such file",
    "changed": "the report.json is not the one that was certified",
    "text": "is not a DSSE envelope",
    "odd": "what is signed is no statement of a conformance run",
    "empty": "cannot read empty/certificate.json: No such file",
}


def test_every_folder_is_listed_accepted_or_refused_with_its_sentence(run: Path, several: Path) -> None:
    found = {entry.name: entry for entry in entries(several, Certified(several / "good").reader())}
    assert set(found) == {"good", *REASONS} and next(iter(found)) == "good"
    assert found["good"].verified and found["good"].key == SIGNER.public_key.keyid
    for name, reason in REASONS.items():
        assert found[name].verified is None and reason in found[name].refusal and found[name].key == ""
        assert str(several) not in found[name].refusal and "\n" not in found[name].refusal
    claiming = {name for name, entry in found.items() if entry.claimed}
    assert claiming == {"expired", "no report", "no journal", "changed"}


def test_what_is_revoked_or_past_is_refused(several: Path) -> None:
    known = Certified(several / "good")
    revoked = entries(several, known.reader(revoked={SIGNER.public_key.keyid: "the key was lost"}))
    assert not [entry for entry in revoked if entry.verified]
    assert any("the key was lost" in entry.refusal for entry in revoked if entry.name == "good")
    later = entries(several, known.reader(today=date(2099, 1, 1)))
    assert not [entry for entry in later if entry.verified]


def test_the_page_says_who_what_when_and_by_whom(several: Path) -> None:
    found = entries(several, Certified(several / "good").reader())
    html = registry_page(found, WHEN, {SIGNER.public_key.keyid: "vendor"}).decode()
    assert f"1 accepted, {len(REASONS)} refused, checked on {WHEN}." in html
    assert f"vendor {SIGNER.public_key.keyid}" in html and '<span class="badge passed">core</span> of myrouter' in html
    assert "<dt>catalogue</dt><dd>version 1</dd>" in html and "<dt>valid until</dt>" in html
    assert "expired on" in html and "they give the same report" in html and "<a " not in html
    assert "<dt>challenge</dt>" not in html
    assert registry_page(found, WHEN, {}) == registry_page(found, WHEN, {})
    linked = registry_page(found, WHEN, {}, linked=True).decode()
    assert linked.count("<a ") == 3 and 'href="./good/certificate.json"' in linked


def hostile() -> Entry:
    """A certificate whose signer, trusted as they are, wrote what they liked."""
    words = ("target", "profile", "level", "started", "expires", "harness", "model", "challenge")
    said = {**dict.fromkeys(words, HOSTILE), "embedded": False, "catalogue": 1, "tiers": [HOSTILE]}
    said |= {"not_certified": {HOSTILE: HOSTILE}, "not_tested": [HOSTILE] * 30}
    verified = Verified({"predicate": {"conformance": said}}, False, {HOSTILE: (HOSTILE, HOSTILE)})
    return Entry('"><script>', verified, HOSTILE)


def test_nothing_in_a_certificate_acts_on_the_page() -> None:
    refused = Entry(HOSTILE, refusal=HOSTILE, claimed=HOSTILE)
    html = registry_page([hostile(), refused], WHEN, {HOSTILE: HOSTILE}, linked=True).decode()
    assert "<script" not in html and "&lt;script&gt;" in html and not re.search("[\x1b‮]", html)
    assert 'href="./%22%3E%3Cscript%3E/certificate.json"' in html and "and 10 more" in html
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy and "default-src 'none'; style-src 'sha256-" in policy[1] and "script-src 'none'" in policy[1]
    assert 'name="viewport"' in html and "prefers-color-scheme: dark" in html


def test_a_page_without_entries_says_so_and_other_rules_are_told() -> None:
    html = registry_page([], WHEN, {}).decode()
    assert "No certificate was accepted." in html and "None was refused." in html
    entry = hostile()
    assert entry.verified
    agreeing = replace(entry, verified=replace(entry.verified, differing={}))
    assert "they give every requirement the same verdict" in registry_page([agreeing], WHEN, {}).decode()


def built(*words: object) -> Result:
    return CliRunner().invoke(main, ["registry", "build", *map(str, words)])


def test_the_command_writes_the_page(several: Path, tmp_path: Path) -> None:
    key = tmp_path / "vendor.pem"
    key.write_bytes(public_text(SIGNER))
    before = datetime.now(UTC)
    done = built(several, "--out", tmp_path / "site", "--trusted-key", key)
    assert done.exit_code == 0 and done.output.endswith(f"1 accepted, {len(REASONS)} refused\n")
    html = (tmp_path / "site" / "index.html").read_text()
    when = re.search(r"checked on ([^<]+)\.</p>", html)
    assert when and before - timedelta(seconds=1) <= datetime.fromisoformat(when[1]) <= datetime.now(UTC)
    assert "vendor " in html and "<a " not in html and str(tmp_path) not in html
    assert built(several, "--out", several, "--trusted-key", key).exit_code == 0
    assert "<a " in (several / "index.html").read_text()


def test_without_a_key_nothing_is_accepted(several: Path, tmp_path: Path) -> None:
    done = built(several, "--out", tmp_path / "site")
    assert done.exit_code == 0 and "\n0 accepted, 9 refused\n" in done.output


def test_what_cannot_be_read_or_written_is_told(several: Path, tmp_path: Path) -> None:
    key = tmp_path / "vendor.pem"
    key.write_bytes(public_text(SIGNER))
    shutil.copytree(several / "good", tmp_path / "one" / "good")
    (tmp_path / "nothing").mkdir()
    for words, told in (
        ((tmp_path / "missing", "--out", tmp_path / "x"), "cannot read"),
        ((key, "--out", tmp_path / "x"), "cannot read"),
        ((tmp_path / "nothing", "--out", tmp_path / "x"), "holds no folders with certificates"),
        ((tmp_path / "one", "--out", tmp_path / "x", "--trusted-key", tmp_path / "none.pem"), "cannot read the key"),
        ((tmp_path / "one", "--out", tmp_path / "x", "--revoked", tmp_path / "none.txt"), "cannot read"),
        ((tmp_path / "one", "--out", key), "cannot write"),
        ((tmp_path / "one",), "Missing option '--out'"),
    ):
        done = built(*words)
        assert done.exit_code == 4 and told in done.output and "Traceback" not in done.output, words
