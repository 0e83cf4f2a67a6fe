"""The boxes that hold words: texts, fixed or a recipient's, and Markdown that must fit on its page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from certgen.compose.boxes import SLACK, Node
from certgen.compose.context import host
from certgen.compose.desk import Desk, Frame, Overfull, Sheet, TextSlot, leading_of, line_height
from certgen.fields import Template
from certgen.layout import MM, ProseBox, TextBox
from certgen.model import Heading, ListItem, Span
from certgen.page import Draw, Element, Line, Link, Mark
from certgen.text import Fit, Style

SMALLEST = 7.0  # points: below this, fixed text is not made smaller to save room


class TextNode(Node):
    """A text: fixed and set now, or a slot with a frame of fixed size."""

    spec: TextBox

    def __init__(self, desk: Desk, name: str, spec: TextBox) -> None:
        super().__init__(desk, name, spec)
        texts = spec.text if isinstance(spec.text, list) else [spec.text]
        self.templates = [desk.context.expand(text, **desk.page_fields) for text in texts]
        self.varies = any(template.paths for template in self.templates)
        self.fixed = "" if self.varies else spec.separator.join(filter(None, (self._plain(t) for t in self.templates)))
        self.names = [spec.style] if isinstance(spec.style, str) else spec.style
        if not self.varies:
            self.style, self.colour = desk.choose(self.names, self.fixed)
        else:
            self.style, self.colour = desk.style(self.names[0])

    def _plain(self, template: Template) -> str:
        return open_breaks(template.render(lambda path: None, self.desk.language))

    def text(self) -> str:
        return self.fixed or " ".join(template.text for template in self.templates)

    def scaled(self) -> Style:
        """The style at the desk's present tightness."""
        if self.varies or not self.desk.tight:
            return self.style
        least = max(self.spec.shrink, 0.72, min(1.0, SMALLEST / self.style.size))
        return scaled(self.style, 1 - self.desk.tight * (1 - least))

    def lines(self, width: float) -> tuple[Line, ...]:
        if not self.fixed:
            return ()
        if self.spec.max_width is not None:
            width = min(width, self.spec.max_width * MM)
        style = self.scaled()
        lines = self.desk.paragraph(self.name, ((self.fixed, style),), width, balance=self.spec.balance)
        address = host(self.desk.context.issuer.verify_url)
        before, found, after = self.fixed.partition(address)
        if not found or any(address in line.text for line in lines):
            return lines
        broken = self._broken(address, style, width)
        if any(line.width > width for line in broken):
            return lines  # better broken anywhere than not there
        words = [
            self.desk.paragraph(self.name, ((text, style),), width) if text.strip() else () for text in (before, after)
        ]
        return (*words[0], *broken, *words[1])

    def _broken(self, address: str, style: Style, width: float) -> list[Line]:
        """An address in lines: before a dot or after a slash, never after a hyphen, which copying would take away.
        Each reads left to right, whatever the page does: its stops would go astray."""
        lines: list[Line] = []
        text = ""
        for piece in re.split(r"(?=\.)|(?<=/)", address):
            line = self.desk.typesetter.line(text + piece, style, self.desk.language, "ltr")
            if text and line.width <= width:
                lines[-1] = line
                text += piece
            else:
                lines.append(self.desk.typesetter.line(piece, style, self.desk.language, "ltr"))
                text = piece
        return lines

    def inner_wanted(self, available: float) -> float:
        if self.varies:
            return available
        after = max(0.0, self.style.tracking) * self.style.size  # letterspacing counts after the last letter too
        return max((line.width for line in self.lines(available)), default=0.0) + after + SLACK

    def inner_height(self, width: float) -> float:
        if self.varies:  # a height of its own is enough: lines are fitted into it
            return self.spec.lines * leading_of(self.style) if self.spec.height is None else 0.0
        leading = leading_of(self.scaled())
        return sum(line_height(line, leading) for line in self.lines(width))

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        if self.varies:
            self._place_slot(sheet, frame)
        elif self.fixed:
            lines = self.lines(frame.width)
            for line in lines:
                if line.width > frame.width + SLACK:
                    raise Overfull(self.name, self.fixed, line.width, frame.width, across=True)
            draws = self.desk.place_lines(sheet, lines, frame, leading_of(self.scaled()), self.spec.set, self.colour)
            element = None if self.spec.role == "Artifact" else Element(role=self.spec.role)
            self._put(sheet, element, draws, frame)

    def _put(self, sheet: Sheet, element: Element | None, draws: Sequence[Draw], frame: Frame) -> None:
        link = self._link(sheet, frame)
        if link is None or element is None:
            self.desk.put(sheet, element, draws)
        else:
            self.desk.put(sheet, Element(role="Link", link=link), draws)
            self.desk.wrap_last(self.spec.role)

    def _link(self, sheet: Sheet, frame: Frame) -> Link | None:
        if not self.spec.link or self.desk.as_furniture:
            return None
        rect = sheet.rect(frame)
        if self.spec.link == "issuer":
            url = self.desk.context.issuer.url
            return Link(page=sheet.index, rect=rect, contents=url, url=url) if url else None
        return Link(page=sheet.index, rect=rect, contents=self.desk.context.word("verify_link"), slot="url")

    def _place_slot(self, sheet: Sheet, frame: Frame) -> None:
        desk = self.desk
        first = self.style
        face = desk.studio.book.face(first.family, first.weight, first.italic)
        cap = face.cap_height / face.upem * first.size
        rect = sheet.rect(frame)
        slot = TextSlot(
            name=desk.slot_name(self.name),
            box=self.name,
            templates=tuple(self.templates),
            separator=self.spec.separator,
            styles=tuple(desk.style(name) for name in self.names),
            frame=rect,
            baseline=round((rect[1] + rect[3] - cap) / 2, 3),
            set=desk.side(self.spec.set),
            rule=Fit(shrink=self.spec.shrink, lines=self.spec.lines, floor=self.spec.floor),
            direction=desk.direction
            if self.spec.role != "H1" and "recipient" not in self.templates[0].text
            else "auto",
        )
        if self.spec.role == "Artifact":
            desk.put_slot(sheet, None, slot)
            return
        link = self._link(sheet, frame)
        if link is not None:
            desk.put_slot(sheet, Element(role="Link", link=link), slot)
            desk.wrap_last(self.spec.role)
        else:
            desk.put_slot(sheet, Element(role=self.spec.role, language_slot=slot.name), slot)


