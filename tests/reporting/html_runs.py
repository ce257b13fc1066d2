"""Runs whose report is looked at as HTML, and the page read back; helpers of the tests beside this file."""

import json
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

from reporting_runs import FACTS, broken, graded, record, result, terms

from conformance.evidence.run import Record
from conformance.rules.findings import Finding, Where, note
from conformance.verdicts import Exit, Graded, Verdict
from conformance.wire.exchange import Chunk, End, Ending

VIOLATED = replace(FACTS, exit=Exit.VIOLATION)
VOID = frozenset({"meta", "input", "br", "link", "img", "base"})
EVENTS = (
    ("message_start", {"type": "message_start", "message": {"role": "bot", "id": "m"}}),
    ("ping", {"type": "ping"}),
    ("message_stop", {"type": "message_stop"}),
)
_MARK = "document.documentElement.dataset.foreign='yes'"
SAMPLES = {
    "script": f"<script>{_MARK}</script>",
    "short": "</title></svg><img src=x onerror=1>",
    "ended": f'</script></style></title></textarea><img src=x onerror="{_MARK}">',
    "quoted": f'"onload="{_MARK}" x=\'',
    "svg": f"</pre></details><svg onload={_MARK}><style>*{{display:none}}</style>",
    "override": "\u202eabc\u2066\u2028",
    "nul": "a\x00b\x1b[2J",
    "template": "$sentence ${policy} $$",
    "large": "<'\u202e\"" * (5 * 2**20 // 6),
}


@dataclass(slots=True)
class Element:
    """One element of a page."""

    name: str
    attributes: dict[str, str]
    inside: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text inside, markup left out."""
        return "".join(part if isinstance(part, str) else part.text for part in self.inside)

    def all(self, name: str = "", **attributes: str) -> list["Element"]:
        """Every element below, in order, that has this name and these attributes (`class_` for one of its classes)."""
        found: list[Element] = []
        for part in self.inside:
            if isinstance(part, Element):
                found += [part] if part.fits(name, attributes) else []
                found += part.all(name, **attributes)
        return found

    def fits(self, name: str, attributes: dict[str, str]) -> bool:
        """Whether it has the name and the attributes."""
        classes = self.attributes.get("class", "").split()
        rest = {key: value for key, value in attributes.items() if key != "class_"}
        named = name in {"", self.name} and ("class_" not in attributes or attributes["class_"] in classes)
        return named and all(self.attributes.get(key) == value for key, value in rest.items())


class _Reader(HTMLParser):
    """Reads a page of which every element is closed where it should be."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), names
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        closed = self.open.pop()
        assert closed.name == tag, f"</{tag}> closes <{closed.name}>"

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def read(data: bytes) -> Element:
    """The page as a tree; fails where an element is not closed."""
    reader = _Reader()
    reader.feed(data.decode())
    reader.close()
    assert len(reader.open) == 1, [element.name for element in reader.open]
    return reader.open[0]


def stream(seq: int = 3, body: bytes | None = None, pieces: int = 4) -> Record:
    """A stream whose events come in chunks of about equal size, a tenth of a second apart."""
    told = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in EVENTS).encode()
    told = told if body is None else body
    size = -(-len(told) // pieces) or 1
    cut = [told[start : start + size] for start in range(0, len(told), size)]
    chunks = tuple(Chunk(0.1 * (number + 1), data) for number, data in enumerate(cut))
    headers = (("content-type", "text/event-stream"), ("x-odd", "1"))
    plain = record(seq).exchange
    exchange = replace(plain, headers=headers, chunks=chunks, first_byte=0.05, elapsed=0.5)
    return replace(record(seq, probe="stream"), exchange=exchange)


def of(finding: Finding, *records: Record) -> Graded:
    """A run in which one finding is a violation."""
    return graded([result(finding.requirement, Verdict.FAILED, finding)], records)


def hostile(text: str) -> Graded:
    """The text wherever a target can put one."""
    data = text.encode("utf-8", "surrogatepass")
    body = b"event: " + data.replace(b"\n", b" ") + b"\ndata: " + data + b"\n\n"
    streamed = stream(3, body)
    headers = (("content-type", "text/event-stream"), *(((text[:9000], text[:9000]),) * 60))
    streamed = replace(
        streamed, exchange=replace(streamed.exchange, headers=headers, end=End(Ending.RESET, None, text))
    )
    plain = replace(record(1), exchange=replace(record(1).exchange, chunks=(Chunk(0.1, data),)))
    names = list(terms().catalogue.requirements)
    where = Where(3, text[:999], 0, 9, text[:99])
    rows = [result(name, Verdict.FAILED, broken(name, text, text, where)) for name in names[:150]]
    rest = [result(name, Verdict.INCONCLUSIVE, reason=text) for name in names[150:]]
    notes = {name: (note(name, text, text, Where(1, text)),) for name in names}
    return graded([*rows, *rest], [plain, streamed], under=replace(terms(), model=text), notes=notes)
