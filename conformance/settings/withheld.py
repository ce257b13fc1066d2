"""Words about wrong usage repeat what was given, which may be a credential in the wrong place."""

import os
import re
import sys

#: How the names of environment variables look that hold credentials.
_CREDENTIAL = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)

_NAMING = ("CONFORMANCE_API_KEY_ENV", "CONFORMANCE_RESTRICTED_KEY_ENV")


def withheld(text: str) -> str:
    """The text without the values of variables of this process that are named like credentials, or that its command
    line or another variable names as those that hold one.

    Which of them a run would use is not known here: it may be just that which could not be read.
    """
    from conformance.probing.redaction import Redactor, Secret  # where nothing is wrong it is not needed

    named = {part for word in sys.argv for part in word.split("=")} | {os.environ.get(name) for name in _NAMING}
    held = [Secret("KEY", value) for name, value in os.environ.items() if name in named or _CREDENTIAL.search(name)]
    return Redactor(held).text(text)
