"""Parts of the plugin that a whole run shows too late: options of other plugins, the index of suites, waiting."""

import importlib.util
import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import conformance.plugin as plugin
from conformance._paths import suite_files
from conformance.contract import Level, load_catalogue, load_profiles
from conformance.evidence.follow import header_terms
from conformance.evidence.journal import JournalWriter, item_line, record_line
from conformance.evidence.run import Expect, Item, Record, Terms
from conformance.generation.draws import Draw
from conformance.plugin import lines
from conformance.plugin.lines import Line, Reader
from conformance.settings.options import OPTIONS
from conformance.suite_items import bracketed_part, index, item_id
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

DRAW = Draw("myrouter", "2023-06-01", frozenset({"streaming", "tools"}), 0, 1)


class Parser:
    """Takes options, and refuses those that are there already."""

    def __init__(self, *taken: str) -> None:
        self.taken = set(taken)

    def getgroup(self, *words: str) -> "Parser":
        """Itself: one group for all."""
        return self

    def addoption(self, *names: str, **words: Any) -> None:
        """Take all names or none."""
        if self.taken & set(names):
            raise ValueError(f"{names} is taken")
        self.taken |= set(names)


def test_every_option_has_its_long_name_and_most_a_short_one() -> None:
    parser = Parser()
    plugin.pytest_addoption(parser)  # type: ignore[arg-type]
    assert parser.taken >= {f"--conformance-{option.name}" for option in OPTIONS}
    assert parser.taken >= {f"--{option.name}" for option in OPTIONS if option.alias}
    assert "--config" not in parser.taken


def test_a_name_that_another_plugin_took_first_stays_theirs() -> None:
    parser = Parser("--model", "--out")
    plugin.pytest_addoption(parser)  # type: ignore[arg-type]
    assert {"--conformance-model", "--conformance-out"} <= parser.taken


def test_a_name_that_another_plugin_is_known_to_own_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "pytest_timeout" or found(name))
    parser = Parser()
    plugin.pytest_addoption(parser)  # type: ignore[arg-type]
    assert "--timeout" not in parser.taken and "--conformance-timeout" in parser.taken
    controller = SimpleNamespace(header=lambda: ["first"])
    stash = SimpleNamespace(get=lambda key, default: controller)
    lines = plugin.pytest_report_header(SimpleNamespace(stash=stash))  # type: ignore[arg-type]
    assert lines == ["first", "conformance: --timeout belongs to pytest-timeout; ours is --conformance-timeout"]


def test_the_index_knows_every_item_by_its_id() -> None:
    items, probes = index(suite_files(), DRAW)
    assert items["RESP-003"].requirement == "RESP-003" and {"plain", "stream"} <= probes.keys()
    assert all(item_id(item) == name for name, item in items.items())
    assert all(probe in probes for item in items.values() for probe in (*item.probes, item.control) if probe)


def test_what_is_no_suite_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "notes_of_nobody.txt").write_text("")
    with pytest.raises(ImportError, match="is not a Python file"):
        index([tmp_path / "notes_of_nobody.txt"], DRAW)


@pytest.mark.parametrize(
    ("node_id", "part"),
    [
        ("a/test_b.py::test_c[REQ-001-x]", "REQ-001-x"),
        ("a/test_b.py::test_c", ""),
        ("a/test_b.py::test_c[REQ-001-[x]]", "REQ-001-[x]"),
        ("a[1]/test_b.py::test_c", ""),
    ],
)
def test_the_bracketed_part_of_a_node_id(node_id: str, part: str) -> None:
    assert bracketed_part(node_id) == part


def _record(seq: int, probe: str, status: int, answer: dict[str, Any]) -> Record:
    headers = (("content-type", "application/json"),)
    chunks = (Chunk(0.1, json.dumps(answer).encode()),)
    request = Request("POST", "http://h/v1/messages", (), b'{"model":"m"}')
    return Record(seq, probe, seq, 1, Exchange(request, status, headers, chunks, End(Ending.COMPLETE)))


ACTIVE = Item("REQ-001", "a", ("p",), {"*": Expect("refused")}, "plain", "models are refused")
PASSIVE = Item("RESP-003", "", ("plain",))
MESSAGE = {"type": "message", "role": "assistant", "content": []}


def _begun(folder: Path) -> JournalWriter:
    profile = load_profiles()["myrouter"]
    terms = Terms(profile, load_catalogue(), "2023-06-01", "m", frozenset(profile.included))
    writer = JournalWriter(folder / "journal.jsonl")
    facts = {"harness": "0", "target": "http://h", "embedded": False, "started": "now", "seeds": {}, "options": {}}
    names = {"header_envs": {}, "api_key_env": "CONFORMANCE_API_KEY"}
    writer.write("header", terms=header_terms(terms), everything=False, **facts, **names)
    writer.write("plan", items=[item_line(ACTIVE), item_line(PASSIVE)], aliases={}, generated=[])
    return writer


def _sent(writer: JournalWriter, status: int, role: str = "assistant") -> None:
    rows = [("plain", 200), ("p", status), ("plain", 200)]
    for seq, (probe, code) in enumerate(rows, 1):
        writer.write("exchange", **record_line(_record(seq, probe, code, MESSAGE | {"role": role})))
    writer.write("done", probe="p")


def test_an_active_item_is_judged_while_others_are_still_sent(tmp_path: Path) -> None:
    writer = _begun(tmp_path)
    _sent(writer, 400)
    line = Line(ACTIVE, lambda: Reader(writer.path, Level.MUST))
    line.judge()
    writer.close()
    assert line.verdict == "passed"


def test_an_item_waits_for_its_exchanges(tmp_path: Path) -> None:
    writer = _begun(tmp_path)

    def send() -> None:
        _sent(writer, 400)
        writer.write("sent")

    late = threading.Timer(0.2, send)
    late.start()
    reader = Reader(writer.path, Level.MUST)
    results = [reader.result(PASSIVE), reader.result(PASSIVE), reader.result(ACTIVE)]
    late.join()
    writer.close()
    assert [result.verdict.value for result in results] == ["passed", "passed", "passed"]


@pytest.mark.parametrize(
    ("item", "status", "role", "ends", "verdict"),
    [
        (ACTIVE, 200, "assistant", pytest.fail.Exception, "failed"),
        (ACTIVE, 401, "assistant", pytest.skip.Exception, "inconclusive"),
        (PASSIVE, 400, "model", pytest.fail.Exception, "failed"),
    ],
)
def test_a_line_ends_its_test_by_its_verdict(
    tmp_path: Path, item: Item, status: int, role: str, ends: type[BaseException], verdict: str
) -> None:
    writer = _begun(tmp_path)
    _sent(writer, status, role)
    writer.write("sent")
    writer.close()
    line = Line(item, lambda: Reader(writer.path, Level.MUST))
    with pytest.raises(ends) as ended:
        line.judge()
    assert line.verdict == verdict and (item.requirement in str(ended.value) or verdict in str(ended.value))


def test_waiting_items_say_how_far_the_sending_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "SAY_EVERY", 0.0)
    writer, said = _begun(tmp_path), list[str]()

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 1:
            _sent(writer, 400)
            writer.write("sent")

    reader = Reader(writer.path, Level.MUST, say, lambda: True, 3)
    assert reader.result(PASSIVE).verdict.value == "passed"
    writer.close()
    assert said == ["0 of about 3 requests answered"]
