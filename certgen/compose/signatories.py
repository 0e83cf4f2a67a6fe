"""Signatories: signature, rule, name and role of each, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from certgen.compose.boxes import SLACK, Node
from certgen.compose.desk import Frame, Overfull, Sheet, leading_of, line_height
from certgen.layout import MM, SignatoriesBox
from certgen.model import Signatory
from certgen.page import Artwork, Colour, Draw, Element, Line, Picture
from certgen.text import Style

BELOW = 1.8 * MM  # how far a signature reaches below its rule
UNDER = 1.6 * MM  # from the rule to the name's leading
LEAST = 0.81  # share of its size to which a name shrinks rather than break
CLEAR = 0.4 * MM  # between a signature and the name below it


class SignatoriesNode(Node):
    """Signature, rule, name and role of each, side by side."""

    spec: SignatoriesBox

    def people(self) -> tuple[Signatory, ...]:
        return self.desk.context.edition.signatories

    def gap(self, across: int, width: float) -> float:
        """Between so many signatories: as designed, or less where their rules need the room."""
        gap = self.spec.gap * MM
        if self.spec.gap_min is None or across < 2:
            return gap
        spare = (width - across * self.spec.rule * MM) / (across - 1)
        return min(gap, max(self.spec.gap_min * MM, spare))

    def rows(self, width: float) -> tuple[list[list[Signatory]], float]:
        """People by row, and the length of the rules."""
        people, spec = list(self.people()), self.spec
        for across in range(min(spec.columns, len(people)), 0, -1):
            rule = min(spec.rule * MM, (width - (across - 1) * self.gap(across, width)) / across)
            if rule >= spec.rule_min * MM - SLACK or across == 1:
                per = -(-len(people) // -(-len(people) // across))  # rows of even length
                rule = min(spec.rule * MM, (width - (per - 1) * self.gap(per, width)) / per)
                return [people[i : i + per] for i in range(0, len(people), per)], rule
        return [], 0.0

    def _styles(self, rule: float) -> tuple[tuple[Style, Colour], tuple[Style, Colour]]:
        """Of names and of roles. Names share a size at which each keeps to one line, where a little less is enough."""
        (style, colour), role = self.desk.style(self.spec.name_style), self.desk.style(self.spec.role_style)
        room = rule + self.overhang()
        widest = max(
            self.desk.typesetter.line(person.name, style, self.desk.language, self.desk.direction).width
            for person in self.people()
        )
        if widest * LEAST <= room < widest:
            style = replace(style, size=math.floor(style.size * room / widest * 10) / 10)
        return (style, colour), role

    def _words(self, person: Signatory, rule: float) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        (name_style, _), (role_style, _) = self._styles(rule)
        width = rule + self.overhang()
        names = self.desk.paragraph(self.name, ((person.name, name_style),), width, balance=True)
        roles = self.desk.paragraph(self.name, ((person.role, role_style),), width, balance=True)
        return names, roles if person.role else ()

    def overhang(self) -> float:
        """How much wider than their rule names and roles may be set."""
        return min((self.spec.gap_min or self.spec.gap) * MM * 0.6, 6 * MM)

    def image_height(self) -> float:
        full = self.spec.image_height * MM * (1 - self.desk.tight * 0.3)
        return full if any(person.signature for person in self.people()) else full * 0.75

    def art(self, person: Signatory, rule: float) -> tuple[str, Artwork, float]:
        """The signature, and how far its descenders reach below the rule."""
        assert person.signature is not None
        room = self.image_height()
        key, art = self.desk.studio.image(Path(person.signature), rule * 0.86, room * 1.12, knock_out_white=True)
        return key, art, min(0.16 * art.height, BELOW)

    def under(self, row: Sequence[Signatory], rule: float) -> float:
        """From the rule to the names' leading: no signature of the row reaches its name's ink."""
        room = UNDER
        for person in row:
            if person.signature:
                line = self._words(person, rule)[0][0]
                height = line_height(line, leading_of(self._styles(rule)[0][0]))
                above = (height - line.ascent - line.descent) / 2 + line.ascent - line.ink[3]
                room = max(room, self.art(person, rule)[2] + CLEAR - above)
        return room

    def row_height(self, row: Sequence[Signatory], rule: float) -> float:
        (name_style, _), (role_style, _) = self._styles(rule)
        texts = 0.0
        for person in row:
            names, roles = self._words(person, rule)
            tall = sum(line_height(line, leading_of(name_style)) for line in names)
            tall += sum(line_height(line, leading_of(role_style)) for line in roles)
            texts = max(texts, tall)
        return self.image_height() + self.under(row, rule) + texts

    def text(self) -> str:
        return ", ".join(person.name for person in self.people())

    def inner_wanted(self, available: float) -> float:
        rows, rule = self.rows(available)
        across = max((len(row) for row in rows), default=0)
        return across * rule + max(0, across - 1) * self.gap(across, available)

    def inner_height(self, width: float) -> float:
        rows, rule = self.rows(width)
        heights = [self.row_height(row, rule) for row in rows]
        return sum(heights) + self.spec.row_gap * MM * max(0, len(rows) - 1)

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        rows, rule = self.rows(frame.width)
        y = frame.y
        for row in rows:
            gap = self.gap(len(row), frame.width)
            used = len(row) * rule + (len(row) - 1) * gap
            if self.spec.spread == "between" and len(row) > 1:
                gap += (frame.width - used) / (len(row) - 1)
                used = frame.width
            if self.spec.spread == "grid":
                gap += (frame.width + gap) / len(row) - (rule + gap)
            offset = {"center": (frame.width - used) / 2, "end": frame.width - used}.get(self.spec.spread, 0.0)
            for index, person in enumerate(row):
                self._place_one(sheet, person, frame.x + offset + index * (rule + gap), y, rule, row)
            y += self.row_height(row, rule) + self.spec.row_gap * MM

    def _place_one(
        self, sheet: Sheet, person: Signatory, x: float, y: float, rule: float, row: Sequence[Signatory]
    ) -> None:
        desk = self.desk
        (name_style, name_colour), (role_style, role_colour) = self._styles(rule)
        line_y = y + self.image_height()
        if person.signature:
            key, art, below = self.art(person, rule)
            left = x + ((rule - art.width) / 2 if self.spec.set == "center" else 2 * MM)
            rect = sheet.rect(Frame(left, line_y + below - art.height, art.width, art.height))
            alt = desk.context.word("signature_of", name=person.name)
            desk.put(sheet, Element(role="Figure", alt=alt, bbox=rect), (Picture(desk.use(key, art), rect),))
        desk.fill_behind(sheet, Frame(x, line_y, rule, 0.4), name_colour)
        names, roles = self._words(person, rule)
        overhang = self.overhang()
        left = x - overhang / 2 if self.spec.set == "center" else x
        y = line_y + self.under(row, rule)
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
