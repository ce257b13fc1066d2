"""What fits on the page: pieces of markup in the order of their rank, until the room is used up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """Markup that belongs to a requirement and is made only when there is room. The lowest rank comes first."""

    owner: str
    rank: int
    make: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The markup of each requirement in the order of its pieces, and how many pieces were left out."""

    markup: Mapping[str, tuple[str, ...]]
    left: Mapping[str, int]


def fitted(pieces: Iterable[Piece], room: int) -> Fitted:
    """The pieces that fit into so many bytes. The first one that does not fit ends it, so that nothing is shown whose
    heading, a piece of lower rank, is not."""
    pieces = tuple(pieces)
    made: dict[int, str] = {}
    for number in sorted(range(len(pieces)), key=lambda number: pieces[number].rank):
        markup = pieces[number].make()
        room -= len(markup.encode())
        if room < 0:
            break
        made[number] = markup
    markup_of: dict[str, list[str]] = {}
    left: dict[str, int] = {}
    for number, piece in enumerate(pieces):
        if number in made:
            markup_of.setdefault(piece.owner, []).append(made[number])
        else:
            left[piece.owner] = left.get(piece.owner, 0) + 1
    return Fitted({owner: tuple(rows) for owner, rows in markup_of.items()}, left)
