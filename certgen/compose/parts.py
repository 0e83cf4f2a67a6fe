"""The boxes that hold something: texts, pictures, rules, the QR code, signatories, skills."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from certgen.compose.boxes import SLACK, Node
from certgen.compose.desk import (
    Desk,
    Frame,
    Overfull,
    QrSlot,
    Sheet,
    TextSlot,
    box_path,
    leading_of,
    line_height,
    start_of,
)
from certgen.fields import Template
from certgen.layout import (
    MM,
    ImageBox,
    LogosBox,
    OrnamentBox,
    ProseBox,
    QrBox,
    RuleBox,
    SealBox,
    SignatoriesBox,
    SkillsBox,
    TextBox,
)
from certgen.model import Heading, ListItem, Signatory, Span
from certgen.page import Artwork, Colour, Draw, Element, Line, Link, Mark, Picture, Shape, Text
from certgen.text import Fit, Style

SMALLEST = 7.0  # points: below this, fixed text is not made smaller to save room
BELOW = 1.8 * MM  # how far a signature reaches below its rule
UNDER = 1.6 * MM  # from the rule to the name's leading
QUIET = 4  # modules of quiet zone, ISO/IEC 18004, 6.3.8
MODULE = 0.4 * MM  # smallest module that office printers and phones manage together


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
        return template.render(lambda path: None, self.desk.language)

    def text(self) -> str:
        return self.fixed or " ".join(template.text for template in self.templates)

    def scaled(self) -> Style:
        """The style at the desk's present tightness."""
        if self.varies or not self.desk.tight:
            return self.style
        least = max(self.spec.shrink, 0.72, min(1.0, SMALLEST / self.style.size))
        return _scale(self.style, 1 - self.desk.tight * (1 - least))

    def lines(self, width: float) -> tuple[Line, ...]:
        if not self.fixed:
            return ()
        if self.spec.max_width is not None:
            width = min(width, self.spec.max_width * MM)
        style = self.scaled()
        return self.desk.paragraph(self.name, ((self.fixed, style),), width, balance=self.spec.balance)

    def inner_wanted(self, available: float) -> float:
        if self.varies:
            return available
        return max((line.width for line in self.lines(available)), default=0.0) + SLACK

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
        return _scale(style, 1 - self.desk.tight * (1 - min(1.0, least)))

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


class PictureNode(Node):
    """A picture from the layout's folder."""

    spec: ImageBox

    def art(self, width: float) -> tuple[str, Artwork]:
        height = self.spec.height * MM if self.spec.height else width * 4
        return self.desk.studio.image(Path(self.desk.layout.folder) / self.spec.file, width, height)

    def inner_wanted(self, available: float) -> float:
        return float(self.art(available)[1].width)

    def inner_height(self, width: float) -> float:
        return float(self.art(width)[1].height)

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        key, art = self.art(frame.width)
        place = Frame(frame.x, frame.y, art.width, art.height)
        rect = sheet.rect(place)
        draw = Picture(artwork=self.desk.use(key, art), rect=rect)
        element = Element(role="Figure", alt=self.spec.alt, bbox=rect) if self.spec.alt else None
        self.desk.put(sheet, element, (draw,))


