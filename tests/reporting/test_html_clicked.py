"""Search, menus and copy button of the HTML report, used in a browser where one is installed."""

import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from html_runs import SAMPLES, VIOLATED, hostile, read
from test_html_browser import rendered

from conformance.reporting.html import page

#: What a person does (but for the clipboard itself, which a browser opens to hands alone), and what is to be seen
#: after each step. It writes into the page what a reader would see.
DRIVER = r"""
"use strict";
(function () {
  var told = {errors: [], steps: {}};
  addEventListener("error", function (event) { told.errors.push(event.message); });
  addEventListener("securitypolicyviolation", function (event) { told.errors.push(event.violatedDirective); });
  var byId = function (id) { return document.getElementById(id); };
  var shown = function () {
    return Array.prototype.filter.call(document.querySelectorAll("article"), function (row) {
      return row.getClientRects().length > 0;
    }).map(function (row) { return [row.id, row.dataset.verdict, row.dataset.area, row.dataset.level]; });
  };
  var step = function (name) {
    var bright = document.querySelectorAll(".strip a:not(.dim)").length;
    told.steps[name] = {rows: shown(), said: byId("found").textContent, bright: bright};
  };
  var put = function (id, value, kind) {
    byId(id).value = value;
    byId(id).dispatchEvent(new Event(kind, {bubbles: true}));
  };
  step("opened");
  put("words", "resp-003", "input"); step("searched");
  put("words", "no such words anywhere", "input"); step("nothing");
  put("words", "", "input"); step("emptied");
  ["verdict", "area", "level"].forEach(function (id) {
    Array.prototype.forEach.call(byId(id).options, function (option) {
      put(id, option.value, "change"); step(id + "=" + option.value);
    });
    put(id, "", "change");
  });
  put("verdict", "passed", "change"); put("words", "no such words", "input");
  location.hash = "#RESP-003";
  dispatchEvent(new Event("hashchange"));
  step("revealed");
  var button = document.querySelector(".copy");
  var code = button.parentNode.querySelector("code").textContent;
  var taken = [];
  var clipboard = {writeText: function (text) { taken.push(text); return Promise.resolve(); }};
  Object.defineProperty(navigator, "clipboard", {value: clipboard, configurable: true});
  button.click();
  Promise.resolve().then(function () { return null; }).then(function () {
    told.copied = {said: button.textContent, wanted: code, taken: taken};
    byId("found").textContent = JSON.stringify(told);
  });
})();
"""


def driven(folder: Path) -> dict[str, Any] | None:
    """What the driver saw; the page's policy is widened by the digest of the driver alone."""
    data = page(hostile(SAMPLES["script"]), VIOLATED)
    digest = b64encode(sha256(DRIVER.encode()).digest())
    widened = data.replace(b"script-src '", b"script-src 'sha256-" + digest + b"' '", 1)
    dom = rendered(widened.replace(b"</body>", f"<script>{DRIVER}</script></body>".encode(), 1), folder)
    if dom is None:
        assert data.count(b"<select") == 3 and b'class="copy"' in data
        return None
    told: dict[str, Any] = json.loads(read(dom).all(id="found")[0].text)
    return told


def test_search_menus_and_copy_button_do_what_they_say(tmp_path: Path) -> None:
    told = driven(tmp_path)
    if told is None:  # there is no browser: that the page has them is all that can be seen
        return
    steps, everything = told["steps"], told["steps"]["opened"]["rows"]
    assert told["errors"] == [] and len(everything) > 100
    assert "RESP-003" in [row[0] for row in steps["searched"]["rows"]] and len(steps["searched"]["rows"]) < 20
    assert steps["nothing"]["rows"] == [] and steps["emptied"]["rows"] == everything
    assert {"verdict=failed", "area=RESP", "level=MUST"} <= steps.keys()
    for name, step in steps.items():
        assert step["said"] == f"{len(step['rows'])} of {len(everything)} requirements shown", name
        assert step["bright"] == len(step["rows"]), name
        kind, is_menu, value = name.partition("=")
        if is_menu:
            column = ("verdict", "area", "level").index(kind) + 1
            assert step["rows"] == [row for row in everything if value in ("", row[column])], name
    assert steps["revealed"]["rows"] == everything
    assert told["copied"]["said"] == "Copied" and told["copied"]["wanted"].startswith("curl ")
    assert told["copied"]["taken"] == [told["copied"]["wanted"]]
