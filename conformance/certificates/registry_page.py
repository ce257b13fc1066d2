"""A registry of certificates as one self-contained HTML page without scripts. Template:
`reports/templates/registry.html`."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from string import Template
from urllib.parse import quote

from conformance._paths import TEMPLATES
from conformance.certificates.registry import Entry
from conformance.certificates.statement import CERTIFICATE, JOURNAL, REPORT
from conformance.certificates.verify import Verified
from conformance.reporting.facts import EMBEDDED
from conformance.reporting.html.markup import element, listed, policy_of, terms, text

_NAMED = 20  #: requirements named in one place
_LONGEST = 1000  #: characters of one sentence


@cache
def _template() -> Template:
    return Template((TEMPLATES / "registry.html").read_text(encoding="utf-8"))


def registry_page(found: Sequence[Entry], when: str, keys: Mapping[str, str], linked: bool = False) -> bytes:
    """The page. `when` is the time of the checks, `keys` maps ids of keys to the names that the reader knows them by;
    `linked` is whether the subfolders lie beside the page."""
    accepted = [entry for entry in found if entry.verified]
    refused = [entry for entry in found if not entry.verified]
    told = _template().substitute(
        policy=policy_of(_template()),
        when=text(when),
        count=f"{len(accepted)} accepted, {len(refused)} refused",
        accepted="".join(_accepted(entry, entry.verified, keys, linked) for entry in accepted if entry.verified)
        or "<p>No certificate was accepted.</p>",
        refused="".join(map(_refused, refused)) or "<p>None was refused.</p>",
    )
    return told.encode()


def _accepted(entry: Entry, verified: Verified, keys: Mapping[str, str], linked: bool) -> str:
    said = verified.said
    who = EMBEDDED if said["embedded"] else said["target"]
    tiers = " ".join(element("span", text(tier), class_="badge passed") for tier in said["tiers"])
    head = f"<h3>{text(who)}</h3><p>{tiers} of {text(said['profile'])} at level {text(said['level'])}</p>"
    facts = terms(_facts(entry, verified, keys), class_="facts")
    return element("article", f"{head}{facts}{_links(entry) if linked else ''}", class_="passed")


def _facts(entry: Entry, verified: Verified, keys: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    said = verified.said
    yield "signed by", text(f"{keys.get(entry.key, '')} {entry.key}".strip())
    yield "run of", text(said["started"])
    yield "valid until", text(said["expires"])
    yield "catalogue", text(f"version {said['catalogue']}")
    yield "harness", text(said["harness"])
    yield "model", text(said["model"])
    yield "challenge", text(said["challenge"] or "")
    yield "not certified", listed(text(f"{tier}: {why}", _LONGEST) for tier, why in said["not_certified"].items())
    yield "without a verdict", text(_some(said["not_tested"]), _LONGEST)
    yield "today's rules", text(_today(verified), _LONGEST)
    yield "folder", text(entry.name)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _today(verified: Verified) -> str:
    """What today's rules make of the evidence."""
    if verified.same_rules:
        return "those of the certificate: they give the same report"
    rows = [f"{name} {then} then, {now} today" for name, (then, now) in verified.differing.items()]
    return f"others than those of the certificate: {_some(rows) or 'they give every requirement the same verdict'}"


def _links(entry: Entry) -> str:
    names = (CERTIFICATE, REPORT, JOURNAL)
    links = (element("a", text(name), href=f"./{quote(entry.name, safe='')}/{name}") for name in names)
    return f'<p class="small">{" · ".join(links)}</p>'


def _refused(entry: Entry) -> str:
    about = f'<p class="small">it is about {text(entry.claimed)}</p>' if entry.claimed else ""
    return element(
        "article", f"<h3>{text(entry.name)}</h3><p>{text(entry.refusal, _LONGEST)}</p>{about}", class_="failed"
    )
