"""The blank: a finished certificate with everything on it but the person, and the filling of it.

A blank is plain data. It pickles, so a worker process gets it once; what it needs of the machine
(fonts opened, symbol tables) is made again on first use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from unicodedata import bidirectional

from msgspec import Struct

from certgen.compose.desk import QrSlot, TextSlot, pick, reads_right_to_left, start_of
from certgen.compose.stock import NAMES
from certgen.compose.symbols import Symbol, SymbolMaker
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.fields import Template
from certgen.font import FontBook
from certgen.page import Colour, Document, Draw, Filling, Line, Metadata, Rect, Shape, Text
from certgen.pdf import Plate, engrave
from certgen.text import Fitted, Style, Typesetter, Uncovered, Unfit

Lookup = Callable[[str], object | None]

REPEATS = 64  # distinct texts remembered for each slot: dates and hours repeat, names do not


class Fit(Struct, frozen=True):
    """How a text was fitted into its box, for reports. ``size`` in points; ``faces`` are the keys of the faces it is
    set in, ``usual`` is the one that the layout asks for first; ``name``: it holds the recipient's name."""

    box: str
    text: str
    how: str
    size: float
    lines: int
    faces: tuple[str, ...]
    usual: str
    name: bool


class Filled(NamedTuple):
    """A certificate: the file is ``blank.plate.prefix + tail``; ``digest`` is its SHA-256 in hex."""

    tail: bytes
    digest: str


