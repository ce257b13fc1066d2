"""Words about wrong usage repeat what was given, which may be a credential in the wrong place."""

import os
import re

#: How the names of environment variables look that hold credentials.
_CREDENTIAL = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)


def withheld(text: str) -> str:
    """The text without the values of variables of this process that are named like credentials.

    Which of them a run would use is not known here: it may be just that which could not be read.
    """
    from conformance.probing.redaction import Redactor, Secret  # where nothing is wrong it is not needed

    held = [Secret("KEY", value) for name, value in os.environ.items() if _CREDENTIAL.search(name)]
    return Redactor(held).text(text)
