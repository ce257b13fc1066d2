"""The table of options spells some names anew, so as to be quick to import: here they are held to where they belong."""

from conformance.probing.operator import COSTLY
from conformance.settings.options import BY_NAME


def test_the_costly_probes_are_those_that_can_be_included() -> None:
    option = BY_NAME["include"]
    assert option.choices == COSTLY
    assert option.help.endswith(f": {', '.join(COSTLY)}")
