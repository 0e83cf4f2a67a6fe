"""What a layout file may say: its tables, their keys, and what each key means to a designer.

Boxes are named tables, ``[boxes.title]``; containers list the names of the boxes inside them, so that a problem can
say which box it is about. Lengths are millimetres, type sizes points. Every text is a template of fields in braces,
which are substitution and no more.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from certgen.fields import Template

MM = 72 / 25.4
"""Points in a millimetre."""

SIZES = {"A3": (297, 420), "A4": (210, 297), "A5": (148, 210), "Letter": (215.9, 279.4), "Legal": (215.9, 355.6)}

Align = Literal["start", "center", "end"]
Across = Literal["start", "center", "end", "stretch"]
Sides = float | list[float]
Colours = str | list[Any]


def sides(value: Sides) -> tuple[float, float, float, float]:
    """Top, end, bottom, start from one, two or four numbers, as style sheets write them."""
    if not isinstance(value, list):
        return (value, value, value, value)
    if len(value) == 2:
        return (value[0], value[1], value[0], value[1])
    if len(value) == 4:
        return (value[0], value[1], value[2], value[3])
    raise ValueError(f"one, two or four numbers are needed here, not {len(value)}")


class Paper(Struct, frozen=True, forbid_unknown_fields=True):
    """The sheet. ``size`` is a name or [width, height] in mm, before ``orientation`` turns it."""

    size: Annotated[str | list[float], Meta(description="A3, A4, A5, Letter, Legal, or [width, height] in mm")] = "A4"
    orientation: Annotated[Literal["portrait", "landscape"], Meta(description="of a named size")] = "portrait"
    margin: Annotated[
        Sides, Meta(description="mm: one number, [top and bottom, sides] or [top, end, bottom, start]")
    ] = 18
    bleed: Annotated[float, Meta(description="mm that artwork reaches beyond the trim", ge=0, le=20)] = 0.0

    def points(self) -> tuple[float, float]:
        """Width and height of the trimmed page in points."""
        a, b = sorted(SIZES[self.size] if isinstance(self.size, str) else self.size)
        if isinstance(self.size, list):
            a, b = self.size
            return (a * MM, b * MM)
        return (b * MM, a * MM) if self.orientation == "landscape" else (a * MM, b * MM)


class StyleSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A text style; what is not given comes from the style it is ``like``."""

    like: Annotated[str, Meta(description="the style it inherits from")] | None = None
    font: Annotated[str, Meta(description="a role of [fonts], or a family's name")] | None = None
    script: (
        Annotated[bool, Meta(description="false: the body's face, where the issuer's imitates handwriting")] | None
    ) = None
    weight: Annotated[int, Meta(description="400 is regular, 600 semibold", ge=100, le=1000)] | None = None
    italic: Annotated[bool, Meta(description="never in a right-to-left language")] | None = None
    size: Annotated[float, Meta(description="points", gt=0)] | None = None
    plain_size: (
        Annotated[float, Meta(description="points, where the issuer's face is not a script, which looks larger", gt=0)]
        | None
    ) = None
    match: Annotated[bool, Meta(description="sized to look as large as the layout's own face")] | None = None
    leading: Annotated[float, Meta(description="points from baseline to baseline", gt=0)] | None = None
    tracking: Annotated[float, Meta(description="letterspacing in em")] | None = None
    caps: (
        Annotated[
            Literal["none", "small", "all-small", "upper"],
            Meta(description="small capitals for lower case, or for all; or capitals"),
        ]
        | None
    ) = None
    figures: (
        Annotated[
            Literal["default", "old", "lining", "tabular"],
            Meta(description="old-style, lining, or lining of one width"),
        ]
        | None
    ) = None
    colour: (
        Annotated[str, Meta(description="a name of [colours], primary, accent, ink, paper, white, black, or #rrggbb")]
        | None
    ) = None


class Tint(Struct, frozen=True, forbid_unknown_fields=True):
    """A colour thinned with paper white (or darkened with black)."""

    of: Annotated[str, Meta(description="the colour it is made from")]
    tint: Annotated[float, Meta(description="1 is the full colour, 0 is white", ge=0, le=1)] = 1.0
    shade: Annotated[float, Meta(description="0 is the full colour, 1 is black", ge=0, le=1)] = 0.0
    contrast: Annotated[
        float, Meta(description="darkened until it stands out from white by this ratio: 7 for text", ge=0, le=21)
    ] = 0.0
    ground: Annotated[
        bool, Meta(description="for a ground with text upon it: it is enough if black stands out from it instead")
    ] = False
    on: Annotated[
        str, Meta(description="a ground: if the colour has not this contrast with it, the better of black and white")
    ] = ""


