"""What a target sent, made fit for a terminal or an XML file."""

import re

LONGEST = 400  #: characters of one value shown to a reader
_COMMAND = re.compile(r"##(?=\w*\[)")  #: how a command to a CI service begins wherever in a line it stands
_ILLEGAL_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str, limit: int = LONGEST) -> str:
    """One line of printable characters: everything else (controls, escapes, bidirectional overrides, separators,
    lone surrogates) becomes a visible escape such as `\\x1b`, and so does what a CI service would take for a command
    inside a line, such as `##[group]`; cut in the middle when longer than `limit`."""
    if len(text) > limit:
        half = limit // 2
        text = f"{text[:half]}…({len(text) - 2 * half} characters left out)…{text[-half:]}"
    shown = "".join(char if char.isprintable() else _escaped(char) for char in text)
    return _COMMAND.sub(r"#\\x23", shown)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def xml_safe(text: str) -> str:
    """The text without the characters that XML 1.0 cannot hold (section 2.2)."""
    return _ILLEGAL_XML.sub("", text)
