"""The desk a certificate is composed on: its sheets, its structure, its slots, and one door to coordinates.

Boxes are arranged in logical points: x from the reading direction's start, y downward from the
page's top. :meth:`Sheet.rect` alone turns that into the page's own coordinates, so that a page in a
right-to-left language is the mirror image of the same layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from certgen.artwork import contrast
from certgen.compose.context import Context
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.fields import Template
from certgen.layout import Layout, StyleSpec, Tint
from certgen.page import Artwork, Colour, Draw, Element, Line, Link, Mark, Rect, Shape, Text
from certgen.text import Direction, Fit, Style, Typesetter, Unfit

if TYPE_CHECKING:
    from certgen.compose.studio import Studio

BLACK: Colour = (0.0, 0.0, 0.0)
WHITE: Colour = (1.0, 1.0, 1.0)
CAPITALS, APART = 0.88, 0.05  # of a name in capitals throughout: share of its size, letterspacing in em
RIGHT_TO_LEFT = frozenset(["ar", "he", "fa", "ur", "ps", "dv", "yi", "sd", "ug", "ckb"])


def reads_right_to_left(language: str) -> bool:
    """Whether pages in a language are mirrored."""
    return language.split("-")[0] in RIGHT_TO_LEFT


class Frame(NamedTuple):
    """A rectangle in logical points; ``y`` is its top."""

    x: float
    y: float
    width: float
    height: float


class TextSlot(Struct, frozen=True):
    """Where a recipient's text goes, and how it may be fitted. ``frame`` is the page's own coordinates."""

    name: str
    box: str
    templates: tuple[Template, ...]
    separator: str
    styles: tuple[tuple[Style, Colour], ...]
    frame: Rect
    baseline: float  # of a single line
    set: str  # left, center, right
    rule: Fit
    direction: Direction


class QrSlot(Struct, frozen=True):
    """Where a QR code's modules go: ``x`` and ``y`` of the lower left one, the ``side`` of all, in points. ``short``:
    the symbol of the code's address, else that of the signed payload."""

    name: str
    x: float
    y: float
    side: float
    colour: Colour
    short: bool


class Sheet:
    """One page in the making."""

    def __init__(self, index: int, width: float, height: float, rtl: bool, bleed: float = 0.0) -> None:
        self.index, self.width, self.height, self.rtl, self.bleed = index, width, height, rtl, bleed
        self.record = False
        self.art: list[Draw] = []
        self.furniture: list[str] = []

    def rect(self, frame: Frame) -> Rect:
        """The frame in the page's coordinates: mirrored where the language reads right to left."""
        x = self.width - frame.x - frame.width if self.rtl else frame.x
        y = self.height - frame.y - frame.height
        return (x, y, x + frame.width, y + frame.height)


class Overfull(Exception):
    """A box needs more room than there is; compose tries again tighter, then tells it as a Problem."""

    def __init__(self, box: str, text: str, needed: float, there: float, across: bool) -> None:
        super().__init__(box)
        self.box, self.text, self.needed, self.there, self.across = box, text, needed, there, across


