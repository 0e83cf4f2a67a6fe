"""The course record: sections flow in columns over as many pages as they need.

Every line is a strip. Strips that belong together (a heading and what follows it, the first two and
the last two lines of a paragraph) move together; on the last page the columns end level.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from certgen.compose.boxes import Node
from certgen.compose.desk import Desk, Frame, Overfull, Sheet, leading_of, line_height
from certgen.compose.texts import spans_of
from certgen.layout import MM, RecordBox
from certgen.model import Block, Heading, ListItem, Paragraph, Prose, Span
from certgen.page import Colour, Draw, Element, Line, Mark
from certgen.text import Style

INDENT = 4.6 * MM  # of a list's text from its marker, per depth


class Strip(NamedTuple):
    """One line of a piece of the record. ``before`` is the space above it, dropped at a column's top."""

    piece: int
    line: Line
    indent: float
    leading: float
    before: float
    keep: bool  # must not be parted from the next strip
    colour: Colour
    marker: Line | None = None


class Piece(NamedTuple):
    """A block: its role (H2, H3, P, LI), list depth, and whether its marker counts."""

    role: str
    depth: int
    ordered: bool
    section: int


class Flow:
    """The record of one edition and award, cut into strips for one column width."""

    def __init__(self, desk: Desk, spec: RecordBox, width: float) -> None:
        self.desk, self.spec, self.width = desk, spec, width
        self.pieces: list[Piece] = []
        self.strips: list[Strip] = []
        self.section = 0
        self.next = 0
        self.drawn: dict[int, dict[str, dict[int, list[Draw]]]] = {}
        for part in spec.content:
            getattr(self, f"_{part}")()

    @property
    def done(self) -> bool:
        return self.next >= len(self.strips)

    # --- content -----------------------------------------------------------------------------

    def _summary(self) -> None:
        summary = self.desk.context.edition.summary
        if summary and summary.blocks:
            self._section(self.desk.context.word("record.summary"), summary)

    def _sections(self) -> None:
        for section in self.desk.context.edition.sections:
            if self.desk.context.shows(section.awards):
                self._section(section.heading, section.body)

    def _skills(self) -> None:
        skills = [skill.name for skill in self.desk.context.edition.skills]
        self._names("record.skills", skills if len(skills) > self.spec.skills_over else [])

    def _occupations(self) -> None:
        self._names("record.occupations", [item.name for item in self.desk.context.edition.occupations])

    def _names(self, label: str, names: Sequence[str]) -> None:
        if names:
            items = tuple(ListItem(depth=0, marker="•", paragraphs=((Span(name),),)) for name in names)
            self._section(self.desk.context.word(label), Prose(source="", blocks=items))

    def _section(self, heading: str | None, body: Prose) -> None:
        self.section += 1
        if heading:
            self._piece("H2", 0, [(heading, self.desk.style(self.spec.heading)[0])], self.spec.heading, self.spec.gap)
        previous: Block | None = None
        for block in body.blocks:
            self._block(block, previous, bool(heading))
            previous = block

    def _block(self, block: Block, previous: Block | None, headed: bool) -> None:
        style, _ = self.desk.style(self.spec.style)
        leading = leading_of(style)
        # a section without a heading is still set apart from the one before it
        above = (0.15 * leading if headed else self.spec.gap) if previous is None else 0.5 * leading
        if isinstance(previous, Heading):
            above = 0.15 * leading
        if isinstance(block, Heading):
            name = self.spec.minor if self.spec.minor and block.level > 3 else self.spec.subheading
            spans = spans_of(block.spans, self.desk.style(name)[0])
            space = above if previous is None else (0.3 if isinstance(previous, Heading) else 0.75) * leading
            self._piece("H3", 0, spans, name, space)
        elif isinstance(block, Paragraph):
            self._piece("P", 0, spans_of(block.spans, style), self.spec.style, above)
        else:
            in_list = isinstance(previous, ListItem)
            for index, paragraph in enumerate(block.paragraphs):
                space = (0.18 if in_list or index else 0.3) * leading if previous is not None or index else above
                if index == 0 and isinstance(previous, Heading):
                    space = above
                marker = block.marker if index == 0 else ""
                self._piece(
                    "LI", block.depth, spans_of(paragraph, style), self.spec.style, space, marker, block.ordered
                )

    def _piece(
        self,
        role: str,
        depth: int,
        spans: Sequence[tuple[str, Style]],
        style_name: str,
        before: float,
        marker: str = "",
        ordered: bool = False,
    ) -> None:
        desk = self.desk
        style, colour = desk.style(style_name)
        leading = leading_of(style)
        mark = desk.typesetter.line(marker, style, desk.language, desk.direction) if marker else None
        indent = (depth + 1) * INDENT if role == "LI" else 0.0
        if mark is not None:  # a long marker such as "(viii)" pushes its text
            indent = max(indent, depth * INDENT + mark.width + 1.2 * MM)
        lines = desk.paragraph("record", spans, self.width - indent, balance=role in ("H2", "H3"))
        number = len(self.pieces)
        self.pieces.append(Piece(role, depth, ordered, self.section))
        heading = role in ("H2", "H3")
        for index, line in enumerate(lines):
            if line.width > self.width - indent + 0.5:
                raise Overfull("record", line.text, line.width, self.width - indent, across=True)
            last = len(lines) - 1
            keep = heading or (index < last and (index == 0 or index == last - 1))
            self.strips.append(
                Strip(
                    piece=number,
                    line=line,
                    indent=indent,
                    leading=leading,
                    before=before if index == 0 else 0.0,
                    keep=keep,
                    colour=colour,
                    marker=mark if index == 0 else None,
                )
            )

    # --- breaking ----------------------------------------------------------------------------

    def _column(self, start: int, height: float) -> int:
        """Index of the first strip that does not go into a column of this height."""
        used, at = 0.0, start
        while at < len(self.strips):
            end, need = at, 0.0
            while True:  # strips that hang together
                strip = self.strips[end]
                need += line_height(strip.line, strip.leading) + (strip.before if end > start else 0.0)
                end += 1
                if not strip.keep or end >= len(self.strips):
                    break
            if used + need > height + 0.01:
                if at == start:  # taller than a column: part it after all
                    return self._force(start, height)
                return at
            used += need
            at = end
        return at

    def _force(self, start: int, height: float) -> int:
        used, at = 0.0, start
        while at < len(self.strips):
            strip = self.strips[at]
            used += line_height(strip.line, strip.leading) + (strip.before if at > start else 0.0)
            if used > height + 0.01:
                break
            at += 1
        return max(at, start + 1)

    def _page(self, height: float) -> list[int]:
        """Ends of the columns of a page."""
        ends, at = [], self.next
        for _ in range(self.spec.columns):
            at = self._column(at, height)
            ends.append(at)
        return ends

    def take(self, sheet: Sheet, frame: Frame) -> None:
        """Fill one page's frame with the strips that come next."""
        ends = self._page(frame.height)
        if ends[-1] >= len(self.strips):  # the last page: columns end level
            low, high = 0.0, frame.height
            for _ in range(20):
                middle = (low + high) / 2
                if self._page(middle)[-1] >= len(self.strips):
                    high = middle
                else:
                    low = middle
            ends = self._page(high)
        step = self.width + self.spec.gutter * MM
        start = self.next
        for column, end in enumerate(ends):
            self._draw(sheet, Frame(frame.x + column * step, frame.y, self.width, frame.height), start, end)
            start = end
        self.next = start

    def _draw(self, sheet: Sheet, frame: Frame, start: int, end: int) -> None:
        y = frame.y
        for index in range(start, end):
            strip = self.strips[index]
            y += strip.before if index > start else 0.0
            height = line_height(strip.line, strip.leading)
            place = Frame(frame.x + strip.indent, y, frame.width - strip.indent, height)
            pages = self.drawn.setdefault(strip.piece, {"Lbl": {}, "Body": {}})
            body = self.desk.place_lines(sheet, (strip.line,), place, strip.leading, "start", strip.colour)
            pages["Body"].setdefault(sheet.index, []).extend(body)
            if strip.marker is not None:
                depth = self.pieces[strip.piece].depth
                at = Frame(frame.x + depth * INDENT, y, strip.marker.width + 0.01, height)
                label = self.desk.place_lines(sheet, (strip.marker,), at, strip.leading, "start", strip.colour)
                # one baseline for marker and text, whatever their faces
                pages["Lbl"].setdefault(sheet.index, []).extend(replace(draw, y=body[0].y) for draw in label)
            y += height

    # --- structure ---------------------------------------------------------------------------

    def elements(self) -> list[Element]:
        """A Sect for each section; list items nested by depth. Source: ISO 32000-1, 14.8.4."""
        sections: list[Element] = []
        number = 0
        while number < len(self.pieces):
            section = self.pieces[number].section
            end = number
            while end < len(self.pieces) and self.pieces[end].section == section:
                end += 1
            sections.append(Element(role="Sect", kids=tuple(self._run(number, end))))
            number = end
        return sections

    def _marks(self, piece: int, part: str) -> tuple[Mark, ...]:
        pages = self.drawn.get(piece, {}).get(part, {})
        return tuple(Mark(page=page, draws=tuple(draws)) for page, draws in sorted(pages.items()))

    def _run(self, start: int, end: int) -> list[Element | Mark]:
        found: list[Element | Mark] = []
        at = start
        while at < end:
            piece = self.pieces[at]
            if piece.role == "LI":
                stop = at
                while stop < end and self.pieces[stop].role == "LI":
                    stop += 1
                found.append(self._list(at, stop, self.pieces[at].depth))
                at = stop
            else:
                found.append(Element(role=piece.role, kids=self._marks(at, "Body")))
                at += 1
        return found

    def _list(self, start: int, end: int, depth: int) -> Element:
        items: list[Element] = []
        at = start
        while at < end:
            stop = at + 1
            while stop < end and (self.pieces[stop].depth > depth or not self._marks(stop, "Lbl")):
                stop += 1
            own = at + 1
            body: list[Element | Mark] = list(self._marks(at, "Body"))
            while own < stop and self.pieces[own].depth <= depth:  # further paragraphs of the same item
                body.append(Element(role="P", kids=self._marks(own, "Body")))
                own += 1
            if own < stop:
                body.append(self._list(own, stop, self.pieces[own].depth))
            label = self._marks(at, "Lbl")
            kids = (Element(role="Lbl", kids=label),) if label else ()
            items.append(Element(role="LI", kids=(*kids, Element(role="LBody", kids=tuple(body)))))
            at = stop
        numbering = "Decimal" if self.pieces[start].ordered else "Disc"
        return Element(role="L", kids=tuple(items), attributes={"ListNumbering": numbering})


class RecordNode(Node):
    """The frame of the record on one page; the flow goes on from page to page."""

    spec: RecordBox

    def inner_wanted(self, available: float) -> float:
        return available

    def inner_height(self, width: float) -> float:
        return 0.0

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        columns = self.spec.columns
        width = (frame.width - (columns - 1) * self.spec.gutter * MM) / columns
        flow = self.desk.studio.flow
        if flow is None:
            flow = self.desk.studio.flow = Flow(self.desk, self.spec, width)
        flow.take(sheet, frame)