class Matter:
    """What varies on one kind of certificate (of one layout, language, award and set of optional fields), and the
    setting of it."""

    def __init__(
        self,
        slots: tuple[TextSlot | QrSlot, ...],
        symbols: SymbolMaker,
        book: FontBook,
        language: str,
        issued: date,
        title: Template,
        author: str,
        subject: str,
        keywords: tuple[str, ...],
        typesetter: Typesetter | None = None,
    ) -> None:
        self.slots = slots
        self.symbols = symbols
        self.book = book
        self.language = language
        self.issued = issued
        self.title, self.author, self.subject, self.keywords = title, author, subject, keywords
        self._ready(typesetter or Typesetter(book))

    def _ready(self, typesetter: Typesetter) -> None:
        self._typesetter = typesetter
        self._rtl = reads_right_to_left(self.language)
        kinds = {slot.short for slot in self.slots if isinstance(slot, QrSlot)}
        self._has_symbol, self._has_short = False in kinds, True in kinds
        self._set: dict[str, dict[str, tuple[tuple[Draw, ...], str | None]]] = {slot.name: {} for slot in self.slots}
        self._parts: dict[str, tuple[Template | str, ...]] = {
            slot.name: tuple(part if part.paths else part.render(_nothing, self.language) for part in slot.templates)
            for slot in self.slots
            if isinstance(slot, TextSlot)
        }

    def __getstate__(self) -> dict[str, object]:
        return {key: value for key, value in self.__dict__.items() if not key.startswith("_")}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._ready(Typesetter(self.book))

    def drawn(self, url: str, code_url: str) -> tuple[Symbol | None, Symbol | None]:
        """The QR codes of the signed payload ``url`` and of the code's address; None for those it does not have."""
        return (
            self.symbols.payload(url) if self._has_symbol else None,
            self.symbols.code(code_url) if self._has_short else None,
        )

    def filling(
        self,
        lookup: Lookup,
        *,
        url: str,
        symbols: tuple[Symbol | None, Symbol | None],
        identifier: str,
        attachment: bytes,
        packed: bytes = b"",
    ) -> Filling:
        """Everything of one recipient's, set and placed.

        ``lookup`` gives the recipient's fields; ``url`` is what the QR code says, ``symbols`` what :meth:`drawn` gave;
        ``identifier`` is the credential's code, ``attachment`` the signed credential, ``packed`` the same deflated.
        Raises :class:`CertgenError` with a Problem for every text that cannot be set or does not fit.
        """
        drawn: dict[str, tuple[Draw, ...]] = {}
        languages: dict[str, str] = {}
        problems: list[Problem] = []
        for slot in self.slots:
            if isinstance(slot, QrSlot):
                symbol = symbols[slot.short]
                assert symbol is not None
                module = slot.side / symbol.modules
                matrix = (module, 0.0, 0.0, module, slot.x, slot.y)
                drawn[slot.name] = (Shape(path=symbol.path, fill=slot.colour, matrix=matrix),)
                continue
            text = self._text(slot, lookup)
            known = self._set[slot.name]
            found = known.get(text)
            if found is None:
                try:
                    found = self._place(slot, text)
                except (Uncovered, Unfit) as error:
                    problems.append(_problem(slot, error))
                    continue
                if len(known) < REPEATS:
                    known[text] = found
            drawn[slot.name] = found[0]
            if found[1] is not None:
                languages[slot.name] = found[1]
        if problems:
            raise CertgenError(problems)
        return Filling(
            slots=drawn,
            metadata=Metadata(
                title=self.title.render(lookup, self.language),
                author=self.author,
                subject=self.subject,
                keywords=self.keywords,
                identifier=identifier,
                dated=self.issued,
            ),
            attachment=attachment,
            urls={"url": url},
            languages=languages,
            packed=packed,
        )

    def name_width(self, lookup: Lookup) -> float:
        """How wide the recipient's name would be set if it had all the room, in points; 0 where none is printed.
        Raises :class:`CertgenError` where no face has it."""
        for slot in self.slots:
            if isinstance(slot, TextSlot) and _named(slot):
                text = self._text(slot, lookup)
                style, _ = pick(self._typesetter, slot.styles, text, self.language, slot.direction)
                return self._typesetter.line(text, style, self.language, slot.direction).width
        return 0.0

    def check(self, lookup: Lookup) -> tuple[list[Fit], list[Problem]]:
        """What filling would do to each text, without making a file: how it fits, and what does not."""
        fits: list[Fit] = []
        problems: list[Problem] = []
        for slot in self.slots:
            if isinstance(slot, QrSlot):
                continue
            text = self._text(slot, lookup)
            if not text or text in self._set[slot.name]:
                continue
            try:
                fitted = self._fit(slot, text)[0]
            except (Uncovered, Unfit) as error:
                problems.append(_problem(slot, error))
            else:
                runs = (run.face for line in fitted.lines for run in line.runs)
                faces, style = tuple(dict.fromkeys(runs)), slot.styles[0][0]
                usual = self.book.face(style.family, style.weight, style.italic).key
                fits.append(Fit(slot.box, text, fitted.how, fitted.size, len(fitted.lines), faces, usual, _named(slot)))
        return fits, problems

    def _text(self, slot: TextSlot, lookup: Lookup) -> str:
        parts, language = self._parts[slot.name], self.language
        texts = [part if isinstance(part, str) else part.render(lookup, language) for part in parts]
        return texts[0] if len(texts) == 1 else slot.separator.join([text for text in texts if text])

    def _fit(self, slot: TextSlot, text: str) -> tuple[Fitted, Style, Colour]:
        direction = slot.direction
        if direction == "auto" and self._rtl and any(bidirectional(char) in ("R", "AL") for char in text):
            direction = "rtl"  # "Eng." before an Arabic name must not turn the line around
        style, colour = pick(self._typesetter, slot.styles, text, self.language, direction)
        x0, y0, x1, y1 = slot.frame
        fitted = self._typesetter.fit(
            text, style, x1 - x0, self.language, height=y1 - y0, rule=slot.rule, direction=direction
        )
        return fitted, style, colour

    def _place(self, slot: TextSlot, text: str) -> tuple[tuple[Draw, ...], str | None]:
        if not text:
            return (), self.language
        fitted, style, colour = self._fit(slot, text)
        lines, frame = fitted.lines, slot.frame
        between = self._typesetter.leading(style, lines, fitted.size) if len(lines) > 1 else 0.0
        first = baseline_of(lines, between, frame, slot.baseline)
        draws = tuple(
            Text(line=line, x=start_of(line, frame, slot.set), y=round(first - index * between, 3), colour=colour)
            for index, line in enumerate(lines)
        )
        return draws, language_of(text, self.language) or self.language


