"""The HTML report in a browser, where one is installed; what it is made of, where none is."""

import os
import shutil
import subprocess
from pathlib import Path

from html_runs import SAMPLES, VIOLATED, hostile, read

from conformance.reporting.html import page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ATTACK = b"<script>document.documentElement.dataset.foreign='yes'</script>"
HOSTILE = "".join(text for kind, text in SAMPLES.items() if kind != "large")


def rendered(data: bytes, folder: Path) -> bytes | None:
    """The document as the browser has it once scripts have run; None where there is no browser."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return None
    (folder / "report.html").write_bytes(data)
    switches = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}", "--dump-dom")
    command = [browser, *switches, (folder / "report.html").as_uri()]
    with (folder / "dom").open("wb") as out:
        environment = {**os.environ, "HOME": str(folder)}
        subprocess.run(command, stdout=out, stderr=subprocess.DEVNULL, env=environment, timeout=50, check=True)
    return (folder / "dom").read_bytes()


def test_only_our_script_runs(tmp_path: Path) -> None:
    data = page(hostile(HOSTILE), VIOLATED)
    dom = rendered(data, tmp_path)
    root = read(dom or data)
    (html,) = root.all("html")
    assert "data-foreign" not in html.attributes
    assert root.all("img") == [] and len(root.all("script")) == len(root.all("style")) == 1
    assert html.attributes.get("data-ready") == ("yes" if dom else None)
    assert ("hidden" in root.all(id="filter")[0].attributes) == (dom is None)
    count = len(root.all("article"))
    assert root.all(id="found")[0].text == (f"{count} of {count} requirements shown" if dom else "")


def test_the_policy_stops_a_script_that_got_in(tmp_path: Path) -> None:
    """Were escaping to fail, the policy would still hold: a script put into the page by hand does not run."""
    data = page(hostile("plain"), VIOLATED).replace(b"<main>", b"<main>" + ATTACK)
    dom = rendered(data, tmp_path)
    (html,) = read(dom or data).all("html")
    assert data.count(b"<script>") == 2 and b"script-src 'sha256-" in data and b"unsafe-" not in data
    assert "data-foreign" not in html.attributes
    assert html.attributes.get("data-ready") == ("yes" if dom else None)


def test_without_the_policy_that_script_would_run(tmp_path: Path) -> None:
    """What the tests above look for can be seen: they are able to fail."""
    data = page(hostile("plain"), VIOLATED).replace(b"<main>", b"<main>" + ATTACK)
    head, _, rest = data.partition(b'<meta http-equiv="Content-Security-Policy"')
    dom = rendered(head + rest.partition(b">")[2], tmp_path)
    assert ATTACK in data and b"Content-Security-Policy" not in head
    assert dom is None or read(dom).all("html")[0].attributes["data-foreign"] == "yes"
