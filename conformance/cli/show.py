"""`conformance requirements`."""

import click


@click.command()
@click.argument("pattern", default="*")
def requirements(pattern: str) -> None:
    """Print the requirements whose id matches PATTERN, such as STRM-014 or 'REQ-*': one in full, many a line each."""
    from conformance.contract import load_catalogue
    from conformance.reporting import entry_text

    found = load_catalogue().select([pattern.upper()])
    if not found:
        raise click.UsageError(f"no requirement matches {pattern!r}; the ids look like STRM-014") from None
    if len(found) == 1:
        click.echo(entry_text(found[0]))
        return
    for requirement in found:
        levels = "  ".join(f"{name} {level.value:6}" for name, level in requirement.levels.items())
        click.echo(f"{requirement.id:10}{levels}  {requirement.statement}")
