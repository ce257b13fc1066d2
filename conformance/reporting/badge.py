"""A badge, as JSON for the endpoint of shields.io and as SVG. It names what it speaks of: a catalogue and a day."""

from typing import Any
from xml.etree import ElementTree as ET

from conformance.reporting.clean import clean, xml_safe
from conformance.reporting.facts import EMBEDDED, Facts
from conformance.reporting.sentence import verdict_sentence
from conformance.reporting.times import date
from conformance.verdicts.exits import Exit
from conformance.verdicts.graded import Graded

LONGEST = 160  #: characters of the sentence
_GREEN, _YELLOW, _RED, _GREY = "#2e7d32", "#8a6100", "#b3261e", "#5f6368"
_CHARACTER, _MARGIN, _HEIGHT = 6.7, 8, 22  #: pixels; a letter of Verdana at 11 pixels is hardly wider


def label(graded: Graded) -> str:
    """The left half: what was tested under which profile."""
    return f"Messages API, profile {graded.run.terms.profile.name}"


def message(graded: Graded, facts: Facts) -> str:
    """The right half: the verdict, the catalogue's version and the day of the run."""
    where = f"{EMBEDDED}, " if facts.embedded else ""
    about = f"{where}catalogue {graded.run.terms.catalogue.version}, {date(facts.started)}"
    return f"{clean(verdict_sentence(graded, facts), LONGEST)}; {about}"


def colour(graded: Graded, facts: Facts) -> str:
    """Green for the whole contract alone, red for a violation that fails the run, grey where there is no verdict."""
    if facts.exit is Exit.VIOLATION:
        return _RED
    if facts.exit is not Exit.CONFORMS:
        return _GREY
    return _GREEN if verdict_sentence(graded, facts).startswith("conforms to ") else _YELLOW


def endpoint(graded: Graded, facts: Facts) -> dict[str, Any]:
    """The JSON that shields.io reads (its schemaVersion 1)."""
    return {
        "schemaVersion": 1,
        "label": label(graded),
        "message": message(graded, facts),
        "color": colour(graded, facts),
        "isError": facts.exit is not Exit.CONFORMS,
    }


def svg(graded: Graded, facts: Facts) -> bytes:
    """The same as a picture, which loads nothing and runs nothing."""
    left, right = label(graded), message(graded, facts)
    split = _width(left)
    whole = split + _width(right)
    size = {"width": str(whole), "height": str(_HEIGHT)}
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size, "role": "img"})
    ET.SubElement(root, "title").text = xml_safe(f"{left}: {right}")
    ET.SubElement(root, "rect", {"width": str(split), "height": str(_HEIGHT), "fill": "#3c4043"})
    box = {"x": str(split), "width": str(whole - split), "height": str(_HEIGHT), "fill": colour(graded, facts)}
    ET.SubElement(root, "rect", box)
    group = ET.SubElement(root, "g", {"fill": "#fff", "font-family": "Verdana,sans-serif", "font-size": "11"})
    for text, start, width in ((left, 0, split), (right, split, whole - split)):
        _text(group, text, start, width)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _width(text: str) -> int:
    return round(len(text) * _CHARACTER) + 2 * _MARGIN


def _text(parent: ET.Element, text: str, start: int, width: int) -> None:
    """One half's text, stretched to its place so that no font makes it overflow."""
    place = {"x": str(start + _MARGIN), "y": "15", "textLength": str(width - 2 * _MARGIN)}
    ET.SubElement(parent, "text", {**place, "lengthAdjust": "spacingAndGlyphs"}).text = xml_safe(text)