class Art(Struct, frozen=True, forbid_unknown_fields=True):
    """Something drawn under a page: an ornament made from parameters, or a file of the layout's own."""

    kind: Annotated[str, Meta(description="guilloche, waves, band, rosette, ornament, rule, panel, or image")]
    inset: Annotated[Sides, Meta(description="mm from the page's edges")] = 0.0
    at: Annotated[
        Literal[
            "fill", "start", "end", "top", "bottom", "top-start", "top-end", "bottom-start", "bottom-end", "center"
        ],
        Meta(description="where it lies within the inset"),
    ] = "fill"
    width: Annotated[float, Meta(description="mm; without it all there is", gt=0)] | None = None
    height: Annotated[float, Meta(description="mm; without it all there is", gt=0)] | None = None
    colours: Annotated[list[str], Meta(description="names from [colours] or #rrggbb")] = []
    file: Annotated[str, Meta(description="for image: a file in the layout's folder")] | None = None
    parameters: Annotated[dict[str, float | int | bool | str], Meta(description="what the kind of drawing takes")] = {}


# --- boxes -------------------------------------------------------------------------------------


class Box(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """What every box may say."""

    when: Annotated[
        str, Meta(description="a field: the box is there only if it has a value; !field for the reverse")
    ] = ""
    width: Annotated[float, Meta(description="mm; without it the box takes what it needs or is given", gt=0)] | None = (
        None
    )
    height: Annotated[float, Meta(description="mm", gt=0)] | None = None
    grow: Annotated[float, Meta(description="share of the spare room along its row or stack", ge=0)] = 0.0
    align: Annotated[Across, Meta(description="across its row or stack")] | None = None
    pad: Annotated[Sides, Meta(description="mm inside the box")] = 0.0
    background: Annotated[str, Meta(description="a colour drawn behind the box")] | None = None


class Stack(Box, frozen=True, tag="stack", kw_only=True):
    """Boxes from top to bottom."""

    boxes: Annotated[list[str], Meta(description="names of the boxes, from the top")]
    gap: Annotated[float, Meta(description="mm between them", ge=0)] = 0.0
    gap_min: Annotated[float, Meta(description="mm, where the page is full")] | None = None
    items: Annotated[Across, Meta(description="alignment across, unless a box says its own")] = "stretch"
    justify: Annotated[
        Literal["start", "center", "end", "between"], Meta(description="where spare room goes if no box grows")
    ] = "start"


class Row(Box, frozen=True, tag="row", kw_only=True):
    """Boxes side by side, from the reading direction's start."""

    boxes: Annotated[list[str], Meta(description="names of the boxes, from the reading direction's start")]
    gap: Annotated[float, Meta(description="mm between them", ge=0)] = 0.0
    gap_min: Annotated[float, Meta(description="mm, where the page is full")] | None = None
    items: Annotated[
        Across, Meta(description="alignment up and down (start is the top), unless a box says its own")
    ] = "start"
    justify: Annotated[
        Literal["start", "center", "end", "between"], Meta(description="where spare room goes if no box grows")
    ] = "start"


class Overlay(Box, frozen=True, tag="overlay", kw_only=True):
    """Boxes in one place; each keeps to its own ``align`` and stands at the top unless its stack says otherwise."""

    boxes: Annotated[list[str], Meta(description="names of the boxes; the first lies lowest")]


class Space(Box, frozen=True, tag="space", kw_only=True):
    """Nothing; with ``grow`` it takes spare room, with ``height`` a fixed part of it."""

    height_min: Annotated[float, Meta(description="mm, where the page is full")] | None = None


class TextBox(Box, frozen=True, tag="text", kw_only=True):
    """One text. With a field of the recipient's it is a slot of fixed size, into which each text is fitted."""

    text: Annotated[
        str | list[str], Meta(description="a template; a list is joined by `separator`, leaving out what is empty")
    ]
    separator: Annotated[str, Meta(description="between the texts of a list")] = " · "
    style: Annotated[str | list[str], Meta(description="a style; of a list, the first whose face can set the text")] = (
        "body"
    )
    set: Annotated[Align, Meta(description="alignment of the lines")] = "start"
    role: Annotated[Literal["P", "H1", "H2", "H3", "Artifact"], Meta(description="what assistive software is told")] = (
        "P"
    )
    lines: Annotated[int, Meta(description="a slot's lines at most", ge=1, le=4)] = 1
    shrink: Annotated[float, Meta(description="smallest share of its size on one line", gt=0, le=1)] = 0.68
    floor: Annotated[float, Meta(description="smallest share of its size at all", gt=0, le=1)] = 0.5
    balance: Annotated[bool, Meta(description="lines of even length")] = False
    link: Annotated[Literal["", "verify", "issuer"], Meta(description="makes the text a link")] = ""
    max_width: Annotated[float, Meta(description="mm: lines are broken at it, in a wider box too")] | None = None


class ProseBox(Box, frozen=True, tag="prose", kw_only=True):
    """A Markdown text of the course, on one page."""

    source: Annotated[Literal["course.summary"], Meta(description="which text")] = "course.summary"
    style: Annotated[str, Meta(description="a style")] = "body"
    set: Annotated[Align, Meta(description="alignment of the lines")] = "start"
    shrink: Annotated[float, Meta(description="smallest share of its size, where the page is full", gt=0, le=1)] = 0.8
    paragraphs: Annotated[int, Meta(description="at most so many, from the beginning; 0 for all", ge=0)] = 0


class ImageBox(Box, frozen=True, tag="image", kw_only=True):
    """A picture from the layout's folder; decoration unless ``alt`` says what it shows."""

    file: Annotated[str, Meta(description="a PNG, JPEG, SVG or PDF in the layout's folder")]
    alt: Annotated[str, Meta(description="what it shows, for who cannot see it; empty for decoration")] = ""


class LogosBox(Box, frozen=True, tag="logos", kw_only=True):
    """The issuer's logos, of equal optical size; its name in words where there is none."""

    height: Annotated[float, Meta(description="mm for each", gt=0)] = 16.0
    max_width: Annotated[float, Meta(description="mm for each", gt=0)] = 46.0
    gap: Annotated[float, Meta(description="mm between them", ge=0)] = 8.0
    set: Annotated[Align, Meta(description="alignment in the box")] = "start"
    columns: Annotated[int, Meta(description="at most so many side by side", ge=1)] = 8
    style: Annotated[str, Meta(description="of the issuer's name where there is no logo")] = "issuer"
    reversed: Annotated[bool, Meta(description="on a white tile, for coloured grounds")] = False
    tile: Annotated[float, Meta(description="mm: the tile's least width and height", ge=0)] = 0.0


class RuleBox(Box, frozen=True, tag="rule", kw_only=True):
    """A line across the box."""

    thickness: Annotated[float, Meta(description="points", gt=0)] = 0.4
    colour: Annotated[str, Meta(description="a colour")] = "ink"


class OrnamentBox(Box, frozen=True, tag="ornament", kw_only=True):
    """A small drawing in the flow, such as a divider or a seal."""

    drawing: Annotated[str, Meta(description="kind of drawing, as for art")] = "ornament"
    colours: Annotated[list[str], Meta(description="its colours")] = field(default_factory=lambda: ["accent"])
    parameters: Annotated[dict[str, float | int | bool | str], Meta(description="what the drawing takes")] = {}


class SealBox(Box, frozen=True, tag="seal", kw_only=True):
    """A flat rosette around the issuer's initials."""

    colours: Annotated[list[str], Meta(description="the rosette's colours")] = field(
        default_factory=lambda: ["primary"]
    )
    style: Annotated[str, Meta(description="of the initials")] = "seal"
    letters: Annotated[int, Meta(description="initials at most", ge=1, le=3)] = 3
    parameters: Annotated[dict[str, float | int | bool | str], Meta(description="of its rosette")] = {}


class QrBox(Box, frozen=True, tag="qr", kw_only=True):
    """The QR code with its quiet zone; the smallest is 0.4 mm a module. An artifact has the code's address only."""

    size: Annotated[float, Meta(description="mm, quiet zone included", gt=0)] = 30.0
    colour: Annotated[str, Meta(description="of its modules, dark")] = "#000000"
    tile: Annotated[str, Meta(description="the colour it stands on")] = "#ffffff"
    artifact: Annotated[bool, Meta(description="a repetition that assistive software skips")] = False
    hang: Annotated[
        bool, Meta(description="the quiet zone reaches beyond the box: the symbol itself ends with its neighbours")
    ] = False


class SignatoriesBox(Box, frozen=True, tag="signatories", kw_only=True):
    """Signature, rule, name and role of each signatory."""

    rule: Annotated[float, Meta(description="length of the rule, mm")] = 58.0
    rule_min: Annotated[float, Meta(description="mm; were the rules shorter, there is another row")] = 40.0
    gap: Annotated[float, Meta(description="mm between signatories")] = 12.0
    gap_min: Annotated[float, Meta(description="mm, where their rules would otherwise be shorter")] | None = None
    image_height: Annotated[float, Meta(description="mm for the signature above its rule")] = 14.0
    name_style: Annotated[str, Meta(description="of the names")] = "signatory"
    role_style: Annotated[str, Meta(description="of the roles")] = "signatory-role"
    set: Annotated[Align, Meta(description="alignment of a name on its rule")] = "center"
    spread: Annotated[
        Literal["center", "start", "end", "between", "grid"],
        Meta(description="how they share the width; grid: each begins a column of its own"),
    ] = "center"
    columns: Annotated[int, Meta(description="at most so many side by side", ge=1, le=4)] = 4
    row_gap: Annotated[float, Meta(description="mm between rows", ge=0)] = 6.0


class SkillsBox(Box, frozen=True, tag="skills", kw_only=True):
    """Skills or occupations, as chips or as a list."""

    show: Annotated[Literal["chips", "list"], Meta(description="as outlined chips, or as a list in columns")] = "chips"
    source: Annotated[Literal["skills", "occupations"], Meta(description="which of the course")] = "skills"
    most: Annotated[int, Meta(description="more go to the record pages, and a phrase says how many", ge=1)] = 8
    style: Annotated[str, Meta(description="a style")] = "chip"
    set: Annotated[Align, Meta(description="alignment of rows of chips")] = "center"
    columns: Annotated[int, Meta(description="of a list", ge=1)] = 2
    gap: Annotated[float, Meta(description="mm between chips", ge=0)] = 2.0
    colour: Annotated[str, Meta(description="of a chip's outline or a list's marks")] = "primary"


class RecordBox(Box, frozen=True, tag="record", kw_only=True):
    """The course record: flows in columns over as many pages as it needs. It fills the page's frame."""

    content: Annotated[
        list[Literal["summary", "sections", "skills", "occupations"]], Meta(description="what is told, in this order")
    ] = field(default_factory=lambda: ["summary", "sections", "skills"])
    columns: Annotated[int, Meta(description="columns on a page", ge=1, le=4)] = 2
    gutter: Annotated[float, Meta(description="mm between columns", ge=0)] = 9.0
    style: Annotated[str, Meta(description="of paragraphs and lists")] = "record"
    heading: Annotated[str, Meta(description="of sections' headings")] = "record-heading"
    subheading: Annotated[str, Meta(description="of headings inside a section")] = "record-subheading"
    minor: Annotated[str, Meta(description="of the lesser headings inside a section; empty: the subheading's")] = ""
    gap: Annotated[float, Meta(description="points before a heading")] = 14.0
    skills_over: Annotated[int, Meta(description="skills are listed only if there are more than these")] = 0


AnyBox = (
    Stack
    | Row
    | Overlay
    | Space
    | TextBox
    | ProseBox
    | ImageBox
    | LogosBox
    | RuleBox
    | OrnamentBox
    | SealBox
    | QrBox
    | SignatoriesBox
    | SkillsBox
    | RecordBox
)


class PageSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A page: its root box fills the paper within the margins. A page that holds a record box repeats as needed."""

    box: Annotated[str, Meta(description="name of the box that fills the page within its margins")]
    paper: Annotated[Paper, Meta(description="where it differs from the layout's")] | None = None
    art: Annotated[list[Art], Meta(description="drawings under the boxes, the first lowest")] = []
    background: Annotated[
        str | dict[str, str] | None, Meta(description="a designer's PDF, SVG or PNG; or one for each language")
    ] = None
    include: Annotated[Literal["always", "asked"], Meta(description="asked: only with --record")] = "always"


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """layout.toml as written."""

    title: Annotated[str, Meta(description="name of the layout")]
    summary: Annotated[str, Meta(description="what it looks like, in a sentence")] = ""
    paper: Annotated[Paper, Meta(description="the sheet")] = field(default_factory=Paper)
    fonts: Annotated[
        dict[str, str],
        Meta(description="families by role: heading, name, body, or others; the issuer may replace them"),
    ] = {}
    colours: Annotated[dict[str, str | Tint], Meta(description="colours by name, as #rrggbb or made from another")] = {}
    styles: Annotated[dict[str, StyleSpec], Meta(description="text styles by name")] = {}
    boxes: Annotated[dict[str, AnyBox], Meta(description="boxes by name")] = {}
    pages: Annotated[dict[str, PageSpec], Meta(description="pages by name, in this order")] = {}


class Layout(Struct, frozen=True):
    """A checked layout. ``phrases`` holds its words by language and label; ``folder`` is where its files lie."""

    name: str
    folder: str
    title: str
    summary: str
    paper: Paper
    fonts: dict[str, str]
    colours: dict[str, str | Tint]
    styles: dict[str, StyleSpec]
    boxes: dict[str, AnyBox]
    pages: dict[str, PageSpec]
    phrases: dict[str, dict[str, str]]
    file: str

    def prints(self, path: str) -> bool:
        """Whether any text or phrase has this field."""
        texts = [text for words in self.phrases.values() for text in words.values()]
        for box in self.boxes.values():
            said = box.text if isinstance(box, TextBox) else ()
            texts += [said] if isinstance(said, str) else said
        return any(path in Template.parse(text).paths for text in texts)

    def conditions(self) -> tuple[str, ...]:
        """The fields that any box's ``when`` asks for, sorted."""
        return tuple(sorted({box.when.lstrip("!") for box in self.boxes.values() if box.when}))
