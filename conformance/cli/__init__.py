"""The `conformance` command: thin, everything it does is done elsewhere.

A new command is a row of `COMMANDS`: its name, the module that holds a click command under that name, and what it is
for in at most 60 characters, as `conformance --help` shows it. No module of a command is imported here, so that help
comes at once and a command pays for itself alone.
"""

import click

from conformance.cli.usage import Group

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("conformance.cli.run", "test an endpoint, or the embedded one"),
    "load": ("conformance.cli.load", "have more and more conversations at once, and judge each"),
    "clients": ("conformance.cli.clients", "let real clients talk to an endpoint, and see which work"),
    "proxy": ("conformance.cli.proxy", "sit between any client and an endpoint, and judge it all"),
    "estimate": ("conformance.cli.estimate", "say what a run would send, and what it would cost"),
    "doctor": ("conformance.cli.doctor", "ask an endpoint what it offers, and propose a configuration"),
    "requirements": ("conformance.cli.show", "print the catalogue, or one entry in full"),
    "grade": ("conformance.cli.grade", "grade the journal of a run with the rules of today"),
    "merge": ("conformance.cli.merge", "join the journals of the shares of a run"),
    "compare": ("conformance.cli.compare", "set runs beside each other"),
    "baseline": ("conformance.cli.baseline", "accept known violations until a date"),
    "history": ("conformance.cli.history", "say what changed since the last run of each target"),
    "certify": ("conformance.cli.certify", "test an endpoint, and sign what came of it"),
    "verify": ("conformance.cli.certify", "check a certificate offline"),
    "registry": ("conformance.cli.registry", "make a page of certificates, each of them checked"),
    "serve": ("conformance.cli.serve", "serve the reference endpoint"),
    "prove": ("conformance.cli.prove", "prove the harness on the faults of the reference endpoint"),
    "corpus": ("conformance.cli.corpus", "draw the frozen corpus of generated cases anew"),
}
#: Those whose product is what they print, whatever else says how they ended; None for the help and the version.
PRINTING = frozenset({"estimate", "doctor", "requirements", "compare", "history", "serve", None})


@click.group(cls=Group, rows=COMMANDS, printing=PRINTING, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="messages-conformance", prog_name="conformance")
def main() -> None:
    """Say clause by clause whether a server keeps the contract of the Messages API, and prove it."""
