"""Small graded runs made by hand; helpers of the tests beside this file."""

import json
from collections.abc import Iterable, Mapping

from conformance.contract import Level, load_catalogue, load_profiles
from conformance.evidence.run import Expect, Item, Record, Run, Terms
from conformance.reporting import Facts
from conformance.rules.findings import Finding, Kind, Where
from conformance.verdicts import Exit, Graded, ItemResult, Judgement, Verdict
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

HEADERS = (
    ("Accept", "application/json"),
    ("Accept-Encoding", "identity"),
    ("User-Agent", "messages-conformance"),
    ("anthropic-version", "2023-06-01"),
    ("Content-Type", "application/json"),
    ("Authorization", "Bearer [KEY*********]"),
)
URL = "http://127.0.0.1:8000/anthropic/v1/messages"
PLAIN_BODY = b'{"model":"m","max_tokens":32}'
USAGE = {"input_tokens": 3, "output_tokens": 7, "total_tokens": 10}

FACTS = Facts(
    harness="0.1.0",
    target=URL,
    folder="reports/run",
    started="2026-01-02T03:04:05+00:00",
    ended="2026-01-02T03:05:05+00:00",
    seeds={"live": 7},
    options={"level": "must"},
    exit=Exit.CONFORMS,
)


def request(body: bytes = PLAIN_BODY, method: str = "POST", url: str = URL, **changes: str | None) -> Request:
    """The default request; a keyword sets a header (underscores are dashes) or removes it with None."""
    named = {name.replace("_", "-").lower(): value for name, value in changes.items()}
    kept = [(n, named.pop(n.lower(), v)) for n, v in HEADERS]
    rows = (*kept, *named.items())
    return Request(method, url, tuple((n, v) for n, v in rows if v is not None), body)


def record(seq: int, body: bytes = PLAIN_BODY, probe: str = "plain", answer: object = None) -> Record:
    """An exchange that was answered with a small message."""
    content = json.dumps(answer if answer is not None else {"type": "message", "usage": USAGE}).encode()
    headers = (("content-type", "application/json"),)
    exchange = Exchange(request(body), 200, headers, (Chunk(0.1, content),), End(Ending.COMPLETE))
    return Record(seq, probe, 0, 1, exchange)


def terms(without: Iterable[str] = (), authenticated: bool = True, claimed: Iterable[str] = ()) -> Terms:
    """The terms of the default profile."""
    profile = load_profiles()["myrouter"]
    words = (frozenset(profile.included) | set(claimed)) - set(without)
    return Terms(profile, load_catalogue(), profile.api_version, "model-a", words, authenticated)


def broken(
    requirement: str, expected: str, seen: str, where: Where, level: Level | None = Level.MUST, case: str = ""
) -> Finding:
    """A violation as the verdict function leaves it, with its level set."""
    return Finding(requirement, Kind.BROKEN, expected, seen, where, level, case)


def result(
    key: str,
    verdict: Verdict,
    *findings: Finding,
    reason: str = "",
    generated: bool = False,
    probe: str = "plain",
    scored: bool = True,
) -> ItemResult:
    """The result of the item `REQUIREMENT case`; with a case it is active."""
    requirement, _, case = key.partition(" ")
    expect = {"*": Expect("refused")} if case else {}
    item = Item(requirement, case, (probe,), expect, about="one thing is wrong", generated=generated)
    return ItemResult(item, verdict, findings, reason, scored)


def graded(
    results: Iterable[ItemResult] = (),
    records: Iterable[Record] = (),
    rest: Verdict = Verdict.PASSED,
    under: Terms | None = None,
    notes: Mapping[str, tuple[Finding, ...]] | None = None,
    everything: bool = True,
    finished: bool = True,
) -> Graded:
    """A graded run in which every requirement without a result of its own has the verdict `rest`."""
    results = tuple(results)
    items = tuple(row.item for row in results)
    run = Run(under or terms(), items, tuple(records), finished=finished, everything=everything)
    by_id = {row.item.requirement: row for row in results}
    judgements = {
        identifier: _judgement(run, identifier, by_id.get(identifier), rest, (notes or {}).get(identifier, ()))
        for identifier in run.terms.catalogue.requirements
    }
    return Graded(run, judgements, results)


def _judgement(
    run: Run, identifier: str, row: ItemResult | None, rest: Verdict, notes: tuple[Finding, ...]
) -> Judgement:
    requirement = run.terms.requirement(identifier)
    violations = tuple(f for f in row.findings if f.kind is Kind.BROKEN) if row else ()
    return Judgement(
        requirement,
        requirement.level(run.terms.profile.name),
        row.verdict if row else rest,
        violations,
        notes,
        0 if violations else 1,
        1,
        1,
        row.reason if row else "",
        row.scored if row else True,
    )