class Desk:
    """State of one composition. ``tight`` runs from 0 (as designed) to 1 (as close as the layout allows)."""

    def __init__(self, studio: Studio, context: Context) -> None:
        self.studio = studio
        self.layout: Layout = studio.layout
        self.context = context
        self.typesetter: Typesetter = studio.typesetter
        self.language = context.language
        self.rtl = reads_right_to_left(context.language)
        self.direction: Direction = "rtl" if self.rtl else "ltr"
        self.tight = 0.0
        self.sheets: list[Sheet] = []
        self.elements: list[Element] = []
        self.slots: list[TextSlot | QrSlot] = []
        self.artwork: dict[str, Artwork] = {}
        self.page_fields: dict[str, object] = {}
        self.as_furniture = False
        self._colours: dict[str, Colour] = {}
        self._styles: dict[str, tuple[Style, Colour]] = {}

    # --- names from the layout ---------------------------------------------------------------

    def colour(self, name: str) -> Colour:
        """A colour by its name in [colours], "primary", "accent", "white", or #rrggbb."""
        if name not in self._colours:
            self._colours[name] = self._resolve_colour(name)
        return self._colours[name]

    def _resolve_colour(self, name: str) -> Colour:
        if name.startswith("#"):
            digits = name[1:] if len(name) == 7 else "".join(c * 2 for c in name[1:])
            r, g, b = (round(int(digits[i : i + 2], 16) / 255, 4) for i in (0, 2, 4))
            return (r, g, b)
        found = self.layout.colours.get(name)
        if found is None:
            own = {"primary": self.context.issuer.primary, "accent": self.context.issuer.accent}
            basic = {"white": "#ffffff", "black": "#000000", "paper": "#ffffff", "ink": "#1c1b1a"}
            if name not in own and name not in basic:
                raise self.problem("unknown-colour", f"There is no colour “{name}”.", key="colours")
            return self._resolve_colour(own.get(name) or basic[name])
        if isinstance(found, Tint):
            base = self.colour(found.of)
            r, g, b = (round((1 - (1 - c) * found.tint) * (1 - found.shade), 4) for c in base)
            return self._legible((r, g, b), found)
        return self._resolve_colour(found)

    def _legible(self, colour: Colour, spec: Tint) -> Colour:
        """The colour, or what it must become to be read: an issuer's own may be too light."""
        if spec.on:
            ground = self.colour(spec.on)
            better = max((WHITE, BLACK), key=lambda other: contrast(other, ground))
            return colour if contrast(colour, ground) >= spec.contrast else better
        others = (WHITE, BLACK) if spec.ground else (WHITE,)
        for percent in range(100, 0, -1):
            r, g, b = (round(part * percent / 100, 4) for part in colour)
            if any(contrast((r, g, b), other) >= spec.contrast for other in others):
                return (r, g, b)
        return BLACK

    def style(self, name: str) -> tuple[Style, Colour]:
        """A style by name, everything inherited, with its colour."""
        if name not in self._styles:
            spec = self._inherited(name)
            family = self.family(spec.font or "body")
            if spec.script is False and is_script(family):
                family = self.family("body")
            size = (None if is_script(family) else spec.plain_size) or spec.size or 10.0
            if spec.match:
                size = round(size * self._match(family, spec.font or "body"), 1)
            fallback = tuple(
                dict.fromkeys(self.family(role) for role in ("heading", "body") if self.family(role) != family)
            )
            style = Style(
                family=family,
                size=size,
                weight=spec.weight or 400,
                italic=bool(spec.italic) and not self.rtl,
                leading=spec.leading or 0.0,
                tracking=0.0 if self.rtl else spec.tracking or 0.0,
                caps=spec.caps or "none",
                figures=spec.figures or "default",
                fallback=fallback,
            )
            self._styles[name] = (style, self.colour(spec.colour or "ink"))
        return self._styles[name]

    def _match(self, family: str, role: str) -> float:
        """How much to enlarge a face to look as large as the layout's own; a script is not measured."""
        own = self.layout.fonts.get(role, family)
        if is_script(own) and not is_script(family):
            own = self.layout.fonts.get("heading", family)
        if is_script(family):
            return 1.0
        ours, theirs = (self.studio.book.face(name) for name in (own, family))
        looks = [(face.x_height + face.cap_height) / face.upem for face in (ours, theirs)]
        return looks[0] / looks[1] if min(looks) > 0 else 1.0

    def _inherited(self, name: str) -> StyleSpec:
        spec = self.layout.styles.get(name)
        if spec is None:
            return StyleSpec() if name == "body" else self._inherited("body")
        if spec.like is None:
            return spec
        base = self._inherited(spec.like)
        own = {key: value for key in spec.__struct_fields__ if (value := getattr(spec, key)) is not None}
        return replace(base, **own)

    def family(self, role: str) -> str:
        """A role of [fonts] as a family: the issuer's own choice first."""
        issuers = self.context.issuer.fonts
        if role in self.layout.fonts:
            return issuers.get(role, self.layout.fonts[role])
        return issuers.get(role, "EB Garamond") if role in ("heading", "name", "body") else role

    def problem(self, code: str, message: str, hint: str = "", key: str | None = None) -> CertgenError:
        return CertgenError(
            Problem(code=code, message=message, hint=hint, key=key, file=self.layout.file, exit_code=ExitCode.LAYOUT)
        )

    # --- what boxes put down -----------------------------------------------------------------

    def put(self, sheet: Sheet, element: Element | None, draws: Sequence[Draw]) -> None:
        """Fixed drawing: a new element at the end of the reading order, or an artifact where there is none."""
        if element is None or self.as_furniture:
            sheet.art.extend(draws)
        else:
            self.elements.append(replace(element, kids=(*element.kids, Mark(page=sheet.index, draws=tuple(draws)))))

    def put_slot(self, sheet: Sheet, element: Element | None, slot: TextSlot | QrSlot) -> None:
        self.slots.append(slot)
        if element is None or self.as_furniture:
            sheet.furniture.append(slot.name)
        else:
            self.elements.append(replace(element, kids=(*element.kids, Mark(page=sheet.index, slot=slot.name))))

    def wrap_last(self, role: str, link: Link | None = None) -> None:
        """Put the element that was laid down last inside another."""
        if not self.as_furniture:
            self.elements.append(Element(role=role, kids=(self.elements.pop(),), link=link))

    def slot_name(self, box: str) -> str:
        return f"{box}#{len(self.slots)}"

    def use(self, key: str, art: Artwork) -> str:
        """Register a piece of artwork under its key."""
        self.artwork[key] = art
        return key

    def fill_behind(
        self, sheet: Sheet, frame: Frame, colour: Colour, radius: float = 0.0, *, stationery: bool = False
    ) -> None:
        sheet.art.append(Shape(path=box_path(sheet.rect(frame), radius), fill=colour, stationery=stationery))

    # --- setting fixed text ------------------------------------------------------------------

    def paragraph(
        self, box: str, spans: Sequence[tuple[str, Style]], width: float, *, balance: bool = False
    ) -> tuple[Line, ...]:
        """Fixed text in lines. Raises Overfull where a word is wider than the box."""
        try:
            return self.typesetter.paragraph(
                tuple(spans), width, self.language, direction=self.direction, balance=balance
            )
        except Unfit as error:
            text = "".join(text for text, _ in spans)
            raise Overfull(box, text, error.needed, error.there, across=True) from None

    def choose(self, names: str | Sequence[str], text: str) -> tuple[Style, Colour]:
        """Of several styles the first whose own face can set the text and suits it."""
        styles = [self.style(name) for name in ([names] if isinstance(names, str) else names)]
        return pick(self.typesetter, styles, text, self.language, self.direction)

    def place_lines(
        self, sheet: Sheet, lines: Sequence[Line], frame: Frame, leading: float, align: str, colour: Colour
    ) -> tuple[Text, ...]:
        """Lines from a frame's top, each centred in its leading."""
        rect = sheet.rect(frame)
        draws: list[Text] = []
        top = rect[3]
        for line in lines:
            height = line_height(line, leading)
            baseline = top - (height - line.ascent - line.descent) / 2 - line.ascent
            draws.append(Text(line=line, x=start_of(line, rect, self.side(align)), y=round(baseline, 3), colour=colour))
            top -= height
        return tuple(draws)

    def side(self, align: str) -> str:
        """start and end as left and right."""
        if align == "center":
            return "center"
        return "right" if (align == "start") == self.rtl else "left"


