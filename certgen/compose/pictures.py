"""The boxes that hold pictures: images, logos, rules, ornaments, the seal and the QR code."""

from __future__ import annotations

from pathlib import Path

from certgen.compose.boxes import Node
from certgen.compose.desk import Frame, QrSlot, Sheet, start_of
from certgen.compose.texts import TextNode
from certgen.layout import MM, ImageBox, LogosBox, OrnamentBox, QrBox, RuleBox, SealBox, TextBox
from certgen.page import Artwork, Element, Link, Picture, Text

QUIET = 4  # modules of quiet zone, ISO/IEC 18004, 6.3.8
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
        colours = [desk.colour(name) for name in self.spec.colours]
        key, art = desk.studio.drawing("rosette", side, side, colours, self.spec.parameters)
        sheet.art.append(Picture(artwork=desk.use(key, art), rect=sheet.rect(square)))
        style, colour = desk.style(self.spec.style)
        initials = desk.context.expand("{issuer.initials}").text[: self.spec.letters]
        fitted = desk.typesetter.fit(initials, style, side * 0.42, desk.language)
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