class ProseNode(Node):
    """A Markdown text that must fit on its page."""

    spec: ProseBox

    def blocks(self) -> list[tuple[str, list[tuple[str, Style]], str]]:
        """Kind, spans and marker of each block."""
        prose = self.desk.context.edition.summary
        style = self.style()
        found = []
        for block in prose.blocks if prose else ():
            if isinstance(block, ListItem):
                for index, spans in enumerate(block.paragraphs):
                    found.append(("LI", spans_of(spans, style), block.marker if index == 0 else ""))
            else:
                strong = isinstance(block, Heading)
                found.append(("P", spans_of(block.spans, replace(style, weight=600) if strong else style), ""))
        return found[: self.spec.paragraphs] if self.spec.paragraphs else found

    def style(self) -> Style:
        style, self.colour = self.desk.style(self.spec.style)
        least = max(self.spec.shrink, SMALLEST / style.size)
        return scaled(style, 1 - self.desk.tight * (1 - min(1.0, least)))

    def set_blocks(self, width: float) -> list[tuple[str, tuple[Line, ...], str, float]]:
        found = []
        for kind, spans, marker in self.blocks():
            indent = 4.5 * MM if kind == "LI" else 0.0
            lines = self.desk.paragraph(self.name, spans, width - indent)
            found.append((kind, lines, marker, indent))
        return found

    def text(self) -> str:
        prose = self.desk.context.edition.summary
        return prose.source if prose else ""

    def inner_wanted(self, available: float) -> float:
        return available

    def inner_height(self, width: float) -> float:
        leading = leading_of(self.style())
        blocks = self.set_blocks(width)
        between = 0.45 * leading * max(0, len(blocks) - 1)
        return sum(line_height(line, leading) for _, lines, _, _ in blocks for line in lines) + between

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        desk, leading = self.desk, leading_of(self.style())
        y = frame.y
        items: list[Element] = []
        for kind, lines, marker, indent in self.set_blocks(frame.width):
            height = sum(line_height(line, leading) for line in lines)
            place = Frame(frame.x + indent, y, frame.width - indent, height)
            draws = desk.place_lines(sheet, lines, place, leading, self.spec.set, self.colour)
            if kind == "LI":
                body = Element(role="LBody", kids=(Mark(page=sheet.index, draws=draws),))
                label: tuple[Element, ...] = ()
                if marker:
                    mark = desk.typesetter.line(marker, self.style(), desk.language, desk.direction)
                    at = Frame(frame.x, y, indent, height)
                    drawn = desk.place_lines(sheet, (mark,), at, leading, "start", self.colour)
                    label = (Element(role="Lbl", kids=(Mark(page=sheet.index, draws=drawn),)),)
                items.append(Element(role="LI", kids=(*label, body)))
            else:
                self._flush(items)
                desk.put(sheet, Element(role="P"), draws)
            y += height + 0.45 * leading
        self._flush(items)

    def _flush(self, items: list[Element]) -> None:
        """End a list."""
        if items:
            self.desk.elements.append(Element(role="L", kids=tuple(items)))
            items.clear()


def open_breaks(text: str) -> str:
    """A line break that was typed with the space that reading and copying need there."""
    return re.sub(r" ?\n", " \n", text)


def spans_of(spans: Sequence[Span], style: Style) -> list[tuple[str, Style]]:
    """Emphasis as weight and italic."""
    return [
        (
            open_breaks(span.text),
            replace(style, weight=600 if span.strong else style.weight, italic=style.italic or span.emphasis),
        )
        for span in spans
    ]


def scaled(style: Style, share: float) -> Style:
    """A style in another size, in tenths of a point so that equal text gives equal bytes."""
    if share >= 1:
        return style
    size = round(style.size * share, 1)
    return replace(style, size=size, leading=round(leading_of(style) * size / style.size, 2))
