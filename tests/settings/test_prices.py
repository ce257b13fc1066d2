"""The file of prices: patterns in order, and one sentence for whatever cannot be used."""

from pathlib import Path
from typing import Any

import pytest

from conformance.evidence.spent import Price
from conformance.settings.prices import read_prices
from conformance.settings.resolve import UsageError, resolve

GOOD = """
currency: EUR
models:
  small-*: {input: 1, output: 5, cache_read: 0.1}
  "*": {input: 3, output: 15}
"""


def _file(folder: Path, text: str) -> Path:
    file = folder / "prices.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_first_pattern_that_matches_counts(tmp_path: Path) -> None:
    prices = read_prices(_file(tmp_path, GOOD))
    assert prices is not None
    assert prices.of("small-1") == Price("EUR", 1, 5, 0.1)
    assert prices.of("other") == Price("EUR", 3, 15) and prices.has("other")
    assert read_prices(None) is None


def test_json_will_do(tmp_path: Path) -> None:
    prices = read_prices(_file(tmp_path, '{"currency": "USD", "models": {"m-1": {"input": 0, "output": 2.5}}}'))
    assert prices is not None and prices.of("m-1") == Price("USD", 0, 2.5)
    assert not prices.has("M-1")
    with pytest.raises(UsageError, match="has no price for the model 'M-1'; add it, or a pattern"):
        prices.of("M-1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "\x00",
        "currency: USD",
        "currency: USD\nmodels: {}",
        "currency: USD\nmodels: []",
        "currency: 5\nmodels: {m: {input: 1, output: 2}}",
        "currency: USD\nmodels: {5: {input: 1, output: 2}}",
        "currency: USD\nmodels: {m: {input: 1}}",
        "currency: USD\nmodels: {m: {input: -1, output: 2}}",
        "currency: USD\nmodels: {m: {input: .nan, output: 2}}",
        "currency: USD\nmodels: {m: {input: .inf, output: 2}}",
        "currency: USD\nmodels: {m: {input: true, output: 2}}",
        'currency: USD\nmodels: {m: {input: "1", output: 2}}',
        "currency: USD\nmodels: {m: {input: 1, output: 2, per: 1000}}",
        "currency: USD\nmodels: {m: {input: 1, output: 2}}\nmore: 1",
        f"currency: USD\nmodels: {{m: {{input: 1{'0' * 400}, output: 2}}}}",
    ],
)
def test_what_is_no_price_file_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"^--prices .*write `currency: USD` and `models:") as told:
        read_prices(_file(tmp_path, text))
    assert "\n" not in str(told.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read --prices .*; name a YAML or JSON file"):
        read_prices(tmp_path)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"max-cost": 1.0}, "--max-cost needs --prices FILE"),
        ({"max-output-tokens": 0}, "--max-output-tokens must be at least 1"),
        ({"max-seconds": 0.0}, "--max-seconds must be at least 0.001"),
        ({"max-seconds": float("nan")}, "--max-seconds must be at least 0.001"),
        ({"rate": 0.0}, "--rate must be at least 0.001"),
        ({"rate": -1.0}, "--rate must be at least 0.001"),
    ],
)
def test_a_cap_that_means_nothing_is_wrong_usage(tmp_path: Path, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        resolve(given, tmp_path, {})
