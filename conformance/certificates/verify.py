"""What a reader checks of a certificate, in this order: signature, form, time, files, evidence, verdicts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
from securesystemslib.signer import SSlibKey

from conformance._paths import SCHEMAS
from conformance.certificates.envelope import Refused, opened
from conformance.certificates.rules import rules_digest
from conformance.certificates.statement import JOURNAL, REPORT, Uncertifiable, digest, grant
from conformance.contract import Level
from conformance.evidence.chain import dumped
from conformance.evidence.follow import Follower, read_run
from conformance.evidence.journal import JournalError, record_from, record_line
from conformance.reporting import json_file, report_files
from conformance.session.closing import Closing, settle
from conformance.verdicts import Graded

CALLER_ID = "HDR-013"  #: the requirement whose probes bring an x-request-id of their own


@dataclass(frozen=True, slots=True)
class Verified:
    """An accepted certificate. `same_rules` is whether today's rules are those it was made with; where they are not,
    `differing` maps each requirement to its certified verdict and today's."""

    statement: Mapping[str, Any]
    same_rules: bool
    differing: Mapping[str, tuple[str, str]]

    @property
    def said(self) -> Mapping[str, Any]:
        """What the certificate says of the target."""
        found: Mapping[str, Any] = self.statement["predicate"]["conformance"]
        return found


@dataclass(frozen=True, slots=True)
class Reader:
    """What a reader brings: the keys they trust by id, what was revoked (ids of keys and SHA-256 digests of
    certificates, with the reason), the day, and the challenge they gave, if any."""

    trusted: Mapping[str, SSlibKey]
    today: date
    revoked: Mapping[str, str] = field(default_factory=dict)
    challenge: str = ""


def verify(certificate: Path, report: Path, journal: Path, reader: Reader) -> Verified:
    """Accept a certificate with its report and journal, or raise Refused with the first thing that is wrong."""
    data = _content(certificate)
    found = opened(data, reader.trusted)
    _fits(found)
    _in_force(found, (digest(data), *_signers(data)), reader)
    texts = {REPORT: _content(report), JOURNAL: _content(journal)}
    same_files(found, texts)
    _canonical(texts)
    follower = _read(journal)
    closing = settle(follower, Level(follower.header["level"]), None)
    _complete(found, closing.graded, follower)
    _answers(reader.challenge, found, closing.graded)
    return _judged(found, closing, texts[REPORT])


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused(f"cannot read {file}: {error.strerror or error}") from None


def _signers(data: bytes) -> Sequence[str]:
    return [row["keyid"] for row in json.loads(data)["signatures"]]


@cache
def _schema() -> Any:
    schema = json.loads((SCHEMAS / "json" / "statement.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)


def _fits(statement: Mapping[str, Any]) -> None:
    problem = next(iter(_schema().iter_errors(statement)), None)
    if problem is not None:
        raise Refused(f"what is signed is no statement of a conformance run: {problem.json_path} does not fit")


def _in_force(statement: Mapping[str, Any], names: Sequence[str], reader: Reader) -> None:
    expires = statement["predicate"]["conformance"]["expires"]
    if reader.today > date.fromisoformat(expires):
        raise Refused(f"the certificate expired on {expires}")
    for name in names:
        if name in reader.revoked:
            raise Refused(f"the list of revocations names {name}: {reader.revoked[name]}")


def same_files(statement: Mapping[str, Any], texts: Mapping[str, bytes]) -> None:
    """Refuse a report or a journal that is not the one that was certified."""
    signed = {row["name"]: row["digest"]["sha256"] for row in statement["subject"]}
    for name, data in texts.items():
        if signed[name] != digest(data):
            raise Refused(f"the {name} is not the one that was certified: its SHA-256 is another")


def _canonical(texts: Mapping[str, bytes]) -> None:
    """Refuse what could be written in another way and say the same."""
    for name, data in texts.items():
        if _FORMS[name](data) != data:
            raise Refused(f"the {name} is not in its canonical form")


def _report_form(data: bytes) -> bytes:
    return json_file(json.loads(data))


def _journal_form(data: bytes) -> bytes:
    return b"".join(f"{dumped(_line_form(json.loads(line)))}\n".encode() for line in data.splitlines())


def _line_form(line: dict[str, Any]) -> dict[str, Any]:
    if line["record"] != "exchange":
        return line
    return {"record": "exchange", **record_line(record_from(line)), "chain": line["chain"]}


_FORMS = {REPORT: _report_form, JOURNAL: _journal_form}


def _read(journal: Path) -> Follower:
    try:
        return read_run(journal)
    except JournalError as error:
        raise Refused(f"the evidence is not intact: {error}") from None


def _complete(statement: Mapping[str, Any], graded: Graded, follower: Follower) -> None:
    said, header = statement["predicate"]["conformance"], follower.header
    told = {name: said[name] for name in ("target", "embedded", "started", "challenge", "harness")}
    if told != {name: header[name] for name in told} or said["level"] != header["level"].lower():
        raise Refused("the certificate is about another run than its journal")
    if statement["predicate"]["configuration"][0]["digest"]["sha256"] != rules_digest():
        return  # what today's rules say of the run refuses nothing
    try:
        granted = grant(graded, follower)
    except Uncertifiable as error:
        raise Refused(f"the run certifies nothing: {error}") from None
    if list(granted.tiers) != said["tiers"]:
        raise Refused(f"the run certifies {', '.join(granted.tiers)}, not {', '.join(said['tiers'])}")


def _answers(challenge: str, statement: Mapping[str, Any], graded: Graded) -> None:
    """That every request of the run carried the reader's challenge, but those about ids of the caller's own."""
    if not challenge:
        return
    if statement["predicate"]["conformance"]["challenge"] != challenge:
        raise Refused("the certificate does not answer the challenge")
    own = {probe for item in graded.run.items if item.requirement == CALLER_ID for probe in item.probes}
    for record in graded.run.records:
        ids = [value for name, value in record.exchange.request.headers if name.lower() == "x-request-id"]
        if record.probe not in own and not any(value.startswith(f"{challenge}-") for value in ids):
            raise Refused(f"exchange {record.seq} does not carry the challenge: it may be older than the question")


def _judged(statement: Mapping[str, Any], closing: Closing, text: bytes) -> Verified:
    """The verdicts once more. Under the same rules the report must follow from the journal, byte for byte."""
    today = report_files(closing.graded, closing.facts)[REPORT]
    same = statement["predicate"]["configuration"][0]["digest"]["sha256"] == rules_digest()
    if same and today != text:
        raise Refused("the report does not follow from the journal: the same rules give another")
    certified, now = _verdicts(text), _verdicts(today)
    differing = {
        name: (certified.get(name, "unknown"), now.get(name, "unknown"))
        for name in {**certified, **now}
        if certified.get(name) != now.get(name)
    }
    return Verified(statement, same, differing)


def _verdicts(text: bytes) -> dict[str, str]:
    return {row["id"]: row["verdict"] for row in json.loads(text)["requirements"]}


def read_revoked(files: Sequence[Path]) -> dict[str, str]:
    """Lists of revocations: on each line the id of a key or the SHA-256 of a certificate, then the reason."""
    lines = (
        line.split(maxsplit=1) for file in files for line in _content(file).decode("utf-8", "replace").splitlines()
    )
    return {words[0]: (words[1:] or ["no reason given"])[0] for words in lines if words and words[0][0] != "#"}
