"""The course record: sections flow in columns over as many pages as it needs.

Every line is a strip. Strips that belong together (a heading and two lines after it, the first two and the last two
lines of a paragraph, a list and the line that announces it) move together. The columns of a page end level: the
breaks are chosen for it, and the spaces between blocks give what is missing. A last page that would hold only a few
lines is done without where the record, set a little closer throughout, ends on the page before; where that is not
enough, the pages share what there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from certgen.compose.boxes import SLACK, Node
from certgen.compose.desk import Desk, Frame, Overfull, Sheet, leading_of, line_height
from certgen.compose.texts import spans_of
from certgen.layout import MM, RecordBox
from certgen.model import Block, Heading, ListItem, Paragraph, Prose, Span
from certgen.page import Colour, Draw, Element, Line, Mark
from certgen.text import Style

INDENT = 4.2 * MM  # of a list's text from its markers, at least
CLEAR = 1.2 * MM  # between a marker and its text, at least
SPARSE = 0.24  # share of its height below which a last page looks forgotten
STRETCH = 1.2  # by how much spaces may grow, in shares of themselves, for columns to end level
SEARCH = 40.0  # points by which a page may end early for columns to end level
STEP = 3.0  # points between the ends that are tried


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
    marker_at: float = 0.0


class Piece(NamedTuple):
    """A block: its role (H2, H3, P, LI), list depth, and whether its marker counts; ``heads``: what follows is its."""

    role: str
    depth: int
    ordered: bool
    section: int
    heads: bool = False


class Density(NamedTuple):
    """How close a record is set: factors of the spaces between blocks and of the leading, and the share of a page's
    height that is used."""

    spaces: float = 1.0
    leading: float = 1.0
    page: float = 1.0


DESIGNED = Density()
CLOSER = tuple(
    Density(spaces, leading)
    for spaces, leading in ((0.9, 1.0), (0.8, 1.0), (0.8, 0.99), (0.7, 0.99), (0.7, 0.98), (0.6, 0.98), (0.6, 0.97))
)
LOOSER = tuple(
    Density(spaces, leading, page)
    for spaces, leading, page in (
        (1.15, 1.0, 1.0), (1.3, 1.0, 1.0), (1.3, 1.02, 1.0), (1.3, 1.02, 0.95), (1.3, 1.02, 0.9), (1.3, 1.02, 0.85),
        (1.3, 1.02, 0.8), (1.3, 1.02, 0.75), (1.3, 1.02, 0.7),
    )
)  # fmt: skip


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
        self.density = DESIGNED
        self.plan: list[list[int]] = []  # ends of the columns, for each page

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
                name = self.spec.minor if self.spec.minor and block.level > 3 else self.spec.subheading
                self._piece("H3", spans_of(block.spans, self.desk.style(name)[0]), name, space, heads=heads)
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
        lines = desk.paragraph("record", spans, self.width - indent, balance=role in ("H2", "H3"))
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
            here, there = pieces[strips[at].piece], pieces[strips[at + 1].piece]
            follows_heading = at > first and pieces[strips[at - 1].piece].heads and not here.heads
            ends_group = at + 1 == last or pieces[strips[at + 2].piece].heads
            announces = here is not there and (there.role == "LI" and (here.role != "LI" or there.depth > here.depth))
            if not there.heads and (follows_heading or (ends_group and not here.heads) or announces):
                strips[at] = strips[at]._replace(keep=True)

    # --- breaking ----------------------------------------------------------------------------

    def _height(self, index: int, top: bool) -> float:
        """Of a strip in points, with the space above it unless it is at the top of a column."""
        strip = self.strips[index]
        height = line_height(strip.line, strip.leading * self.density.leading)
        return height if top else height + strip.before * self.density.spaces

    def _column(self, start: int, height: float) -> int:
        """Index of the first strip that does not go into a column of this height."""
        used, at = 0.0, start
        while at < len(self.strips):
            end = at
            need = 0.0
            while True:  # strips that hang together
                need += self._height(end, end == start)
                end += 1
                if end >= len(self.strips) or not self.strips[end - 1].keep:
                    break
            if used + need > height + SLACK:
                return at if at > start else self._force(start, height)
            used += need
            at = end
        return at

    def _force(self, start: int, height: float) -> int:
        """As :meth:`_column`, for what hangs together and is taller than a column: it is parted after all."""
        used, at = 0.0, start
        while at < len(self.strips):
            used += self._height(at, at == start)
            if used > height + SLACK:
                break
            at += 1
        if at == start:
            raise Overfull("record", self.strips[at].line.text, used, height, across=False)
        return at

    def _page(self, start: int, height: float) -> list[int]:
        """Ends of the columns of a page."""
        ends, at = [], start
        for _ in range(self.spec.columns):
            at = self._column(at, height)
            ends.append(at)
        return ends

    def _tall(self, start: int, ends: Sequence[int]) -> list[float]:
        """Heights of the columns that end there, without those that are empty."""
        spans = [(a, b) for a, b in pairwise((start, *ends)) if b > a]
        return [sum(self._height(index, index == a) for index in range(a, b)) for a, b in spans]

    def _pages(self, height: float) -> list[list[int]]:
        """All pages at the present density, each as full as it gets; the last as short as it can be."""
        pages: list[list[int]] = []
        at, count = 0, len(self.strips)
        room = height * self.density.page
        while at < count:
            ends = self._page(at, room)
            if ends[-1] >= count:
                low, high = 0.0, room
                while high - low > 0.5:
                    middle = (low + high) / 2
                    low, high = (low, middle) if self._ends(at, middle) else (middle, high)
                ends = self._page(at, high)
            pages.append(ends)
            at = ends[-1]
        return pages

    def _ends(self, start: int, height: float) -> bool:
        """Whether the record ends on a page of this height."""
        try:
            return self._page(start, height)[-1] >= len(self.strips)
        except Overfull:
            return False

    def _fullness(self, pages: Sequence[Sequence[int]], height: float) -> float:
        """Share of its height that the last page uses."""
        start = pages[-2][-1] if len(pages) > 1 else 0
        return max(self._tall(start, pages[-1])) / height

    def _settle(self, height: float) -> None:
        """Choose the density, so that the last page has something to say, and all breaks."""
        designed = self._pages(height)
        chosen = DESIGNED
        if len(designed) > 1 and self._fullness(designed, height) < SPARSE:
            for density in (*CLOSER, *LOOSER):
                self.density = density
                pages = self._pages(height)
                if len(pages) < len(designed) or (
                    len(pages) == len(designed) and self._fullness(pages, height) >= SPARSE
                ):
                    chosen = density
                    break
        self.density = chosen
        self.plan = self._level(self._pages(height), height * chosen.page)

    def _level(self, pages: list[list[int]], height: float) -> list[list[int]]:
        """The same pages, their columns broken so that they are as nearly level as can be, a little above the foot."""
        plan: list[list[int]] = []
        start = 0
        for ends in pages:
            last = ends is pages[-1]
            natural = max(self._tall(start, ends))
            low, high = (natural, min(height, natural + SEARCH)) if last else (height - SEARCH, height)
            best, least = self._page(start, high), float("inf")
            tried = high
            while tried >= low - SLACK:
                found = self._page(start, tried)
                if last and found[-1] < len(self.strips):
                    break
                tall = self._tall(start, found)
                uneven = max(tall) - min(tall) if len(tall) == self.spec.columns else height
                cost = uneven + 0.4 * abs(max(tall) - (natural if last else height))
                if cost < least - SLACK:
                    best, least = found, cost
                tried -= STEP
            plan.append(best)
            start = best[-1]
        return plan if start >= len(self.strips) else pages

    def take(self, sheet: Sheet, frame: Frame) -> None:
        """Fill one page's frame with the strips that come next."""
        if not self.plan and self.strips:
            self._settle(frame.height)
        if self.done:
            return
        ends = next(ends for ends in self.plan if ends[-1] > self.next)
        step = self.width + self.spec.gutter * MM
        start = self.next
        foot = max(self._tall(start, ends))
        columns = [(column, a, b) for column, (a, b) in enumerate(pairwise((start, *ends))) if b > a]
        first = min(self._first_baseline(a) for _, a, _ in columns)
        for column, a, b in columns:  # all begin on one baseline, be it with a heading or with text
            rise = self._first_baseline(a) - first
            self._draw(sheet, Frame(frame.x + column * step, frame.y - rise, self.width, foot + rise), a, b)
        self.next = ends[-1]

    def _first_baseline(self, start: int) -> float:
        """How far below a column's top its first strip's baseline lies, as Desk.place_lines sets it."""
        line = self.strips[start].line
        height = line_height(line, self.strips[start].leading * self.density.leading)
        return (height - line.ascent - line.descent) / 2 + line.ascent

    def _draw(self, sheet: Sheet, frame: Frame, start: int, end: int) -> None:
        """One column. The spaces between its blocks grow until it ends at the frame's foot, if it is near."""
        natural = self._tall(start, [end])[0]
        glue = sum(strip.before for strip in self.strips[start + 1 : end]) * self.density.spaces
        stretch = (frame.height - natural) / glue if glue else 0.0
        spaces = self.density.spaces * (1 + stretch if stretch <= STRETCH else 1)
        y = frame.y
        for index in range(start, end):
            strip = self.strips[index]
            leading = strip.leading * self.density.leading
            y += strip.before * spaces if index > start else 0.0
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