class LogosNode(Node):
    """The issuer's logos; its name where there is none."""

    spec: LogosBox

    def arts(self) -> list[tuple[str, Artwork]]:
        studio, spec = self.desk.studio, self.spec
        return [
            studio.image(Path(logo), spec.max_width * MM, spec.height * MM) for logo in self.desk.context.issuer.logos
        ]

    def name_node(self) -> TextNode:
        box = TextBox(text="{issuer.name}", style=self.spec.style, set=self.spec.set, balance=True)
        return TextNode(self.desk, self.name, box)

    def tile(self) -> float:
        return 2.2 * MM if self.spec.reversed and self.desk.context.issuer.logos else 0.0

    def height(self, width: float) -> float:
        return self.inner_height(width - self.pad.width) + self.pad.height  # spec.height is the pictures' own

    def inner_wanted(self, available: float) -> float:
        arts = self.arts()
        if not arts:
            return self.name_node().inner_wanted(available)
        width: float = sum(art.width + 2 * self.tile() for _, art in arts) + self.spec.gap * MM * (len(arts) - 1)
        return width

    def inner_height(self, width: float) -> float:
        arts = self.arts()
        if not arts:
            return self.name_node().inner_height(width)
        return self.spec.height * MM + 2 * self.tile()

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        arts = self.arts()
        if not arts:
            self.name_node().inner_place(sheet, frame)
            return
        tile, gap = self.tile(), self.spec.gap * MM
        total = sum(art.width + 2 * tile for _, art in arts) + gap * (len(arts) - 1)
        scale = min(1.0, frame.width / total)
        x = frame.x + {"center": (frame.width - total * scale) / 2, "end": frame.width - total * scale}.get(
            self.spec.set, 0.0
        )
        alts = self.desk.context.word("logo_of") or self.desk.context.issuer.name
        for key, art in arts:
            width, height = art.width * scale, art.height * scale
            y = frame.y + (frame.height - height) / 2
            if tile:
                outer = Frame(x, y - tile, width + 2 * tile, height + 2 * tile)
                self.desk.fill_behind(sheet, outer, (1.0, 1.0, 1.0), 1.2 * MM)
            rect = sheet.rect(Frame(x + tile, y, width, height))
            draw = Picture(artwork=self.desk.use(key, art), rect=rect)
            self.desk.put(sheet, Element(role="Figure", alt=alts, bbox=rect), (draw,))
            x += width + 2 * tile + gap * scale


class RuleNode(Node):
    spec: RuleBox

    def inner_wanted(self, available: float) -> float:
        return available

    def inner_height(self, width: float) -> float:
        return self.spec.thickness

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        self.desk.fill_behind(sheet, frame, self.desk.colour(self.spec.colour))


class OrnamentNode(Node):
    """A drawing in the flow."""

    spec: OrnamentBox

    def inner_wanted(self, available: float) -> float:
        return available

    def inner_height(self, width: float) -> float:
        return 4 * MM if self.spec.height is None else 0.0

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        colours = [self.desk.colour(name) for name in self.spec.colours]
        key, art = self.desk.studio.drawing(self.spec.drawing, frame.width, frame.height, colours, self.spec.parameters)
        sheet.art.append(Picture(artwork=self.desk.use(key, art), rect=sheet.rect(frame)))


class SealNode(Node):
    """The issuer's initials in a rosette."""

    spec: SealBox

    def inner_wanted(self, available: float) -> float:
        return min(available, 26 * MM)

    def inner_height(self, width: float) -> float:
        return min(width, 26 * MM)

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        desk = self.desk
        side = min(frame.width, frame.height)
        square = Frame(frame.x + (frame.width - side) / 2, frame.y + (frame.height - side) / 2, side, side)
        key, art = desk.studio.drawing("rosette", side, side, [desk.colour(n) for n in self.spec.colours], {})
        sheet.art.append(Picture(artwork=desk.use(key, art), rect=sheet.rect(square)))
        style, colour = desk.style(self.spec.style)
        fitted = desk.typesetter.fit(desk.context.expand("{issuer.initials}").text, style, side * 0.42, desk.language)
        line = fitted.lines[0]
        rect = sheet.rect(square)
        middle = (line.ink[1] + line.ink[3]) / 2
        y = (rect[1] + rect[3]) / 2 - middle
        sheet.art.append(Text(line=line, x=start_of(line, rect, "center"), y=round(y, 3), colour=colour))


class QrNode(Node):
    """The QR code in its quiet zone, upon a tile of its own so that nothing shows through."""

    spec: QrBox

    def inner_wanted(self, available: float) -> float:
        return self.spec.size * MM

    def inner_height(self, width: float) -> float:
        return self.spec.size * MM

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        desk, side = self.desk, self.spec.size * MM
        count = desk.studio.symbols.modules
        module = side / (count + 2 * QUIET)
        if module < MODULE - 1e-6 and not self.spec.artifact:
            least = (count + 2 * QUIET) * 0.4
            raise desk.problem(
                "qr-too-small",
                f"The QR code in box “{self.name}” would have modules of {module / MM:.2f} mm; 0.4 mm is the least.",
                f"Make its size at least {least:.1f} mm, or use a shorter verify_url.",
                key=f"boxes.{self.name}.size",
            )
        ink, tile = desk.colour(self.spec.colour), desk.colour(self.spec.tile)
        desk.studio.check_contrast(desk, self.name, ink, tile)
        square = Frame(frame.x, frame.y, side, side)
        rect = sheet.rect(square)
        desk.fill_behind(sheet, square, tile)
        slot = QrSlot(
            name=desk.slot_name(self.name),
            matrix=(module, 0.0, 0.0, module, rect[0] + QUIET * module, rect[1] + QUIET * module),
            colour=ink,
        )
        if self.spec.artifact or desk.as_furniture:
            desk.put_slot(sheet, None, slot)
            return
        words = desk.context.word("qr_alt")
        desk.put_slot(sheet, Element(role="Figure", alt=words, bbox=rect), slot)
        desk.wrap_last("Link", Link(page=sheet.index, rect=rect, contents=desk.context.word("verify_link"), slot="url"))
        desk.wrap_last("P")