class Blank(Matter):
    """One kind of certificate, ready to be filled in."""

    def __init__(self, plate: Plate, matter: Matter) -> None:
        super().__init__(
            matter.slots,
            matter.symbols,
            matter.book,
            matter.language,
            matter.issued,
            matter.title,
            matter.author,
            matter.subject,
            matter.keywords,
            matter._typesetter,
        )
        self.plate = plate

    def fill(
        self, lookup: Lookup, *, url: str, code_url: str, identifier: str, attachment: bytes, packed: bytes = b""
    ) -> Filled:
        """Fill the blank for one recipient: :meth:`drawn`, :meth:`filling`, :meth:`finish`."""
        symbols = self.drawn(url, code_url)
        return self.finish(
            self.filling(lookup, url=url, symbols=symbols, identifier=identifier, attachment=attachment, packed=packed)
        )

    def finish(self, filling: Filling) -> Filled:
        """The file of one recipient."""
        tail = self.plate.fill(filling)
        return Filled(tail, self.plate.digest(tail))


def engraved(document: Document, matter: Matter) -> Blank:
    """The blank whose pages are these."""
    return Blank(engrave(document, matter.book), matter)


def _nothing(path: str) -> None:
    """The fields of a text that has none."""


def _named(slot: TextSlot) -> bool:
    return any(path in NAMES for template in slot.templates for path in template.paths)


def language_of(text: str, language: str) -> str | None:
    """A tag for a text whose script is not its page's: "und-Arab" for a name in Arabic letters on an English page.

    A name does not say its language, so only the script is told. Source: BCP 47; Unicode TS 35, likely subtags.
    """
    script = next((_script(char) for char in text if char.isalpha()), None)
    return None if script is None or script in _scripts_of(language) else f"und-{script}"


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    import icu

    return "Latn" if char.isascii() else str(icu.Script.getScript(char).getShortName())


@lru_cache(maxsize=64)
def _scripts_of(language: str) -> frozenset[str]:
    import icu

    locale = icu.Locale.forLanguageTag(language)
    found = str(icu.Locale.addLikelySubtags(locale).getScript() if hasattr(icu.Locale, "addLikelySubtags") else "")
    if not found:
        found = str(locale.getScript()) or "Latn"
    return _WRITTEN_WITH.get(found, frozenset({found}))


_WRITTEN_WITH = {
    "Jpan": frozenset({"Hani", "Hira", "Kana"}),
    "Kore": frozenset({"Hang", "Hani"}),
    "Hans": frozenset({"Hani"}),
    "Hant": frozenset({"Hani"}),
}
"""Scripts that are several of Unicode's. Source: ISO 15924."""


def baseline_of(lines: Sequence[Line], between: float, frame: Rect, single: float) -> float:
    """The first line's baseline in a slot's frame, in points.

    One line stands on ``single``, so that all names of a batch stand alike; several share the frame's middle by their
    ink. What would leave the frame by it is brought back, and the text was fitted into the frame, so it can be.
    """
    top, bottom = lines[0].ink[3], lines[-1].ink[1] - between * (len(lines) - 1)
    first = single if len(lines) == 1 else (frame[1] + frame[3] - top - bottom) / 2
    return max(min(first, frame[3] - top), frame[1] - bottom)


def _problem(slot: TextSlot, error: Uncovered | Unfit) -> Problem:
    """The typesetter's problem with the box it happened in."""
    first = error.problems[0]
    return Problem(
        code=first.code,
        message=f"{first.message} Box: “{slot.box}”.",
        hint=first.hint,
        key=f"boxes.{slot.box}",
        exit_code=ExitCode.LAYOUT,
    )
