"""The course record: sections flow in columns over as many pages as it needs.

Every line is a strip. Strips that belong together (a heading and two lines after it, the first two and the last two
lines of a paragraph, a list and the line that announces it) move together; :mod:`certgen.compose.columns` breaks them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from certgen.compose.boxes import SLACK, Node
from certgen.compose.columns import Columns, Strip
from certgen.compose.desk import Desk, Frame, Overfull, Sheet, leading_of, line_height
from certgen.compose.texts import spans_of
from certgen.layout import MM, RecordBox
from certgen.model import Block, Heading, ListItem, Paragraph, Prose, Span
from certgen.page import Draw, Element, Line, Mark
from certgen.text import Style

INDENT = 4.2 * MM  # of a list's text from its markers, at least
CLEAR = 1.2 * MM  # between a marker and its text, at least


class Piece(NamedTuple):
    """A block: its role (H2 to H6, P, LI), list depth, and whether its marker counts; ``heads``: it is a heading of
    what follows."""

    role: str
    depth: int
    ordered: bool
    section: int
    heads: bool = False


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
        self.columns = Columns(self.strips, spec.columns)

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
            self._section(self.desk.context.word(label), Prose(source="", blocks=items), compact=True)

    def _section(self, heading: str | None, body: Prose, *, compact: bool = False) -> None:
        self.section += 1
        first = len(self.strips)
        if heading:
            spans = [(heading, self.desk.style(self.spec.heading)[0])]
            self._piece("H2", spans, self.spec.heading, self.spec.gap, heads=True)
        style, _ = self.desk.style(self.spec.style)
        # a section without a heading is still set apart from the one before it
        above = 0.2 * leading_of(style) if heading else self.spec.gap
        levels = sorted({block.level for block in body.blocks if isinstance(block, Heading)})
        steps: list[tuple[float, float, float]] = []
        for index, block in enumerate(body.blocks):
            previous = body.blocks[index - 1] if index else None
            heads = index + 1 < len(body.blocks) and _heads(block)
            space = self._space(block, previous, heads, compact) if previous is not None else above
            if isinstance(block, ListItem):
                if not isinstance(previous, ListItem):
                    steps = self._steps(body.blocks[index:], style)
                self._item(block, space, steps[block.depth])
            elif isinstance(block, Heading):
                rank = min(levels.index(block.level), 3)  # H6 is the last that there is
                name = self.spec.minor if rank and self.spec.minor else self.spec.subheading
                spans = spans_of(block.spans, self.desk.style(name)[0])
                self._piece(f"H{3 + rank}", spans, name, space, heads=heads)
            else:
                self._piece("P", spans_of(block.spans, style), self.spec.style, space, heads=heads)
        self._bind(first)

    def _space(self, block: Block, previous: Block, heads: bool, compact: bool) -> float:
        """Points between two blocks of a section: small within a group, large between groups."""
        leading = leading_of(self.desk.style(self.spec.style)[0])
        if self.pieces[-1].heads:
            return 0.15 * leading
        if not isinstance(block, ListItem):
            return (0.75 if heads else 0.5) * leading
        if not isinstance(previous, ListItem):
            return 0.25 * leading
        return 0.0 if compact else (0.08 if block.depth else 0.2) * leading

    def _steps(self, blocks: Sequence[Block], style: Style) -> list[tuple[float, float, float]]:
        """For each depth of the list that begins here: where its markers begin, where its texts do, and the widest
        marker. All items of a depth begin alike, however wide their own markers are."""
        widest: list[float] = []
        for block in blocks:
            if not isinstance(block, ListItem):
                break
            widest.extend([0.0] * (block.depth + 1 - len(widest)))
            widest[block.depth] = max(widest[block.depth], self._marker(block.marker, style).width)
        steps: list[tuple[float, float, float]] = []
        at = 0.0
        for width in widest:
            text = at + max(INDENT, width + CLEAR)
            steps.append((at, text, width))
            at = text
        return steps

    def _marker(self, marker: str, style: Style) -> Line:
        return self.desk.typesetter.line(marker, style, self.desk.language, self.desk.direction)

    def _item(self, block: ListItem, space: float, step: tuple[float, float, float]) -> None:
        style, _ = self.desk.style(self.spec.style)
        at, text, widest = step
        for index, paragraph in enumerate(block.paragraphs):
            marker = None
            if block.marker and index == 0:
                marker = self._marker(block.marker, style)
                if block.marker[0].isdigit():  # figures end alike: 9. above 10.
                    at += widest - marker.width
            self._piece(
                "LI",
                spans_of(paragraph, style),
                self.spec.style,
                space if index == 0 else 0.25 * leading_of(style),
                depth=block.depth,
                ordered=block.ordered,
                indent=text,
                marker=marker,
                marker_at=at,
            )

    def _piece(
        self,
        role: str,
        spans: Sequence[tuple[str, Style]],
        style_name: str,
        before: float,
        *,
        heads: bool = False,
        depth: int = 0,
        ordered: bool = False,
        indent: float = 0.0,
        marker: Line | None = None,
        marker_at: float = 0.0,
    ) -> None:
        desk = self.desk
        style, colour = desk.style(style_name)
        leading = leading_of(style)
        lines = desk.paragraph("record", spans, self.width - indent, balance=role[0] == "H")
        number = len(self.pieces)
        self.pieces.append(Piece(role, depth, ordered, self.section, heads))
        for index, line in enumerate(lines):
            if line.width > self.width - indent + 0.5:
                raise Overfull("record", line.text, line.width, self.width - indent, across=True)
            last = len(lines) - 1
            self.strips.append(
                Strip(
                    piece=number,
                    line=line,
                    indent=indent,
                    leading=leading,
                    before=before if index == 0 else 0.0,
                    keep=heads or (index < last and (index == 0 or index == last - 1)),
                    heads=heads,
                    item=role == "LI",
                    colour=colour,
                    marker=marker if index == 0 else None,
                    marker_at=marker_at,
                )
            )

    def _bind(self, first: int) -> None:
        """Keep together, among a section's strips from ``first`` on: two lines after a heading, the last two before
        the next, and what announces a list with its first item."""
        strips, pieces = self.strips, self.pieces
        last = len(strips) - 1
        for at in range(first, last):
            here, there = strips[at], strips[at + 1]
            if there.heads:
                continue
            follows_heading = at > first and strips[at - 1].heads and not here.heads
            ends_group = not here.heads and (at + 1 == last or strips[at + 2].heads)
            deeper = not here.item or pieces[there.piece].depth > pieces[here.piece].depth
            announces = here.piece != there.piece and there.item and deeper
            if follows_heading or ends_group or announces:
                strips[at] = here._replace(keep=True)

    # --- pages -------------------------------------------------------------------------------

    def take(self, sheet: Sheet, frame: Frame) -> None:
        """Fill one page's frame with the strips that come next."""
        columns = self.columns
        if not columns.plan:
            columns.settle(frame.height)
        if self.done:
            return
        ends = next(ends for ends in columns.plan if ends[-1] > self.next)
        spans = list(pairwise((self.next, *ends)))
        step = self.width + self.spec.gutter * MM
        for index, ((start, end), (rise, growth)) in enumerate(zip(spans, columns.growth(spans), strict=True)):
            place = Frame(frame.x + index * step, frame.y - rise, self.width, frame.height)
            self._draw(sheet, place, start, end, growth)
        self.next = ends[-1]

    def _draw(self, sheet: Sheet, frame: Frame, start: int, end: int, growth: float) -> None:
        """One column, from the frame's top."""
        y = frame.y
        for index in range(start, end):
            strip = self.strips[index]
            leading = strip.leading * self.columns.density.leading
            y += self.columns.space(index, growth) if index > start else 0.0
            height = line_height(strip.line, leading)
            place = Frame(frame.x + strip.indent, y, frame.width - strip.indent, height)
            pages = self.drawn.setdefault(strip.piece, {"Lbl": {}, "Body": {}})
            body = self.desk.place_lines(sheet, (strip.line,), place, leading, "start", strip.colour)
            pages["Body"].setdefault(sheet.index, []).extend(body)
            if strip.marker is not None:
                at = Frame(frame.x + strip.marker_at, y, strip.marker.width + SLACK, height)
                label = self.desk.place_lines(sheet, (strip.marker,), at, leading, "start", strip.colour)
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


def _heads(block: Block) -> bool:
    """Whether a block is a heading, or a line in bold type as people write headings in word processors."""
    return isinstance(block, Heading) or (
        isinstance(block, Paragraph) and all(span.strong and "\n" not in span.text for span in block.spans)
    )


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
