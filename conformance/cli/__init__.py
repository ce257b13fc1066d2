"""The `conformance` command: thin, everything it does is done elsewhere."""

import click

from conformance.cli.baseline import baseline
from conformance.cli.certify import certify, verify
from conformance.cli.compare import compare
from conformance.cli.corpus import corpus
from conformance.cli.doctor import doctor
from conformance.cli.estimate import estimate
from conformance.cli.grade import grade
from conformance.cli.history import history
from conformance.cli.prove import prove
from conformance.cli.run import run
from conformance.cli.serve import serve
from conformance.cli.show import requirements
from conformance.cli.usage import Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="messages-conformance", prog_name="conformance")
def main() -> None:
    """Say clause by clause whether a server keeps the contract of the Messages API, and prove it."""


main.add_command(run)
main.add_command(estimate)
main.add_command(baseline)
main.add_command(history)
main.add_command(compare)
main.add_command(requirements)
main.add_command(serve)
main.add_command(corpus)
main.add_command(doctor)
main.add_command(prove)
main.add_command(grade)
main.add_command(certify)
main.add_command(verify)