def pick(
    typesetter: Typesetter, styles: Sequence[tuple[Style, Colour]], text: str, language: str, direction: Direction
) -> tuple[Style, Colour]:
    """The first style whose own face sets the whole text; the last one, with its fallbacks, where none does.

    A name in capitals throughout is not for a script face (pages.md: it looks broken), so styles before the last
    are passed over for it when they belong to one. Capitals are set a little smaller and apart.
    """
    if len(styles) == 1:
        return styles[0]
    capitals = text.isupper() and sum(map(str.isalpha, text)) > 2
    suited = (each for each in styles[:-1] if not (capitals and is_script(each[0].family)))
    fit = (each for each in suited if typesetter.sets(text, each[0], language, direction))
    style, colour = next(fit, styles[-1])
    if capitals and not style.tracking:
        style = replace(style, size=round(CAPITALS * style.size, 1), tracking=APART)
    return style, colour


def is_script(family: str) -> bool:
    """Whether a family imitates handwriting."""
    return family in ("Great Vibes", "Pinyon Script") or "script" in family.lower() or "hand" in family.lower()


def line_height(line: Line, leading: float) -> float:
    """The leading, widened for scripts that reach further than Latin does."""
    size = max((run.size for run in line.runs), default=0.0)
    return max(leading, leading + (line.ascent + line.descent) - 1.42 * size)


def start_of(line: Line, rect: Rect, side: str) -> float:
    """x of a line's origin within a rectangle."""
    if side == "left":
        return rect[0]
    if side == "right":
        return round(rect[2] - line.width, 3)
    return round((rect[0] + rect[2] - line.width) / 2, 3)


def leading_of(style: Style) -> float:
    return style.leading or 1.35 * style.size


def box_path(rect: Rect, radius: float = 0.0) -> str:
    """A rectangle, or one with rounded corners, as path operators."""
    x0, y0, x1, y1 = rect
    if radius <= 0:
        return f"{x0:.2f} {y0:.2f} {x1 - x0:.2f} {y1 - y0:.2f} re"
    r = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    k = r * 0.4477  # 1 - 0.5523, the cubic's reach for a quarter circle
    return (
        f"{x0 + r:.2f} {y0:.2f} m "
        f"{x1 - r:.2f} {y0:.2f} l {x1 - k:.2f} {y0:.2f} {x1:.2f} {y0 + k:.2f} {x1:.2f} {y0 + r:.2f} c "
        f"{x1:.2f} {y1 - r:.2f} l {x1:.2f} {y1 - k:.2f} {x1 - k:.2f} {y1:.2f} {x1 - r:.2f} {y1:.2f} c "
        f"{x0 + r:.2f} {y1:.2f} l {x0 + k:.2f} {y1:.2f} {x0:.2f} {y1 - k:.2f} {x0:.2f} {y1 - r:.2f} c "
        f"{x0:.2f} {y0 + r:.2f} l {x0:.2f} {y0 + k:.2f} {x0 + k:.2f} {y0:.2f} {x0 + r:.2f} {y0:.2f} c h"
    )
