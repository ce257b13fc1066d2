"""Words to say: numbers in words, the alphabet, capitals, and a story of any length."""

import re
from itertools import cycle, islice

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_VALUES = {word: value for value, word in enumerate(_SMALL)} | {
    word: value for value, word in zip(range(20, 100, 10), _TENS, strict=True)
}
_SCALES = {"hundred": 100, "thousand": 1000}
NUMBER_WORDS = (*_VALUES, *_SCALES)

ALPHABET = " ".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

CAPITALS = {
    "france": "Paris",
    "germany": "Berlin",
    "italy": "Rome",
    "spain": "Madrid",
    "japan": "Tokyo",
    "china": "Beijing",
    "england": "London",
    "russia": "Moscow",
    "norway": "Oslo",
}

_STORY = [
    "Once",
    "upon",
    "a",
    "time",
    "a",
    "small",
    "lamp",
    "stood",
    "in",
    "the",
    "window",
    "of",
    "a",
    "harbour",
    "house.",
    "Every",
    "evening",
    "the",
    "keeper",
    "trimmed",
    "its",
    "wick",
    "and",
    "told",
    "it",
    "about",
    "the",
    "ships",
    "that",
    "had",
    "come",
    "home.",
    "One",
    "night",
    "the",
    "wind",
    "took",
    "the",
    "roof",
    "of",
    "the",
    "old",
    "mill",
    "and",
    "the",
    "rain",
    "fell",
    "on",
    "every",
    "field.",
    "The",
    "keeper",
    "carried",
    "the",
    "lamp",
    "down",
    "to",
    "the",
    "water",
    "and",
    "held",
    "it",
    "high",
    "above",
    "the",
    "stones.",
    "Far",
    "out",
    "a",
    "fisher",
    "saw",
    "the",
    "light",
    "and",
    "turned",
    "her",
    "boat",
    "towards",
    "it.",
    "She",
    "brought",
    "bread",
    "for",
    "the",
    "keeper",
    "and",
    "a",
    "new",
    "ribbon",
    "for",
    "the",
    "lamp.",
    "After",
    "that",
    "the",
    "two",
    "of",
    "them",
    "walked",
    "the",
    "shore",
    "together",
    "whenever",
    "the",
    "moon",
    "was",
    "thin.",
]

GARDENS = (
    "Gardens are a quiet joy. A good garden begins with patient soil, a little shade and someone who waters it. "
    "Roses like the morning sun, ferns prefer the wall, and beans will climb whatever they are given. In autumn the "
    "leaves become next year's earth, and in spring everything green starts over again."
)


def story(length: int) -> str:
    """A story of `length` words."""
    return " ".join(islice(cycle(_STORY), max(1, length)))


def in_words(number: int) -> str:
    """A number from 0 to 999999 in English words."""
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, rest = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_SMALL[rest]}" if rest else "")
    unit, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    head, rest = divmod(number, unit)
    return f"{in_words(head)} {name}" + (f" {in_words(rest)}" if rest else "")


def to_number(text: str) -> int | None:
    """The number a text gives in digits or in English words, or None."""
    if re.fullmatch(r"\d{1,6}", text.strip()):
        return int(text)
    parts = [part for part in re.split(r"[\s-]+", text.lower().strip()) if part != "and"]
    if not parts or not all(part in _VALUES or part in _SCALES for part in parts):
        return None
    total = current = 0
    for part in parts:
        if part == "thousand":
            total, current = total + max(1, current) * 1000, 0
        else:
            current = max(1, current) * 100 if part == "hundred" else current + _VALUES[part]
    return total + current
