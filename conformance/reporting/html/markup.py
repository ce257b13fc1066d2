"""Markup from text that may be anything. What is not ours passes through `text`, or `lines` where lines are kept."""

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from html import escape
from string import Template

from conformance._paths import TEMPLATES
from conformance.reporting.clean import LONGEST, clean

_BLOCK = {name: re.compile(f"<{name}>(.*?)</{name}>", re.DOTALL) for name in ("style", "script")}


def text(value: object, limit: int = LONGEST) -> str:
    """Any value as cleaned text, at most about `limit` characters of it, safe in content and in quoted attributes."""
    return escape(clean(str(value), limit))


def lines(value: bytes) -> str:
    """Bytes as text with its line ends; whatever else does not print becomes a visible escape. The caller cuts."""
    told = value.decode("utf-8", "backslashreplace").split("\n")
    return escape("\n".join(clean(line, len(line) + 1) for line in told))


def element(name: str, content: str = "", **attributes: object) -> str:
    """One element with markup inside. An underscore in an attribute's name is a dash, one at its end is dropped;
    True is an attribute without a value, and None, False and "" are left out. Values are cleaned and escaped."""
    told = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False, ""))
    return f"<{name}{told}>{content}</{name}>"


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(value)}"'


def listed(items: Iterable[str], **attributes: object) -> str:
    """A list of markup, or "" when there is nothing to list."""
    inside = "".join(f"<li>{item}</li>" for item in items)
    return element("ul", inside, **attributes) if inside else ""


def terms(rows: Iterable[tuple[str, str]], **attributes: object) -> str:
    """Names with their values (markup) as a description list; empty values are left out."""
    inside = "".join(f"<div><dt>{text(name)}</dt><dd>{value}</dd></div>" for name, value in rows if value)
    return element("dl", inside, **attributes) if inside else ""


@cache
def template() -> Template:
    """The page around everything, `reports/templates/report.html`. Its blocks of style and script hold no `$`."""
    return Template((TEMPLATES / "report.html").read_text(encoding="utf-8"))


@cache
def policy() -> str:
    """The policy of the report page."""
    return policy_of(template())


def policy_of(page: Template) -> str:
    """The Content-Security-Policy: nothing but the template's own blocks, named by hash (CSP level 3, section 2.3)."""
    style, script = (_digest(block, page.template) or "'none'" for block in _BLOCK.values())
    return f"default-src 'none'; style-src {style}; script-src {script}; form-action 'none'; base-uri 'none'"


def _digest(block: re.Pattern[str], source: str) -> str:
    found = block.findall(source)
    return " ".join(f"'sha256-{b64encode(sha256(each.encode()).digest()).decode('ascii')}'" for each in found)
