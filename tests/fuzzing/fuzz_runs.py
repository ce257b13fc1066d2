"""Surfaces 3 and 4: journals, what is made of them, and the files that stand beside them."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree as ET
from zlib import crc32

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fuzz_frame import bounded, cuttings
from fuzz_wire import streams
from securesystemslib.signer import CryptoSigner
from stream_oracle import rejected_stream

from conformance.certificates.envelope import Refused, wrapped
from conformance.certificates.rules import rules_digest
from conformance.certificates.statement import PREDICATE, STATEMENT, about, digest
from conformance.certificates.verify import Reader, verify
from conformance.cli import main
from conformance.contract import Level
from conformance.evidence import records
from conformance.evidence.chain import START, dumped, sealed
from conformance.evidence.follow import Follower, read_run
from conformance.evidence.journal import JournalError, packed
from conformance.proof.runs import judged
from conformance.reporting import REPORTS, report_file, report_files
from conformance.session.closing import Closing, settle
from conformance.verdicts import Exit, Graded, Verdict, grade

ONLY = ("RESP-003", "REQ-021", "STRM-001", "EQV-001", "IDEM-001")
SAID = {Verdict.PASSED, Verdict.FAILED, Verdict.WARNED}
LEAST, FOR_A_BYTE = 400_000, 60  #: calls of functions that grading a journal may cost
LARGEST = 4 * 2**20  #: bytes of all reports on a small journal


@cache
def room() -> Path:
    """A folder of this process, for files that are written again and again."""
    return Path(mkdtemp(prefix="fuzz-"))


@cache
def whole() -> tuple[bytes, Graded]:
    """The journal of a small run in which requirements pass, and others fail, with what it was graded to."""
    with TemporaryDirectory() as folder:
        closing = judged("myrouter", Path(folder), "role-foreign", "id-empty", only=ONLY, reports=False)
        data = (Path(folder) / "journal.jsonl").read_bytes()
    assert {Verdict.PASSED, Verdict.FAILED} <= {row.verdict for row in closing.graded.items}
    return data, closing.graded


@cache
def shares() -> tuple[bytes, bytes]:
    """The journals of the two shares of a small run."""
    found = []
    for share in ("1/2", "2/2"):
        with TemporaryDirectory() as folder:
            judged("myrouter", Path(folder), only=ONLY[:2], reports=False, shard=share)
            found.append((Path(folder) / "journal.jsonl").read_bytes())
    return found[0], found[1]


def journals() -> Sequence[bytes]:
    """Whole journals."""
    return (whole()[0], *shares())


def unsealed() -> Sequence[bytes]:
    """The same without the chain, as a later version, another program or a forger might write them."""
    plain = [[_without_chain(json.loads(line)) for line in data.splitlines()] for data in journals()]
    plain[1][0] |= {
        "price": {"currency": "USD", "input": 1, "output": 2.5},
        "baseline": {"version": 1, "violations": [{"requirement": "RESP-003", "reason": "x", "expires": "2030-01-31"}]},
    }
    return tuple(b"".join(json.dumps(row).encode() + b"\n" for row in rows) for rows in plain)


def _without_chain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "chain"}


def resealed(data: bytes) -> bytes:
    """Lines with a chain that holds, whatever they say; what is no JSON object stays as it is."""
    digest, lines = START, []
    for line in data.split(b"\n"):
        text = line.decode("ascii", "backslashreplace")
        with suppress(ValueError, RecursionError, TypeError):
            text, digest = sealed(_object(line), digest)
        lines.append(text.encode())
    return b"\n".join(lines)


def _object(line: bytes) -> Mapping[str, Any]:
    value = json.loads(line)
    if not isinstance(value, dict):
        raise TypeError
    return value


def _written(data: bytes, name: str = "journal.jsonl") -> Path:
    path = room() / name
    path.write_bytes(data)
    return path


def told(*words: str | Path) -> Result:
    """What a command says: a code of ours, and for wrong usage one sentence; never an exception."""
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code in set(Exit) and "Traceback" not in result.output
    if result.exit_code == Exit.USAGE:
        lines = [line for line in result.output.splitlines() if line]
        assert len(lines) == 1 and lines[0].startswith("Error: ") and len(lines[0]) < 2000, result.output
    return result


def _settled(path: Path) -> tuple[Follower, Closing] | None:
    """A journal read and graded in bounded work; None where it is refused in one sentence."""
    try:
        with bounded(LEAST + FOR_A_BYTE * path.stat().st_size):
            follower = read_run(path)
            return follower, settle(follower, Level.MUST, None)
    except JournalError as error:
        assert 10 < len(str(error)) < 1000 and "\n" not in str(error)
        return None


def check_journal(data: bytes) -> None:
    """Without its chain nothing is taken from a journal but what stood at its beginning, and that counts as cut off."""
    original, final = whole()
    path = _written(data)
    found = _settled(path)
    assert told("grade", path).exit_code == (found[1].code if found else Exit.USAGE)
    if found is None:
        return
    follower, closing = found
    complete = data[: data.rfind(b"\n") + 1]
    source = next((known for known in journals() if known.startswith(complete)), None)
    assert source is not None, "lines were taken in that are not those of the journal"
    if complete == source:
        return
    assert closing.code is Exit.INTERRUPTED and "interrupted before the end" in closing.text
    if source == original:
        _nothing_new(follower, closing.graded, final)


def _nothing_new(follower: Follower, cut: Graded, final: Graded) -> None:
    """What passes in a journal that breaks off passes in the whole, or was broken behind the cut."""
    there = {record.seq for record in cut.run.records}
    ends = {row.item.key: row for row in final.items}
    for row in cut.items:
        if row.item.active and row.verdict in SAID:
            assert (row.verdict, row.findings) == (ends[row.item.key].verdict, ends[row.item.key].findings)
    for name, judgement in cut.judgements.items():
        end = final.judgements[name]
        if judgement.verdict is Verdict.PASSED and end.verdict is not Verdict.PASSED:
            assert not [f for f in end.violations if f.where.exchange in there and not f.case], name


def check_followed(data: bytes) -> None:
    """A journal read while it grows, and one whose exchanges are decoded anew each time, say what the whole says."""
    path = _written(b"")
    follower = Follower(path)
    try:
        with path.open("ab", buffering=0) as file:
            for piece in list(cuttings(data))[-1]:
                file.write(piece)
                follower.poll()
        at_once = Follower(path)
        with patch.object(records, "MOST_RECORDS", 1):
            at_once.poll()
    except JournalError:
        assert _settled(path) is None
        return
    assert (follower.digest, follower.sent, follower.done) == (at_once.digest, at_once.sent, at_once.done)
    if follower.header:
        run = follower.run()
        assert run == at_once.run()
        plain = type(run)(run.terms, run.items, tuple(run.records), run.aliases, run.unsent, run.reductions,
                          run.finished, run.awaited, run.everything)  # fmt: skip
        with patch.object(records, "MOST_RECORDS", 1):
            assert _verdicts(grade(at_once.run())) == _verdicts(grade(plain))


def _verdicts(graded: Graded) -> Mapping[str, object]:
    return {name: (row.verdict, row.violations, row.observations) for name, row in graded.judgements.items()}


def check_resealed(data: bytes) -> None:
    """A journal whose chain holds is graded or refused, whatever its lines say, by every command that reads one."""
    path = _written(resealed(data))
    found = _settled(path)
    result = told("grade", path)
    assert (result.exit_code == Exit.USAGE) if found is None else (result.exit_code == found[1].code)
    if crc32(data) % 32 == 0:
        told("compare", path, _written(whole()[0], "whole.jsonl"))
        told("baseline", "check", path, "--baseline", _written(b"version: 1\nviolations: []\n", "baseline.yaml"))
        told("certify", "--journal", path, "--key", _written(PEM, "key.pem"), "--out", room() / "certified")


def check_share(data: bytes) -> None:
    """Two shares, one of them damaged."""
    for changed in (data, resealed(data)):
        path, other = _written(changed, "one.jsonl"), _written(shares()[1], "two.jsonl")
        told("merge", path, other, "--out", room() / "merged")


def check_reports(data: bytes) -> None:
    """Every report on whatever a journal holds is made, parses, and stays within bounds."""
    found = _settled(_written(resealed(data)))
    if found is None:
        return
    closing = found[1]
    files = report_files(closing.graded, closing.facts)
    assert files.keys() >= REPORTS.keys() and sum(map(len, files.values())) <= LARGEST + 20 * len(data)
    for name, content in files.items():
        _parses(name, content)
    again = read_run(room() / "journal.jsonl")
    assert report_files(grade(again.run()), closing.facts) == files


def _parses(name: str, content: bytes) -> None:
    match name.rpartition(".")[2]:
        case "json" | "sarif" | "har":
            json.loads(content)
        case "xml" | "svg":
            ET.fromstring(content)
        case "html" | "md":
            content.decode("utf-8")


def check_stream_in_journal(data: bytes) -> None:
    """A stream that the oracle rejects, in the place of one that a run received, is held against the target."""
    rows = [json.loads(line) for line in whole()[0].splitlines()]
    row = next(row for row in rows if row["record"] == "exchange" and row["probe"] == "stream")
    row["response"]["chunks"] = [[0.01, packed(piece)] for piece in list(cuttings(data))[-1]]
    lines = (json.dumps(_without_chain(row)).encode() for row in rows)
    found = _settled(_written(resealed(b"\n".join([*lines, b""]))))
    assert found is not None
    judgements = found[1].graded.judgements.values()
    if why := rejected_stream(data):
        blamed = {f.where.exchange for row in judgements for f in row.violations}
        assert row["seq"] in blamed and found[1].code is not Exit.CONFORMS, why
    assert not [crash for judgement in judgements for crash in judgement.crashes]


@cache
def received() -> Sequence[bytes]:
    """The stream of the recorded run, and others."""
    rows = [json.loads(line) for line in whole()[0].splitlines()]
    row = next(row for row in rows if row["record"] == "exchange" and row["probe"] == "stream")
    return ("".join(data for _, data in row["response"]["chunks"]).encode(), *streams())


SIGNER = CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PEM = STRANGER.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC = STRANGER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@cache
def _certifiable() -> tuple[bytes, Follower, Closing]:
    """A report in the canonical form, and the run it is of."""
    follower = read_run(_written(whole()[0], "certified.jsonl"))
    closing = settle(follower, Level.MUST, None)
    data = report_file("report.json", closing.graded, closing.facts)
    _written(data, "report.json")
    return data, follower, closing


@cache
def certified() -> Sequence[bytes]:
    """What a certificate of the recorded run would say, and the same signed. (The run is too small for a true one.)"""
    report, follower, closing = _certifiable()
    files = {"report.json": report, "journal.jsonl": whole()[0]}
    judgements = closing.graded.judgements.items()
    passed = [name for name, row in judgements if row.verdict is Verdict.PASSED]
    ours = {**about(follower), "tiers": ["core"], "not_certified": {}, "nothing_to_see": [], "not_tested": [],
            "expires": "2030-01-01"}  # fmt: skip
    said = {
        "_type": STATEMENT, "predicateType": PREDICATE,
        "subject": [{"name": name, "digest": {"sha256": digest(data)}} for name, data in files.items()],
        "predicate": {
            "result": "PASSED", "configuration": [{"name": "rules", "digest": {"sha256": rules_digest()}}],
            "passedTests": passed, "warnedTests": [], "failedTests": [], "conformance": ours,
        },
    }  # fmt: skip
    return (dumped(said).encode(), wrapped(said, SIGNER))


def check_certificate(data: bytes) -> None:
    """A certificate, or what a trusted signer says in one, is refused: this run certifies nothing."""
    certified()
    signed = data
    with suppress(ValueError, RecursionError, TypeError):
        signed = wrapped(_object(data), SIGNER)
    for content in {data, signed}:
        reader = Reader({SIGNER.public_key.keyid: SIGNER.public_key}, date(2029, 1, 1), challenge="abcdefgh")
        with pytest.raises(Refused) as refused:
            verify(_written(content, "certificate.json"), room() / "report.json", room() / "certified.jsonl", reader)
        assert 10 < len(str(refused.value)) < 2000 and "\n" not in str(refused.value)


def reports() -> Sequence[bytes]:
    """A report, small enough to be mutated often."""
    value = json.loads(_certifiable()[0])
    value["requirements"] = value["requirements"][:6]
    return (json.dumps(value).encode(), json.dumps(value, indent=1).encode())


def check_report(data: bytes) -> None:
    """A report from elsewhere is compared, or refused in one sentence."""
    path = _written(data, "other.json")
    for form in ("md", "json", "html"):
        told("compare", path, _written(reports()[0], "own.json"), "--format", form)
