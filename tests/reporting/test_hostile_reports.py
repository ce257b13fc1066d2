"""What a target sends breaks no report: nothing raises, every file parses, sizes stay bounded, nothing is executed."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from xml.etree import ElementTree as ET

import pytest
from html_runs import of, read
from loopback import always, response
from reporting_runs import FACTS, broken, graded, record, result, terms

from conformance.contract import load_catalogue
from conformance.probing.limits import Limits
from conformance.probing.transport import HttpxTransport, Outgoing
from conformance.reporting import REPORTS, annotations, report_files, summary
from conformance.reporting.facts import Baselined, Facts
from conformance.rules.findings import Where, note
from conformance.verdicts import Exit, Graded, Verdict
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Limit, Request

HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "entity": "]]></failure><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>&a;<!--",
    "terminal": "\x1b[2J\x1b]0;title\x07\x1b]8;;http://evil.example\x1b\\x\x9b31m\b\b",
    "command": "\n::error::x\n::add-path::/tmp\n##[add-mask]x\n##vso[task.complete]\r\nsection_start:1:a\r\x1b[0K",
    "markdown": "![x](http://evil.example/a) [x](javascript:alert(1)) <http://evil.example> @everyone | a |\n# x\n```",
    "bare": "http://evil.example www.evil.example #1 ~~x~~ $x$ `x` *x* _x_ <!-- x",
    "illegal": "\x00\x01\x08\x0b\x0c\x1f\x7f\x85\ufffe\uffff\ud800\udfff",
    "override": "\u202e\u2066\u2069\u200f\u061cabc\u202d\u2028\u2029",
    "format": "%s %n {0} {verdict} $verdict ${first} %0A%0D \\u0000 \\[",
    "large": "<a|`[\u202e" * (5 * 2**20 // 6),
}
EXECUTED_BY_A_TERMINAL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
CUT_SHORT = End(Ending.CUT, Limit.BODY)
LARGEST = 12 * 2**20  #: bytes of a report


def run_of(text: str) -> Graded:
    """The text in every place that a target can reach: findings, reasons, headers, bodies, how an exchange ended."""
    data = text.encode("utf-8", "surrogatepass")
    hostile = replace(
        record(1).exchange,
        headers=((text, text), ("content-type", text), ("location", text)) * 50,
        chunks=(Chunk(0.1, data[: len(data) // 2]), Chunk(0.2, data[len(data) // 2 :])),
        end=End(Ending.MALFORMED, detail=text),
        connection=text[:100],
        version=text[:10],
    )
    sent = replace(hostile, request=replace(hostile.request, body=data))
    findings = [broken("RESP-003", text, text, Where(seq, text, 1, 2, text)) for seq in (1, 2)]
    many = [result(name, Verdict.FAILED, broken(name, text, text, Where(1))) for name in _others()[:40]]
    return graded(
        [
            result("RESP-003", Verdict.FAILED, *findings),
            result("SSE-001", Verdict.INCONCLUSIVE, reason=text),
            *many,
        ],
        [replace(record(1), exchange=hostile), replace(record(2), exchange=sent)],
        under=replace(terms(), model=text),
        notes={"RESP-002": (note("RESP-002", text, text, Where(1, text)),)},
    )


def _others() -> list[str]:
    return [name for name in load_catalogue().requirements if name not in {"RESP-003", "SSE-001"}]


def facts_of(text: str) -> Facts:
    lines = (text,) * 50
    return replace(
        FACTS,
        exit=Exit.VIOLATION,
        target=text,
        options={"model": text},
        baseline=Baselined(unlisted=lines, failures=lines, remarks=lines),
    )


@cache
def made(name: str) -> dict[str, bytes]:
    return report_files(run_of(HOSTILE[name]), facts_of(HOSTILE[name]))


def _xml(data: bytes) -> list[ET.Element]:
    assert b"<!DOCTYPE" not in data
    return list(ET.fromstring(data).iter())


def good_json(data: bytes, text: str) -> None:
    json.loads(data)
    assert data.isascii()  # nothing of the target's reaches a terminal or a page as it came


def good_junit(data: bytes, text: str) -> None:
    known = {"testsuites", "testsuite", "properties", "property", "testcase", "failure", "skipped", "system-out"}
    assert {element.tag for element in _xml(data)} <= known
    assert not EXECUTED_BY_A_TERMINAL.search(data.decode().replace("\r", ""))


def good_svg(data: bytes, text: str) -> None:
    tags = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in _xml(data)}
    assert tags == {"svg", "title", "rect", "g", "text"}
    assert not any(name.startswith(("on", "href", "xlink")) for element in _xml(data) for name in element.attrib)


def good_markdown(data: bytes, text: str) -> None:
    shown = data.decode()
    plain = re.sub(r"\\.", "", shown)  # what is left is what Markdown may act on
    assert len(data) < 2**20 and not EXECUTED_BY_A_TERMINAL.search(shown)
    assert not re.search(r"[<`\[\]~$*_]|!\[|://|@|javascript:", plain)
    rows = [line for line in shown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6, 8}
    assert [line for line in shown.splitlines() if line.startswith("#")] == [shown.splitlines()[0]]


def good_html(data: bytes, text: str) -> None:
    root = read(data)
    assert len(data) < 2_000_000 and not EXECUTED_BY_A_TERMINAL.search(data.decode())
    assert len(root.all("script")) == 1 and not root.all("img") and not root.all("a", href="")
    assert not any(name.startswith(("on", "src", "style")) for part in root.all() for name in part.attributes)


GOOD: dict[str, Callable[[bytes, str], None]] = {
    "report.json": good_json,
    "junit.xml": good_junit,
    "summary.md": good_markdown,
    "ctrf.json": good_json,
    "report.sarif": good_json,
    "exchanges.har": good_json,
    "badge.json": good_json,
    "badge.svg": good_svg,
    "report.html": good_html,
}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_takes_whatever_a_target_sends(name: str, hostile: str) -> None:
    data = made(hostile)[name]
    assert len(data) < LARGEST
    GOOD[name](data, HOSTILE[hostile])


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_terminal_takes_it_too(hostile: str) -> None:
    run, facts = run_of(HOSTILE[hostile]), facts_of(HOSTILE[hostile])
    text = "\n".join((summary(run, facts), *annotations(run, facts)[:1]))
    assert not EXECUTED_BY_A_TERMINAL.search(text) and len(text) < 2**20
    assert not [line for line in text.split("\n")[:-1] if line.lstrip().startswith("::") or "##[" in line]


def test_fifty_megabytes_in_every_place_leave_each_report_bounded() -> None:
    """Findings, reasons, bodies sent and received; of an exchange, no transport keeps longer headers than a few KB."""
    text = "<a|`[\u202e" * (50 * 2**20 // len("<a|`[\u202e".encode()))
    run, facts = run_of(text), facts_of(text)
    kept = (("content-type", "text/html"),)
    rows = (replace(row, exchange=replace(row.exchange, headers=kept, end=CUT_SHORT)) for row in run.run.records)
    run = replace(run, run=replace(run.run, records=tuple(rows)))
    for name, report in REPORTS.items():
        data = report(run, facts)
        assert len(data) < 2_000_000, name
        GOOD[name](data, text)
    printed = "\n".join((summary(run, facts), *annotations(run, facts)))
    assert len(printed) < 2**20


def test_an_answer_of_fifty_megabytes_is_read_to_the_limit_and_judged_as_cut() -> None:
    """Of what a target sends without end, the journal keeps what the limit of a body allows."""
    large = b"x" * (50 * 2**20)
    with always(response(b'{"error": {"message": "' + large + b'"}}', 400)) as target:
        transport = HttpxTransport()

        async def ask() -> Exchange:
            try:
                return await transport.send(Outgoing(Request("GET", target.url, (), b"")), Limits())
            finally:
                await transport.close()

        exchange = asyncio.run(ask())
    assert exchange.end == CUT_SHORT and Limits().body < len(exchange.body) < Limits().body + 2**20
    run = of(broken("RESP-003", "assistant", exchange.body.decode(), Where(1)), replace(record(1), exchange=exchange))
    assert all(len(data) < LARGEST for data in report_files(run, FACTS).values())
    assert len(REPORTS["report.html"](run, FACTS)) < 2_000_000


def test_the_terminal_check_sees_what_it_looks_for() -> None:
    assert all(EXECUTED_BY_A_TERMINAL.search(HOSTILE[name]) for name in ("terminal", "illegal", "override"))
    with pytest.raises(AssertionError):
        good_markdown(b"# x\n| a | b | c | d | e |\n![x](http://y)", "")
    with pytest.raises(AssertionError):
        good_svg(b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "")
