"""Paper that is printed on already: what would not show on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from certgen.artwork import contrast
from certgen.compose import Matter
from certgen.compose.desk import TextSlot
from certgen.errors import ExitCode, Problem
from certgen.page import Colour, Document, Element, Mark, Text

_PAPER: Colour = (1.0, 1.0, 1.0)
_SEEN = 1.6  # contrast to paper, below which a text is one that was meant for a dark ground
_TOLD = 3  # texts that are named


def pale(document: Document, matter: Matter) -> tuple[str, ...]:
    """Texts that are printed in white or nearly so, an ink that no printer has: fixed ones as they are, a recipient's
    by their boxes."""
    found: list[str] = []
    for page in document.pages:
        found += _texts(page.art)
    for element in document.root:
        for mark in _marks(element):
            found += _texts(mark.draws)
    for slot in matter.slots:
        if isinstance(slot, TextSlot) and any(_unseen(colour) for _, colour in slot.styles):
            found.append(f"box {slot.box}")
    return tuple(dict.fromkeys(found))


def told(texts: Iterable[str]) -> Problem | None:
    """The warning for what :func:`pale` found."""
    lost = list(dict.fromkeys(texts))
    if not lost:
        return None
    named = "”, “".join(lost[:_TOLD]) + "”" + (f" and {len(lost) - _TOLD} more" if len(lost) > _TOLD else "")
    return Problem(
        code="white-on-paper",
        message=f"Text in white, or nearly so, cannot be printed on a dark ground that the paper carries: “{named}.",
        hint="Such paper suits layouts whose text is dark. For this one leave --preprinted out and take plain paper.",
        severity="warning",
        exit_code=ExitCode.USAGE,
    )


def _texts(draws: Iterable[object]) -> list[str]:
    texts = (draw for draw in draws if isinstance(draw, Text) and not draw.stationery)
    return [text.line.text for text in texts if _unseen(text.colour)]


def _unseen(colour: Colour) -> bool:
    return contrast(colour, _PAPER) < _SEEN


def _marks(element: Element) -> Iterator[Mark]:
    for kid in element.kids:
        if isinstance(kid, Mark):
            yield kid
        else:
            yield from _marks(kid)
