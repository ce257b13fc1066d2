"""A certificate is accepted as it was made, and refused in one sentence when anything about it was changed."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from certified import SIGNER, STRANGER, Certified, resealed, signed

from conformance._paths import SCHEMAS
from conformance.certificates import statement as statements
from conformance.certificates import verify as checks
from conformance.certificates.envelope import Refused, opened, wrapped
from conformance.certificates.rules import rule_files, rules_digest
from conformance.certificates.statement import CERTIFICATE, JOURNAL, REPORT, Uncertifiable, digest, grant
from conformance.contract import load_tiers
from conformance.evidence.follow import read_run
from conformance.proof.runs import judged
from conformance.verdicts import grade

CHALLENGE = "what-is-the-time"
TRUSTED = {SIGNER.public_key.keyid: SIGNER.public_key}


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """A whole run against the conforming reference endpoint, with a challenge."""
    folder = tmp_path_factory.mktemp("certified")
    judged("myrouter", folder, challenge=CHALLENGE)
    for name, data in signed(folder).items():
        (folder / name).write_bytes(data)
    return Certified(folder)


SMALL = {"core": replace(load_tiers(1)["core"], requirements=("RESP-003",))}
TIERS = "conformance.verdicts.tiers.load_tiers"


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """A run of a few requests, signed when they were all that the only tier is about."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TIERS, lambda version: SMALL)
        judged("myrouter", folder, only=("RESP-003",))
        for name, data in signed(folder).items():
            (folder / name).write_bytes(data)
    return Certified(folder)


@pytest.fixture
def small(few: Certified, monkeypatch: pytest.MonkeyPatch) -> Certified:
    """That run, while the only tier is about it."""
    monkeypatch.setattr(TIERS, lambda version: SMALL)
    return few


def _said(certified: Certified) -> dict[str, Any]:
    found: dict[str, Any] = opened(certified.files[CERTIFICATE], TRUSTED)["predicate"]["conformance"]
    return found


