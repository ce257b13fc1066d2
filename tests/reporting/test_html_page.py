"""The page is one file that holds nothing of anybody else's, and is the same for the same run."""

from pathlib import Path

from conformance.proof.runs import judged
from conformance.reporting.html import page


def test_the_page_is_self_contained_and_the_same_every_time(tmp_path: Path) -> None:
    closing = judged("myrouter", tmp_path, "role-foreign", only=("RESP-003", "STRM-001"))
    found = page(closing.graded, closing.facts)
    assert found == page(closing.graded, closing.facts) and len(found) < 2_000_000
    text = found.decode("utf-8")
    assert "RESP-003" in text and "<svg" in text and "default-src &#x27;none&#x27;" in text.replace("'", "&#x27;")
    assert "unsafe-inline" not in text and ' src="http' not in text and "<link" not in text
