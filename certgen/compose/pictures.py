"""The boxes that hold pictures: images, logos, rules, ornaments, the seal and the QR code."""

from __future__ import annotations

from math import ceil
from pathlib import Path

from certgen.compose.boxes import Node
from certgen.compose.desk import Frame, QrSlot, Sheet, start_of
from certgen.compose.texts import TextNode
from certgen.layout import MM, ImageBox, LogosBox, OrnamentBox, QrBox, RuleBox, SealBox, TextBox
from certgen.page import Artwork, Element, Link, Picture, Text

QUIET = 4  # modules of quiet zone, ISO/IEC 18004, 6.3.8
CLOSER = 0.45  # of their height, that several logos give up on a full page
TILE = 4 * MM  # margin of the tile that logos stand on
MODULE = 0.4 * MM  # smallest module that office printers and phones manage together


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
        draw = Picture(artwork=self.desk.use(key, art), rect=rect, stationery=True)
        element = Element(role="Figure", alt=self.spec.alt, bbox=rect) if self.spec.alt else None
        self.desk.put(sheet, element, (draw,))


class LogosNode(Node):
    """The issuer's logos, of equal optical size, on one tile on a coloured ground; its name where there is none."""

    spec: LogosBox

    def arts(self) -> list[tuple[str, Artwork]]:
        studio, logos = self.desk.studio, self.desk.context.issuer.logos
        width, height = self.spec.max_width * MM, self.spec.height * MM
        found = [studio.image(Path(logo), width, height) for logo in logos]
        if len(found) < 2:
            return found
        height *= 1 - self.desk.tight * CLOSER  # on a full page many logos give way with everything else
        # A wide logo as high as a square one looks larger: equal areas look equal.
        sizes = [height * (art.width / art.height) ** -0.5 for _, art in found]
        share = height / max(sizes)
        return [
            studio.image(Path(logo), width, min(height, size * share)) for logo, size in zip(logos, sizes, strict=True)
        ]

    def rows(self) -> list[list[tuple[str, Artwork]]]:
        arts, across = self.arts(), self.spec.columns
        return [arts[at : at + across] for at in range(0, len(arts), across)]

    def name_node(self) -> TextNode:
        box = TextBox(text="{issuer.name}", style=self.spec.style, set=self.spec.set, balance=True)
        return TextNode(self.desk, self.name, box)

    def margin(self) -> float:
        """Of the tile around the logos."""
        return TILE if self.spec.reversed else 0.0

    def size(self, rows: list[list[tuple[str, Artwork]]]) -> tuple[float, float]:
        """Of the logos together, without a tile."""
        gap = self.spec.gap * MM
        width = max(sum(art.width for _, art in row) + gap * (len(row) - 1) for row in rows)
        if len(rows) == 1:
            return width, self.spec.height * MM
        return width, sum(max(art.height for _, art in row) for row in rows) + gap * (len(rows) - 1)

    def height(self, width: float) -> float:
        return self.inner_height(width - self.pad.width) + self.pad.height  # spec.height is the pictures' own

    def inner_wanted(self, available: float) -> float:
        rows = self.rows()
        if not rows:
            return self.name_node().inner_wanted(available)
        return max(self.size(rows)[0] + 2 * self.margin(), self.spec.tile * MM)

    def inner_height(self, width: float) -> float:
        rows = self.rows()
        if not rows:
            return self.name_node().inner_height(width)
        return max(self.size(rows)[1] + 2 * self.margin(), self.spec.tile * MM)

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        rows = self.rows()
        if not rows:
            self.name_node().inner_place(sheet, frame)
            return
        gap, margin, least = self.spec.gap * MM, self.margin(), self.spec.tile * MM
        wide, high = self.size(rows)
        scale = min(1.0, (frame.width - 2 * margin) / wide)
        width, height = max(wide * scale + 2 * margin, least), max(high * scale + 2 * margin, least)
        across = {"center": 0.5, "end": 1.0}.get(self.spec.set, 0.0)
        x, y = frame.x + (frame.width - width) * across, frame.y + (frame.height - height) / 2
        if self.spec.reversed:
            self.desk.fill_behind(sheet, Frame(x, y, width, height), (1.0, 1.0, 1.0), stationery=True)
            across = 0.5
        alt = self.desk.context.word("logo_of") or self.desk.context.issuer.name
        y += (height - high * scale) / 2
        for row in rows:
            tall = (high if len(rows) == 1 else max(art.height for _, art in row)) * scale
            used = (sum(art.width for _, art in row) + gap * (len(row) - 1)) * scale
            at = x + margin + (width - 2 * margin - used) * across
            for key, art in row:
                place = Frame(at, y + (tall - art.height * scale) / 2, art.width * scale, art.height * scale)
                rect = sheet.rect(place)
                draw = Picture(artwork=self.desk.use(key, art), rect=rect, stationery=True)
                self.desk.put(sheet, Element(role="Figure", alt=alt, bbox=rect), (draw,))
                at += (art.width + gap) * scale
            y += tall + gap * scale


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
        key, art = self.desk.studio.drawing(
            self.spec.drawing, frame.width, frame.height, colours, self.spec.parameters, f"boxes.{self.name}"
        )
        sheet.art.append(Picture(artwork=self.desk.use(key, art), rect=sheet.rect(frame), stationery=True))


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
        colours = [desk.colour(name) for name in self.spec.colours]
        key, art = desk.studio.drawing("rosette", side, side, colours, self.spec.parameters, f"boxes.{self.name}")
        sheet.art.append(Picture(artwork=desk.use(key, art), rect=sheet.rect(square), stationery=True))
        style, colour = desk.style(self.spec.style)
        initials = desk.context.expand("{issuer.initials}").text[: self.spec.letters]
        fitted = desk.typesetter.fit(initials, style, side * 0.42, desk.language)
        line = fitted.lines[0]
        rect = sheet.rect(square)
        middle = (line.ink[1] + line.ink[3]) / 2
        y = (rect[1] + rect[3]) / 2 - middle
        x = start_of(line, rect, "center")
        sheet.art.append(Text(line=line, x=x, y=round(y, 3), colour=colour, stationery=True))


