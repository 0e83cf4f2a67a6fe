"""Skills, or occupations: as outlined chips, or as a list in columns."""

from __future__ import annotations

from collections.abc import Sequence

from certgen.compose.boxes import SLACK, Node
from certgen.compose.desk import Frame, Overfull, Sheet, box_path, leading_of, line_height, start_of
from certgen.compose.texts import SMALLEST, scaled
from certgen.layout import MM, SkillsBox
from certgen.page import Draw, Element, Line, Shape, Text
from certgen.text import Style


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
        return scaled(style, 1 - self.desk.tight * (1 - min(1.0, least)))

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
        items = [(n, self.desk.paragraph(self.name, ((n, style),), each)) for n in [*names, *([rest] if rest else [])]]
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