class SignatoriesNode(Node):
    """Signature, rule, name and role of each, side by side."""

    spec: SignatoriesBox

    def people(self) -> tuple[Signatory, ...]:
        return self.desk.context.edition.signatories

    def rows(self, width: float) -> tuple[list[list[Signatory]], float]:
        """People by row, and the length of the rules."""
        people, spec = list(self.people()), self.spec
        for across in range(min(spec.columns, len(people)), 0, -1):
            rule = min(spec.rule * MM, (width - (across - 1) * spec.gap * MM) / across)
            if rule >= spec.rule_min * MM - SLACK or across == 1:
                per = -(-len(people) // -(-len(people) // across))  # rows of even length
                return [people[i : i + per] for i in range(0, len(people), per)], rule
        return [], 0.0

    def _styles(self) -> tuple[tuple[Style, Colour], tuple[Style, Colour]]:
        return self.desk.style(self.spec.name_style), self.desk.style(self.spec.role_style)

    def _words(self, person: Signatory, rule: float) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        (name_style, _), (role_style, _) = self._styles()
        desk, width = self.desk, rule + min(self.spec.gap * MM * 0.6, 6 * MM)
        names = self.desk.paragraph(self.name, ((person.name, name_style),), width, balance=True)
        roles = self.desk.paragraph(self.name, ((person.role, role_style),), width, balance=True)
        return names, roles if person.role else ()

    def image_height(self, row: Sequence[Signatory]) -> float:
        full = self.spec.image_height * MM
        full -= self.desk.tight * 0.3 * full
        return full if any(person.signature for person in self.people()) else full * 0.75

    def row_height(self, row: Sequence[Signatory], rule: float) -> float:
        (name_style, _), (role_style, _) = self._styles()
        texts = 0.0
        for person in row:
            names, roles = self._words(person, rule)
            tall = sum(line_height(line, leading_of(name_style)) for line in names)
            tall += sum(line_height(line, leading_of(role_style)) for line in roles)
            texts = max(texts, tall)
        return self.image_height(row) + UNDER + texts

    def text(self) -> str:
        return ", ".join(person.name for person in self.people())

    def inner_wanted(self, available: float) -> float:
        rows, rule = self.rows(available)
        across = max((len(row) for row in rows), default=0)
        return across * rule + max(0, across - 1) * self.spec.gap * MM

    def inner_height(self, width: float) -> float:
        rows, rule = self.rows(width)
        heights = [self.row_height(row, rule) for row in rows]
        return sum(heights) + self.spec.row_gap * MM * max(0, len(rows) - 1)

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        rows, rule = self.rows(frame.width)
        y = frame.y
        for row in rows:
            gap = self.spec.gap * MM
            used = len(row) * rule + (len(row) - 1) * gap
            if self.spec.spread == "between" and len(row) > 1:
                gap += (frame.width - used) / (len(row) - 1)
                used = frame.width
            offset = {"center": (frame.width - used) / 2, "end": frame.width - used}.get(self.spec.spread, 0.0)
            for index, person in enumerate(row):
                self._place_one(sheet, person, frame.x + offset + index * (rule + gap), y, rule, row)
            y += self.row_height(row, rule) + self.spec.row_gap * MM

    def _place_one(
        self, sheet: Sheet, person: Signatory, x: float, y: float, rule: float, row: Sequence[Signatory]
    ) -> None:
        desk = self.desk
        (name_style, name_colour), (role_style, role_colour) = self._styles()
        line_y = y + self.image_height(row)
        if person.signature:
            room = self.image_height(row)
            key, art = desk.studio.image(Path(person.signature), rule * 0.86, room * 1.12, knock_out_white=True)
            left = x + ((rule - art.width) / 2 if self.spec.set == "center" else 2 * MM)
            below = min(0.16 * art.height, BELOW)  # its descenders cross the rule
            rect = sheet.rect(Frame(left, line_y + below - art.height, art.width, art.height))
            alt = desk.context.word("signature_of", name=person.name)
            desk.put(sheet, Element(role="Figure", alt=alt, bbox=rect), (Picture(desk.use(key, art), rect),))
        desk.fill_behind(sheet, Frame(x, line_y, rule, 0.4), name_colour)
        names, roles = self._words(person, rule)
        overhang = min(self.spec.gap * MM * 0.6, 6 * MM)
        left = x - overhang / 2 if self.spec.set == "center" else x
        y = line_y + UNDER
        draws: list[Draw] = []
        for lines, style, colour in ((names, name_style, name_colour), (roles, role_style, role_colour)):
            leading = leading_of(style)
            height = sum(line_height(line, leading) for line in lines)
            place = Frame(left, y, rule + overhang, height)
            for line in lines:
                if line.width > place.width + SLACK:
                    raise Overfull(self.name, line.text, line.width, place.width, across=True)
            draws += desk.place_lines(sheet, lines, place, leading, self.spec.set, colour)
            y += height
        desk.put(sheet, Element(role="P"), draws)


class SkillsNode(Node):
    """Skills as outlined chips, or as a list in columns."""

    spec: SkillsBox

    def names(self) -> tuple[list[str], str]:
        """What is shown, and the words about the rest."""
        edition = self.desk.context.edition
        every = [s.name for s in (edition.skills if self.spec.source == "skills" else edition.occupations)]
        if len(every) <= self.spec.most:
            return every, ""
        rest = len(every) - self.spec.most
        return every[: self.spec.most], self.desk.context.word("more_skills", count=rest)

    def style(self) -> Style:
        style, self.colour = self.desk.style(self.spec.style)
        least = max(0.85, SMALLEST / style.size)
        return _scale(style, 1 - self.desk.tight * (1 - min(1.0, least)))

    def line(self, text: str) -> Line:
        return self.desk.typesetter.line(text, self.style(), self.desk.language, self.desk.direction)

    def padding(self) -> tuple[float, float]:
        return (2.2 * MM, 1.0 * MM) if self.spec.show == "chips" else (0.0, 0.0)

    def chip_rows(self, width: float) -> list[list[tuple[Line, float]]]:
        across, _ = self.padding()
        rows: list[list[tuple[Line, float]]] = [[]]
        used = 0.0
        names, rest = self.names()
        for text in [*names, *([rest] if rest else [])]:
            line = self.line(text)
            chip = line.width + (2 * across if text != rest else 0)
            if rows[-1] and used + chip > width + SLACK:
                rows.append([])
                used = 0.0
            if chip > width + SLACK:
                raise Overfull(self.name, text, chip, width, across=True)
            rows[-1].append((line, chip))
            used += chip + self.spec.gap * MM
        return (
            _balanced([chip for row in rows for chip in row], len(rows), width, self.spec.gap * MM) if rows[0] else []
        )

    def chip_height(self) -> float:
        style = self.style()
        return style.size * 1.15 + 2 * self.padding()[1]

    def list_columns(self, width: float) -> list[list[tuple[str, tuple[Line, ...]]]]:
        names, rest = self.names()
        columns = min(self.spec.columns, max(1, len(names)))
        each = (width - (columns - 1) * 6 * MM) / columns - 4 * MM
        style = self.style()
        items = [
            (n, self.desk.paragraph(self.name, ((n, style),), each))
            for n in [*names, *([rest] if rest else [])]
        ]
        per = -(-len(items) // columns)
        return [items[i : i + per] for i in range(0, len(items), per)]

    def text(self) -> str:
        return ", ".join(self.names()[0])

    def inner_wanted(self, available: float) -> float:
        return available

    def inner_height(self, width: float) -> float:
        if not self.names()[0]:
            return 0.0
        if self.spec.show == "chips":
            rows = self.chip_rows(width)
            return len(rows) * self.chip_height() + max(0, len(rows) - 1) * self.spec.gap * MM
        leading = leading_of(self.style())
        return max(
            sum(line_height(line, leading) for _, lines in column for line in lines)
            + (len(column) - 1) * self.spec.gap * MM * 0.3
            for column in self.list_columns(width)
        )

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        if not self.names()[0]:
            return
        start = len(self.desk.elements)
        if self.spec.show == "chips":
            self._place_chips(sheet, frame)
        else:
            self._place_list(sheet, frame)
        if not self.desk.as_furniture:
            items = tuple(self.desk.elements[start:])
            del self.desk.elements[start:]
            self.desk.elements.append(Element(role="L", kids=items, attributes={"ListNumbering": "None"}))

    def _item(self, sheet: Sheet, draws: Sequence[Draw]) -> None:
        self.desk.put(sheet, Element(role="LBody"), draws)
        self.desk.wrap_last("LI")

    def _place_chips(self, sheet: Sheet, frame: Frame) -> None:
        outline, height, gap = self.desk.colour(self.spec.colour), self.chip_height(), self.spec.gap * MM
        across, _ = self.padding()
        rest = self.names()[1]
        y = frame.y
        for row in self.chip_rows(frame.width):
            used = sum(width for _, width in row) + gap * (len(row) - 1)
            x = frame.x + {"center": (frame.width - used) / 2, "end": frame.width - used}.get(self.spec.set, 0.0)
            for line, width in row:
                place = Frame(x, y, width, height)
                rect = sheet.rect(place)
                chip = line.text.strip() != rest.strip() or not rest
                if chip:
                    sheet.art.append(Shape(box_path(rect, height / 2), stroke=outline, width=0.4))
                style = self.style()
                face = self.desk.studio.book.face(style.family, style.weight, style.italic)
                lower = (face.x_height + face.cap_height) / 2 / face.upem * style.size
                baseline = (rect[1] + rect[3] - lower) / 2
                text = Text(line, start_of(line, rect, "center"), round(baseline, 3), self.colour)
                self._item(sheet, (text,))
                x += width + gap
            y += height + gap

    def _place_list(self, sheet: Sheet, frame: Frame) -> None:
        columns = self.list_columns(frame.width)
        leading, mark = leading_of(self.style()), self.desk.colour(self.spec.colour)
        each = (frame.width - (self.spec.columns - 1) * 6 * MM) / min(self.spec.columns, len(columns))
        for index, column in enumerate(columns):
            x, y = frame.x + index * (each + 6 * MM), frame.y
            for _, lines in column:
                height = sum(line_height(line, leading) for line in lines)
                dot = Frame(x, y + leading * 0.5 - 0.5 * MM, 1.0 * MM, 1.0 * MM)
                self.desk.fill_behind(sheet, dot, mark, 0.5 * MM)
                place = Frame(x + 4 * MM, y, each - 4 * MM, height)
                self._item(sheet, self.desk.place_lines(sheet, lines, place, leading, "start", self.colour))
                y += height + self.spec.gap * MM * 0.3


def spans_of(spans: Sequence[Span], style: Style) -> list[tuple[str, Style]]:
    """Emphasis as weight and italic."""
    return [
        (
            span.text,
            replace(style, weight=600 if span.strong else style.weight, italic=style.italic or span.emphasis),
        )
        for span in spans
    ]


def _scale(style: Style, share: float) -> Style:
    """A style in another size, in tenths of a point so that equal text gives equal bytes."""
    if share >= 1:
        return style
    size = round(style.size * share, 1)
    return replace(style, size=size, leading=round(leading_of(style) * size / style.size, 2))


def _balanced(chips: list[tuple[Line, float]], rows: int, width: float, gap: float) -> list[list[tuple[Line, float]]]:
    """Chips in so many rows of nearly equal length, in order: the narrowest measure that still takes them."""
    low, high = max(w for _, w in chips), width
    for _ in range(24):
        middle = (low + high) / 2
        if len(_filled(chips, middle, gap)) <= rows:
            high = middle
        else:
            low = middle
    return _filled(chips, high, gap)


def _filled(chips: list[tuple[Line, float]], width: float, gap: float) -> list[list[tuple[Line, float]]]:
    found: list[list[tuple[Line, float]]] = [[]]
    used = 0.0
    for chip in chips:
        if found[-1] and used + chip[1] > width + SLACK:
            found.append([])
            used = 0.0
        found[-1].append(chip)
        used += chip[1] + gap
    return found