class QrNode(Node):
    """The QR code in its quiet zone, upon a tile of its own so that nothing shows through."""

    spec: QrBox

    def zone(self) -> float:
        """The quiet zone: wide enough for the largest modules, so that all symbols of a batch are of one size."""
        return QUIET * self.spec.size * MM / (self.desk.studio.modules(self.spec.artifact)[0] + 2 * QUIET)

    def beyond(self) -> float:
        """How far the quiet zone reaches beyond the box."""
        return self.zone() if self.spec.hang else 0.0

    def inner_wanted(self, available: float) -> float:
        return self.spec.size * MM - 2 * self.beyond()

    def inner_height(self, width: float) -> float:
        return self.spec.size * MM - 2 * self.beyond()

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        desk, side = self.desk, self.spec.size * MM
        zone = self.zone()
        fewest, most = desk.studio.modules(self.spec.artifact)
        module = (side - 2 * zone) / most
        if module < MODULE - 1e-6:
            least = ceil(most * 4 * (fewest + 2 * QUIET) / fewest) / 10
            raise desk.problem(
                "qr-too-small",
                f"The QR code in box “{self.name}” would have modules of {module / MM:.2f} mm; 0.4 mm is the least.",
                f"Make its size at least {least:.1f} mm, or use a shorter verify_url.",
                key=f"boxes.{self.name}.size",
            )
        ink, tile = desk.colour(self.spec.colour), desk.colour(self.spec.tile)
        desk.studio.check_contrast(desk, self.name, ink, tile)
        square = Frame(frame.x - self.beyond(), frame.y - self.beyond(), side, side)
        rect = sheet.rect(square)
        desk.fill_behind(sheet, square, tile)
        slot = QrSlot(
            name=desk.slot_name(self.name),
            x=rect[0] + zone,
            y=rect[1] + zone,
            side=side - 2 * zone,
            colour=ink,
            short=self.spec.artifact,
        )
        if self.spec.artifact or desk.as_furniture:
            desk.put_slot(sheet, None, slot)
            return
        words = desk.context.word("qr_alt")
        desk.put_slot(sheet, Element(role="Figure", alt=words, bbox=rect), slot)
        desk.wrap_last("Link", Link(page=sheet.index, rect=rect, contents=desk.context.word("verify_link"), slot="url"))
        desk.wrap_last("P")
