"""YAML, or JSON, that somebody wrote for us: read so that no document can hang or end a run."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

LONGEST = 10_000_000  #: bytes of a file
MOST = 100_000  #: values of a document with aliases, each alias counted as all that it stands for
LARGEST = 10**300  #: what a larger number is cannot be said, nor calculated with


def text_of(file: Path, most: int = LONGEST) -> str:
    """The text of a file in UTF-8, without a mark at its beginning. Raises OSError, and ValueError with what is wrong;
    no more is read than a file of its kind can hold."""
    with file.open("rb") as opened:
        data = opened.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it is larger than {most} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None


def parsed(text: str) -> Any:
    """The document in a text. Raises ValueError with what is wrong, in one line."""
    try:
        return yaml.load(text, Loader=_Loader)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(" ".join(str(error).split())) from None


class _Loader(yaml.SafeLoader):
    """Refuses a mapping that has a key twice, of which YAML's own loader would take the last without a word; what
    contains itself; and aliases that stand for more than anybody writes."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._count = 0
        self._sizes: dict[int, int] = {}  #: of what was read to its end

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """The next value; ComposerError for an alias that cannot be followed to an end."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call, unused-ignore]
        before, is_alias = self._count, isinstance(event, yaml.AliasEvent)
        node = super().compose_node(parent, index)
        if not is_alias:
            self._count += 1
            self._sizes[id(node)] = self._count - before
            return node
        self._count += self._sizes.get(id(node), MOST)
        if self._count > MOST:
            problem = f"the alias {event.anchor!r} stands for itself, or for more than can be read; write it out"
            raise yaml.composer.ComposerError(None, None, problem, event.start_mark)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """The mapping; ConstructorError for a repeated key."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key.value, str) and key.value in seen:
                problem = f"{_shown(key.value)} occurs twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    value: int = loader.construct_yaml_int(node)
    if abs(value) > LARGEST:
        raise ValueError("it holds a number beyond all measure")
    return value


_Loader.add_constructor("tag:yaml.org,2002:int", _whole)


def _shown(key: str, most: int = 60) -> str:
    text = repr(key)
    return text if len(text) <= most else f"{text[:most]}…"