def test_a_certificate_is_accepted_and_says_what_the_run_showed(certified: Certified, tmp_path: Path) -> None:
    found = certified.verified(tmp_path, challenge=CHALLENGE)
    assert found.same_rules and found.differing == {}
    assert found.said["tiers"] == ["core", "streaming", "tools"] and found.said["challenge"] == CHALLENGE
    assert found.said["not_certified"]["thinking"] == "not claimed" and found.said["embedded"] is False
    assert {row["name"] for row in found.statement["subject"]} == {REPORT, JOURNAL}
    schema = json.loads((SCHEMAS / "json" / "statement.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(found.statement, schema)


def test_no_byte_of_a_certificate_can_be_another(small: Certified) -> None:
    data = bytearray(small.files[CERTIFICATE])
    for place in range(len(data)):
        data[place] ^= 1
        with pytest.raises(Refused) as error:
            opened(bytes(data), TRUSTED)
        assert "\n" not in str(error.value)
        data[place] ^= 1
    assert opened(bytes(data), TRUSTED)["_type"] == statements.STATEMENT


@pytest.mark.parametrize("name", [JOURNAL, REPORT])
def test_no_byte_of_a_file_can_be_another(name: str, small: Certified) -> None:
    said, data = opened(small.files[CERTIFICATE], TRUSTED), bytearray(small.files[name])
    checks.same_files(said, {name: bytes(data)})
    for place in range(len(data)):
        data[place] ^= 1
        with pytest.raises(Refused):
            checks.same_files(said, {name: bytes(data)})
        data[place] ^= 1


@pytest.mark.parametrize("name", [CERTIFICATE, REPORT, JOURNAL])
def test_a_changed_byte_is_refused_by_the_whole_check(name: str, small: Certified, tmp_path: Path) -> None:
    assert small.verified(tmp_path).same_rules
    for place in range(0, len(small.files[name]), len(small.files[name]) // 20):
        data = bytearray(small.files[name])
        data[place] ^= 1
        with pytest.raises(Refused):
            small.verified(tmp_path, {name: bytes(data)})


def _lines(edit: Callable[[list[bytes]], object]) -> Callable[[bytes], bytes]:
    def apply(journal: bytes) -> bytes:
        lines = journal.splitlines()
        edit(lines)
        return b"\n".join([*lines, b""])

    return apply


def test_no_line_of_a_journal_can_be_left_out_repeated_or_moved(small: Certified, tmp_path: Path) -> None:
    whole = small.files[JOURNAL]
    count = len(whole.splitlines())
    for place in range(count):
        for edit in (
            lambda lines: lines.pop(place),  # noqa: B023
            lambda lines: lines.insert(place, lines[place]),  # noqa: B023
            lambda lines: lines.insert((place + 1) % count, lines.pop(place)),  # noqa: B023
        ):
            with pytest.raises(Refused, match=r"the journal\.jsonl is not the one that was certified"):
                small.verified(tmp_path, {JOURNAL: _lines(edit)(whole)})


def test_a_doctored_journal_is_refused_whoever_signs_it(small: Certified, tmp_path: Path) -> None:
    """A liar with a fresh key is a stranger; one with a trusted key needs a report that follows from the journal."""

    def edit(lines: list[dict[str, Any]]) -> None:
        next(row for row in lines if row["record"] == "exchange")["response"]["status"] = 500

    journal = resealed(small.files[JOURNAL], edit)
    said = opened(small.files[CERTIFICATE], TRUSTED)
    said["subject"][1]["digest"]["sha256"] = digest(journal)
    for signer, told in ((STRANGER, "which is none of the 1 that you trust"), (SIGNER, "certifies nothing|follow")):
        with pytest.raises(Refused, match=told):
            small.verified(tmp_path, {JOURNAL: journal, CERTIFICATE: wrapped(said, signer)})


def test_the_journal_of_another_run_is_refused(small: Certified, certified: Certified, tmp_path: Path) -> None:
    other = certified.files[JOURNAL]
    with pytest.raises(Refused, match="is not the one that was certified"):
        small.verified(tmp_path, {JOURNAL: other})
    said = opened(small.files[CERTIFICATE], TRUSTED)
    said["subject"][1]["digest"]["sha256"] = digest(other)
    with pytest.raises(Refused, match="about another run than its journal"):
        small.verified(tmp_path, {JOURNAL: other, CERTIFICATE: wrapped(said, SIGNER)})


def test_a_verdict_changed_by_the_signer_is_refused(small: Certified, tmp_path: Path) -> None:
    report = small.files[REPORT].replace(b'"verdict": "not-run"', b'"verdict": "passed"', 1)
    assert report != small.files[REPORT]
    said = opened(small.files[CERTIFICATE], TRUSTED)
    said["subject"][0]["digest"]["sha256"] = digest(report)
    with pytest.raises(Refused, match="the report does not follow from the journal"):
        small.verified(tmp_path, {REPORT: report, CERTIFICATE: wrapped(said, SIGNER)})


def test_a_tier_added_by_the_signer_is_refused(small: Certified, tmp_path: Path) -> None:
    said = opened(small.files[CERTIFICATE], TRUSTED)
    said["predicate"]["conformance"]["tiers"].append("vision")
    with pytest.raises(Refused, match="does not follow from the journal: it says another tiers"):
        small.verified(tmp_path, {CERTIFICATE: wrapped(said, SIGNER)})


@pytest.mark.parametrize("name", ["passedTests", "result"])
def test_a_result_changed_by_the_signer_is_refused(name: str, small: Certified, tmp_path: Path) -> None:
    said = opened(small.files[CERTIFICATE], TRUSTED)
    said["predicate"][name] = "WARNED" if name == "result" else ["RESP-404"]
    with pytest.raises(Refused, match=f"does not follow from the journal: it says another {name}"):
        small.verified(tmp_path, {CERTIFICATE: wrapped(said, SIGNER)})


@pytest.mark.parametrize("name", ["profile", "model", "ended"])
def test_another_run_is_told_by_what_differs_whatever_the_rules(name: str, small: Certified, tmp_path: Path) -> None:
    said = opened(small.files[CERTIFICATE], TRUSTED)
    said["predicate"]["conformance"][name] = "another"
    for rules in (rules_digest(), "0" * 64):
        said["predicate"]["configuration"][0]["digest"]["sha256"] = rules
        with pytest.raises(Refused, match=f"about another run than its journal: it says another {name}"):
            small.verified(tmp_path, {CERTIFICATE: wrapped(said, SIGNER)})


def test_an_incomplete_run_is_refused_whatever_the_rules(small: Certified, tmp_path: Path) -> None:
    journal = resealed(small.files[JOURNAL], lambda rows: rows[0].update(everything=False))
    said = opened(small.files[CERTIFICATE], TRUSTED)
    said["subject"][1]["digest"]["sha256"] = digest(journal)
    said["predicate"]["configuration"][0]["digest"]["sha256"] = "0" * 64
    with pytest.raises(Refused, match="certifies nothing: only a part of the suite was selected"):
        small.verified(tmp_path, {JOURNAL: journal, CERTIFICATE: wrapped(said, SIGNER)})


NO_RUNS: dict[str, tuple[str, bytes]] = {
    "a report that is no JSON": (REPORT, b"{"),
    "a journal that is no JSON": (JOURNAL, b"{\n"),
    "a journal of numbers": (JOURNAL, b"1\n2\n"),
    "an exchange without a request": (JOURNAL, b'{"record":"exchange","chain":"0"}\n'),
    "an empty journal": (JOURNAL, b""),
}


@pytest.mark.parametrize("case", NO_RUNS)
def test_files_that_no_run_writes_are_refused_in_a_sentence(case: str, small: Certified, tmp_path: Path) -> None:
    name, data = NO_RUNS[case]
    said = opened(small.files[CERTIFICATE], TRUSTED)
    said["subject"][(REPORT, JOURNAL).index(name)]["digest"]["sha256"] = digest(data)
    with pytest.raises(Refused, match=r"is not in its canonical form|the evidence is not intact"):
        small.verified(tmp_path, {name: data, CERTIFICATE: wrapped(said, SIGNER)})


def test_a_header_that_no_run_writes_is_refused(small: Certified, tmp_path: Path) -> None:
    journal = resealed(small.files[JOURNAL], lambda rows: rows[0].update(level="HIGH"))
    said = opened(small.files[CERTIFICATE], TRUSTED)
    said["subject"][1]["digest"]["sha256"] = digest(journal)
    with pytest.raises(Refused, match="line 1 is damaged or of another version"):
        small.verified(tmp_path, {JOURNAL: journal, CERTIFICATE: wrapped(said, SIGNER)})


def test_a_day_that_no_calendar_has_is_over(small: Certified, tmp_path: Path) -> None:
    said = opened(small.files[CERTIFICATE], TRUSTED)
    said["predicate"]["conformance"]["expires"] = "2999-02-30"
    with pytest.raises(Refused, match="expired on 2999-02-30"):
        small.verified(tmp_path, {CERTIFICATE: wrapped(said, SIGNER)})


@pytest.mark.parametrize("name", [REPORT, JOURNAL])
def test_a_file_in_another_form_is_refused(name: str, small: Certified, tmp_path: Path) -> None:
    """White space, or base64 with unused bits set, that the signer put there: it would say the same in other bytes."""
    other = small.files[name].replace(b": ", b":  ", 1) if name == REPORT else _loose(small.files[name])
    said = opened(small.files[CERTIFICATE], TRUSTED)
    said["subject"][(REPORT, JOURNAL).index(name)]["digest"]["sha256"] = digest(other)
    with pytest.raises(Refused, match="is not in its canonical form"):
        small.verified(tmp_path, {name: other, CERTIFICATE: wrapped(said, SIGNER)})


def _loose(journal: bytes) -> bytes:
    def edit(lines: list[dict[str, Any]]) -> None:
        next(row for row in lines if row["record"] == "exchange")["request"]["body"] = {"base64": "/x=="}

    return resealed(journal, edit)


def test_unused_bits_of_a_signature_are_no_hiding_place(small: Certified, tmp_path: Path) -> None:
    envelope = json.loads(small.files[CERTIFICATE])
    sig = envelope["signatures"][0]["sig"]
    last = sig.rstrip("=")[-1]
    loose = next(
        text
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        if other != last
        and base64.b64decode(text := sig.rstrip("=")[:-1] + other + "=" * sig.count("=")) == base64.b64decode(sig)
    )
    data = small.files[CERTIFICATE].replace(sig.encode(), loose.encode())
    with pytest.raises(Refused, match="not a DSSE envelope in its canonical form"):
        small.verified(tmp_path, {CERTIFICATE: data})


def test_time_and_revocation_decide(small: Certified, tmp_path: Path) -> None:
    expires = date.fromisoformat(_said(small)["expires"])
    assert small.verified(tmp_path, today=expires).same_rules
    with pytest.raises(Refused, match=f"the certificate expired on {expires}"):
        small.verified(tmp_path, today=date.fromordinal(expires.toordinal() + 1))
    for name in (SIGNER.public_key.keyid, digest(small.files[CERTIFICATE])):
        with pytest.raises(Refused, match=f"names {name}: stolen"):
            small.verified(tmp_path, revoked={name: "stolen"})
    assert small.verified(tmp_path, revoked={STRANGER.public_key.keyid: "stolen"}).same_rules


def test_a_challenge_shows_that_the_evidence_is_no_older(certified: Certified, tmp_path: Path) -> None:
    assert certified.verified(tmp_path, challenge=CHALLENGE).same_rules
    with pytest.raises(Refused, match="does not answer the challenge"):
        certified.verified(tmp_path, challenge="another-question")


def test_a_run_without_a_challenge_answers_none(small: Certified, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="does not answer the challenge"):
        small.verified(tmp_path, challenge=CHALLENGE)


def test_a_request_without_the_challenge_is_noticed(certified: Certified, tmp_path: Path) -> None:
    """A run that only says that it had the challenge."""

    def edit(lines: list[dict[str, Any]]) -> None:
        row = next(row for row in lines if row["record"] == "exchange")
        row["request"]["headers"] = [pair for pair in row["request"]["headers"] if pair[0] != "x-request-id"]

    (tmp_path / JOURNAL).write_bytes(resealed(certified.files[JOURNAL], edit))
    files = signed(tmp_path)
    assert certified.verified(tmp_path, files).same_rules
    with pytest.raises(Refused, match=r"exchange \d+ does not carry the challenge"):
        certified.verified(tmp_path, files, challenge=CHALLENGE)


def test_other_rules_say_three_things_apart(small: Certified, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence that is intact and signed is accepted; what today's rules say is told beside it."""
    said = opened(small.files[CERTIFICATE], TRUSTED)
    report = small.files[REPORT].replace(b'"verdict": "not-run"', b'"verdict": "passed"', 1)
    said["subject"][0]["digest"]["sha256"] = digest(report)
    said["predicate"]["configuration"][0]["digest"]["sha256"] = "0" * 64
    found = small.verified(tmp_path, {REPORT: report, CERTIFICATE: wrapped(said, SIGNER)})
    assert not found.same_rules and set(found.differing.values()) == {("passed", "not-run")}
    assert len(found.differing) == 1


def _left_out(cap: str, rows: list[dict[str, Any]]) -> None:
    """A cap came when the plain control was to be sent once more."""
    rows.insert(2, {"record": "unsent", "probe": "plain", "reason": f"not sent: the cap of {cap} was reached"})


UNFIT: dict[str, Callable[[list[dict[str, Any]]], object]] = {
    "the journal breaks off before the end of the run": lambda rows: rows.pop(),
    "the run did not come to its end": lambda rows: rows[-1].update(holding=["INTERRUPTED"]),
    "the target refused the first request": lambda rows: rows[-1].update(refused=True),
    "only a part of the suite was selected": lambda rows: rows[0].update(everything=False),
    "1 of the planned probes were not sent": lambda rows: rows.insert(
        2, {"record": "unsent", "probe": "p", "reason": "not sent: the target stopped serving"}
    ),
    **{
        f"the run was truncated by budget: the cap of {cap} was reached": partial(_left_out, cap)
        for cap in ("3 requests", "900 output tokens", "30 seconds", "0.5 USD")
    },
    "the run was judged against a baseline of accepted violations": lambda rows: rows[0].update(baseline={}),
}


@pytest.mark.parametrize("told", UNFIT)
def test_a_run_that_is_not_complete_certifies_nothing(told: str, small: Certified, tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_bytes(resealed(small.files[JOURNAL], UNFIT[told]))
    follower = read_run(tmp_path / JOURNAL)
    with pytest.raises(Uncertifiable, match=told):
        grant(grade(follower.run()), follower)


def test_an_open_or_broken_core_certifies_nothing(certified: Certified, tmp_path: Path) -> None:
    judged("myrouter", tmp_path / "open", only=("RESP-003",))
    judged("myrouter", tmp_path / "broken", "role-foreign")
    for name, told in (("open", "without a verdict"), ("broken", "RESP-003 violated")):
        follower = read_run(tmp_path / name / JOURNAL)
        with pytest.raises(Uncertifiable, match=f"the core does not hold: .*{told}"):
            grant(grade(follower.run()), follower)


def test_what_is_signed_has_to_be_a_statement(small: Certified, tmp_path: Path) -> None:
    said = opened(small.files[CERTIFICATE], TRUSTED)
    wrong: list[Any] = [{**said, "_type": "x"}, {**said, "more": 1}, {}, []]
    for value in wrong:
        with pytest.raises(Refused, match=r"is no statement of a conformance run|not JSON in its canonical form"):
            small.verified(tmp_path, {CERTIFICATE: wrapped(value, SIGNER)})
    for data in (b"", b"{}", b"[]", b"\xff", b'{"payload":1}'):
        with pytest.raises(Refused, match="not a DSSE envelope"):
            small.verified(tmp_path, {CERTIFICATE: data})


def test_the_digest_of_the_rules_covers_rules_and_catalogue() -> None:
    named = {name for name, _ in rule_files()}
    assert {"rules/usage.py", "wire/sse.py", "verdicts/fold.py", "reporting/report.py"} <= named
    assert {"schemas/catalogue.yaml", "schemas/requirements/resp.yaml", "schemas/tiers/1.yaml"} <= named
    assert len(rules_digest()) == 64 and rules_digest() == rules_digest()
    assert statements.VALID_DAYS == 90
