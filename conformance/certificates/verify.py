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
from conformance.certificates.envelope import Refused, Unreadable, opened
from conformance.certificates.rules import rules_digest
from conformance.certificates.statement import JOURNAL, REPORT, Uncertifiable, about, digest, incomplete, statement
from conformance.contract import Level
from conformance.evidence.chain import dumped
from conformance.evidence.follow import Follower, read_run
from conformance.evidence.journal import JournalError, record_from, record_line
from conformance.evidence.run import Run
from conformance.reporting import json_file, report_file
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
    follower, closing = _graded(journal)
    same_rules = found["predicate"]["configuration"][0]["digest"]["sha256"] == rules_digest()
    _same_run(found, closing.graded.run, follower)
    if same_rules:
        _follows(found, follower, closing, texts)
    _answers(reader.challenge, found, closing.graded)
    return Verified(found, same_rules, _differing(closing, texts[REPORT]))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot read {file}: {error.strerror or error}") from None


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
    if not _on_or_before(reader.today, expires):
        raise Refused(f"the certificate expired on {expires}")
    for name in names:
        if name in reader.revoked:
            raise Refused(f"the list of revocations names {name}: {reader.revoked[name]}")


def _on_or_before(today: date, day: str) -> bool:
    """Whether a day has not passed; one that no calendar has, has."""
    try:
        return today <= date.fromisoformat(day)
    except ValueError:
        return False


def same_files(statement: Mapping[str, Any], texts: Mapping[str, bytes]) -> None:
    """Refuse a report or a journal that is not the one that was certified."""
    signed = {row["name"]: row["digest"]["sha256"] for row in statement["subject"]}
    for name, data in texts.items():
        if signed[name] != digest(data):
            raise Refused(f"the {name} is not the one that was certified: its SHA-256 is another")


def _canonical(texts: Mapping[str, bytes]) -> None:
    """Refuse what could be written in another way and say the same."""
    for name, data in texts.items():
        try:
            same = _FORMS[name](data) == data
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            same = False
        if not same:
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


def _graded(journal: Path) -> tuple[Follower, Closing]:
    try:
        follower = read_run(journal)
        return follower, settle(follower, Level(follower.header["level"]), None)
    except JournalError as error:
        raise Refused(f"the evidence is not intact: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused("the evidence is not intact: the journal holds what no run writes") from None


def _same_run(said: Mapping[str, Any], run: Run, follower: Follower) -> None:
    """Whatever the rules: the certificate is about the run of this journal, and that is a complete one."""
    own = said["predicate"]["conformance"]
    wrong = [name for name, value in about(follower).items() if own[name] != value]
    if wrong:
        raise Refused(f"the certificate is about another run than its journal: it says another {wrong[0]}")
    if why := incomplete(run, follower):
        raise Refused(f"the run certifies nothing: {why}")


def _follows(said: Mapping[str, Any], follower: Follower, closing: Closing, texts: Mapping[str, bytes]) -> None:
    """Under the same rules report and certificate follow from the journal; only the last day is the signer's to say."""
    if report_file(REPORT, closing.graded, closing.facts) != texts[REPORT]:
        raise Refused("the report does not follow from the journal: the same rules give another")
    try:
        due = statement(closing.graded, follower, texts)
    except Uncertifiable as error:
        raise Refused(f"the run certifies nothing: {error}") from None
    due["predicate"]["conformance"]["expires"] = said["predicate"]["conformance"]["expires"]
    if due != said:
        raise Refused(f"the certificate does not follow from the journal: it says another {_first_other(said, due)}")


def _first_other(said: Mapping[str, Any], due: Mapping[str, Any]) -> str:
    """The first member of the predicate, or of what is ours in it, that is another."""
    for one, other in (
        (said["predicate"]["conformance"], due["predicate"]["conformance"]),
        (said["predicate"], due["predicate"]),
    ):
        for name in one:
            if one[name] != other[name]:
                return str(name)
    return "subject"


def _answers(challenge: str, said: Mapping[str, Any], graded: Graded) -> None:
    """That every request of the run carried the reader's challenge, but those about ids of the caller's own."""
    if not challenge:
        return
    if said["predicate"]["conformance"]["challenge"] != challenge:
        raise Refused("the certificate does not answer the challenge")
    own = {probe for item in graded.run.items if item.requirement == CALLER_ID for probe in item.probes}
    for record in graded.run.records:
        ids = [value for name, value in record.exchange.request.headers if name.lower() == "x-request-id"]
        if record.probe not in own and not any(value.startswith(f"{challenge}-") for value in ids):
            raise Refused(f"exchange {record.seq} does not carry the challenge: it may be older than the question")


def _differing(closing: Closing, text: bytes) -> dict[str, tuple[str, str]]:
    """The requirements whose verdict is another today, with the certified one and today's."""
    certified, now = _verdicts(text), _verdicts(report_file(REPORT, closing.graded, closing.facts))
    names = {**certified, **now}
    both = {name: (certified.get(name, "unknown"), now.get(name, "unknown")) for name in names}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


def _verdicts(text: bytes) -> dict[str, str]:
    return {row["id"]: row["verdict"] for row in json.loads(text)["requirements"]}
