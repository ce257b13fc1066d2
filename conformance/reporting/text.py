"""Everything that a terminal prints. Nothing that a target sent gets through as it came: see `clean`."""

from collections import Counter
from collections.abc import Iterator

from conformance.evidence.run import Run, Terms
from conformance.reporting.breaches import Breach, Commands, breach, breaches, commands, exchanges, groups
from conformance.reporting.clean import clean
from conformance.reporting.facts import EMBEDDED, Facts, asked_tokens, generated_requests, tokens
from conformance.reporting.sentence import counted, last_line, tiers_line
from conformance.rules.findings import Finding, Kind
from conformance.verdicts.graded import Graded, ItemResult, Judgement, Verdict

_COLUMNS = tuple(Verdict)
_LISTED = 3  #: exchanges named in the text; all of them are in the journal


def first_line(terms: Terms, facts: Facts) -> str:
    """What is about to be tested, known before the first request."""
    parts = (
        f"messages-conformance {facts.harness}: {EMBEDDED if facts.embedded else facts.target}",
        f"profile {terms.profile.name}",
        f"anthropic-version {terms.api_version}",
        f"model {terms.model}",
        f"level {facts.gate.lower()}",
        "" if terms.authenticated else "declared key-less",
    )
    return clean(", ".join(part for part in parts if part))


def summary(graded: Graded, facts: Facts) -> str:
    """The whole report for a terminal, its last line the verdict. Commands stand at the margin, ready to be copied."""
    shown = commands(graded.run, facts)
    parts = (
        table(graded),
        *(breach_text(row, shown) for row in breaches(graded)),
        "\n".join(crash_lines(graded)),
        _notes(graded),
        "\n".join(baseline_lines(facts)),
        f"{requests_line(graded, facts)}\n{tiers_line(graded, facts.gate)}\n{clean(last_line(graded, facts))}",
    )
    return "\n\n".join(part for part in parts if part)


def table(graded: Graded) -> str:
    """How many requirements of each area have which verdict."""
    rows: dict[str, list[Judgement]] = {area: [] for area in graded.run.terms.catalogue.areas()}
    for judgement in graded.judgements.values():
        rows[judgement.requirement.area].append(judgement)
    head = f"{'area':<6}" + "".join(f"  {verdict}" for verdict in _COLUMNS)
    lines = (_row(area, found) for area, found in rows.items() if found)
    return "\n".join((head, *lines, _row("all", list(graded.judgements.values()))))


def _row(name: str, judgements: list[Judgement]) -> str:
    counts = (sum(row.verdict is verdict for row in judgements) for verdict in _COLUMNS)
    return f"{name:<6}" + "".join(f"  {n:>{len(v)}}" for v, n in zip(_COLUMNS, counts, strict=True))


def breach_text(row: Breach, shown: Commands) -> str:
    """One violated requirement: its sentence, the first thing seen, how many exchanges show it, how to see it."""
    kinds = groups(row.findings)
    others = f"and {len(kinds) - 1} more ways in which it was broken" if len(kinds) > 1 else ""
    first = kinds[0].first
    lines = (*_heading(row), *_seen(first), *_shown_by(row.findings), f"  {others}" if others else "")
    return "\n".join(line for line in (*lines, shown.of(first.where.exchange)) if line)


def violation_text(result: ItemResult, run: Run, facts: Facts) -> str:
    """The failure text of one item; "" when nothing was violated."""
    findings = tuple(finding for finding in result.findings if finding.kind is Kind.BROKEN)
    if not findings:
        return ""
    requirement = run.terms.requirement(result.item.requirement)
    row = breach(requirement, requirement.level(run.terms.profile.name), findings, result.scored)
    about = [part for part in (result.item.case, result.item.about) if part]
    case = f"  case      {clean(': '.join(about))}\n" if result.item.active and about else ""
    return case + breach_text(row, commands(run, facts))


def _heading(row: Breach) -> Iterator[str]:
    mark = "" if row.scored else ", not scored"
    yield f"{row.requirement.id}  {row.level}{mark}  {clean(row.requirement.statement)}"
    yield f"  source    {clean(row.requirement.source)}"


def _seen(finding: Finding) -> Iterator[str]:
    rows = (("expected", finding.expected), ("seen", finding.seen), ("where", str(finding.where)))
    return (f"  {name:<8}  {clean(value)}" for name, value in rows if value)


def _shown_by(findings: tuple[Finding, ...]) -> Iterator[str]:
    found = exchanges(findings)
    if found:
        listed = ", ".join(map(str, found[:_LISTED])) + (", …" if len(found) > _LISTED else "")
        yield f"  shown by  {len(found)} exchange{'s' if len(found) > 1 else ''}: {listed}"


def _notes(graded: Graded) -> str:
    noted = {identifier: len(row.notes) for identifier, row in graded.judgements.items() if row.notes}
    if not noted:
        return ""
    each = ", ".join(f"{identifier} {count}" for identifier, count in noted.items())
    return f"{counted(sum(noted.values()), 'note')}, never an alarm: {each}"


def crash_lines(graded: Graded) -> Iterator[str]:
    """Every requirement that a rule failed to judge, with the first exchange that it failed at."""
    crashed = {name: row.crashes[0] for name, row in graded.judgements.items() if row.crashes}
    if crashed:
        yield f"{counted(len(crashed), 'requirement')} not judged for an error in the harness, none of the target's:"
        yield from (clean(f"{name}: {row.seen} ({row.where})".removesuffix(" ()")) for name, row in crashed.items())


def baseline_lines(facts: Facts) -> Iterator[str]:
    """What the baseline made of the run: how much it waives, what fails it, what is only told."""
    found = facts.baseline
    if found is not None:
        yield f"baseline: {counted(found.violated, 'violation')} waived, {len(found.failures)} to be looked at"
        yield from (f"  fails  {clean(line)}" for line in found.failures)
        yield from (f"  told   {clean(line)}" for line in found.remarks)


def limits_told(run: Run) -> str:
    """Which limits of ours cut answers, with how many, or ""."""
    fired = Counter(record.exchange.end.limit for record in run.records)
    told = ", ".join(f"{limit.value} {count}" for limit, count in fired.most_common() if limit is not None)
    return f"cut by our limits: {told}" if told else ""


def requests_line(graded: Graded, facts: Facts) -> str:
    """What the run cost."""
    run = graded.run
    drawn = len(generated_requests(run, facts))
    found = tokens(run)
    output = f"{counted(found.output, 'output token')} as far as reported (max_tokens add up to {asked_tokens(run)})"
    cost = f"{facts.price.of(found):.4f} {facts.price.currency}" if facts.price else ""
    apart = (
        f"{drawn} generated",
        f"{facts.carried} carried over from the run that was resumed" if facts.carried else "",
        f"of {counted(facts.shares, 'share')}" if facts.shares else "",
    )
    requests = f"{counted(len(run.records), 'request')} ({', '.join(part for part in apart if part)})"
    taken = counted(found.input, "input token") if found.input else ""
    parts = (requests, output, taken, clean(cost), limits_told(run))
    return ", ".join(part for part in parts if part)
