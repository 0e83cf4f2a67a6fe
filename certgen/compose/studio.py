"""Layout, course and issuer in; blanks out. What several blanks share is made once here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from msgspec import structs

from certgen import artwork
from certgen import course as courses
from certgen.compose.blank import Blank, Matter, engraved
from certgen.compose.boxes import Blankness, Node, OverlayNode, RowNode, StackNode
from certgen.compose.context import Context
from certgen.compose.desk import Desk, Frame, Overfull, Sheet
from certgen.compose.pictures import LogosNode, OrnamentNode, PictureNode, QrNode, RuleNode, SealNode
from certgen.compose.record import Flow, RecordNode
from certgen.compose.signatories import SignatoriesNode
from certgen.compose.skills import SkillsNode
from certgen.compose.specimen import across
from certgen.compose.stock import stock
from certgen.compose.symbols import SymbolMaker
from certgen.compose.texts import ProseNode, TextNode
from certgen.course import expiry_date
from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.font import FontBook
from certgen.layout import (
    MM,
    Art,
    ImageBox,
    Layout,
    LogosBox,
    OrnamentBox,
    Overlay,
    PageSpec,
    ProseBox,
    QrBox,
    RecordBox,
    Row,
    RuleBox,
    SealBox,
    SignatoriesBox,
    SkillsBox,
    Space,
    Stack,
    TextBox,
    sides,
)
from certgen.model import Course, Issuer
from certgen.page import Artwork, Colour, Document, Draw, Page, Picture, Rect
from certgen.text import Typesetter, Uncovered

T = TypeVar("T")

TIGHTNESS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)
CONTRAST = 4.5  # dark modules against their tile, WCAG 2.2, 1.4.3; scanners ask for less

NODES: dict[type, type[Node]] = {
    Space: Blankness,
    TextBox: TextNode,
    ProseBox: ProseNode,
    ImageBox: PictureNode,
    LogosBox: LogosNode,
    RuleBox: RuleNode,
    OrnamentBox: OrnamentNode,
    SealBox: SealNode,
    QrBox: QrNode,
    SignatoriesBox: SignatoriesNode,
    SkillsBox: SkillsNode,
    RecordBox: RecordNode,
}
_CONTAINERS: dict[type, type] = {Stack: StackNode, Row: RowNode, Overlay: OverlayNode}


class Studio:
    """Composes the blanks of one course in one layout.

    ``issued`` is the day of issue of the whole batch; ``record`` adds the pages that a layout prints when asked.
    ``specimen`` marks every page as a sample, whose code is specimen.CODE.
    Pictures, drawings and QR tables are shared by all blanks.
    """

    def __init__(
        self,
        layout: Layout,
        course: Course,
        issuer: Issuer,
        book: FontBook,
        issued: date,
        *,
        record: bool = False,
        specimen: bool = False,
    ) -> None:
        self.layout, self.course, self.issuer, self.book, self.issued = layout, course, issuer, book, issued
        self.record, self.specimen = record, specimen
        self.expires = expiry_date(course.expires, issued)
        self.typesetter = Typesetter(book)
        self.symbols = SymbolMaker(f"{issuer.verify_url}/v#")
        self.flow: Flow | None = None
        self._art: dict[str, Artwork] = {}  # from files
        self._drawn: dict[str, Artwork] = {}
        self._said: set[Problem] = set()

    def renewed(self, layout: Layout, course: Course, issuer: Issuer, issued: date, *, pictures: bool) -> Studio:
        """A studio for files that have changed: what was shaped and drawn is kept, and pictures where ``pictures``."""
        new = Studio(layout, course, issuer, self.book, issued, record=self.record, specimen=self.specimen)
        new.typesetter, new._drawn = self.typesetter, self._drawn
        if pictures:
            new._art = self._art
        if issuer.verify_url == self.issuer.verify_url:
            new.symbols = self.symbols  # its tables take a tenth of a second
        return new

    def modules(self, short: bool) -> tuple[int, int]:
        """The fewest and the most modules along a side of the QR codes."""
        return self.symbols.modules(short)

    def conditions(self) -> tuple[str, ...]:
        """Fields whose presence decides which boxes there are. Give :meth:`blank` those that have a value."""
        return self.layout.conditions()

    def blank(self, language: str, award: int, present: frozenset[str], problems: list[Problem]) -> Blank | None:
        """The blank of one language and award. Appends problems; None when there is an error among them."""
        return self.made(language, award, present, problems, engraved)

    def made(
        self,
        language: str,
        award: int,
        present: frozenset[str],
        problems: list[Problem],
        make: Callable[[Document, Matter], T],
    ) -> T | None:
        """As :meth:`blank`, for what ``make`` makes of the pages and of what varies on them."""
        context = Context(
            self.layout,
            self.course,
            self.course.editions[language],
            self.issuer,
            award,
            self.issued,
            self.expires,
            present,
            self.record,
        )
        found: list[Problem] = []
        made = None
        try:
            made = make(*self._compose(context))
        except Overfull as error:
            found.append(self._overfull(error, language))
        except Uncovered as error:
            place = courses.where(error.characters, self.course, self.issuer, language)
            found += [courses.located(structs.replace(problem, **place)) for problem in error.problems]
        except CertgenError as error:
            found.extend(error.problems)
        found.extend(context.problems())
        for problem in found:
            if problem not in self._said:
                self._said.add(problem)
                problems.append(problem)
        return None if has_errors(found) else made

    # --- shared artwork ----------------------------------------------------------------------

    def image(self, path: Path, width: float, height: float, *, knock_out_white: bool = False) -> tuple[str, Artwork]:
        """A picture that fits the room, with its key. Raises CertgenError when it cannot be used."""
        key = f"{path}|{width:.1f}|{height:.1f}|{knock_out_white}"
        if key not in self._art:
            problems: list[Problem] = []
            art = artwork.image(path, width, height, problems, knock_out_white=knock_out_white, book=self.book)
            if art is None:
                raise CertgenError(problems)
            self._art[key] = art
        return key, self._art[key]

    def drawing(
        self,
        kind: str,
        width: float,
        height: float,
        colours: Sequence[Colour],
        parameters: dict[str, float | int | bool | str],
        where: str,
    ) -> tuple[str, Artwork]:
        """An ornament, with its key. Raises CertgenError, for the layout's key ``where``, if it cannot be drawn."""
        key = f"{kind}|{width:.2f}|{height:.2f}|{colours}|{sorted(parameters.items())}"
        if key not in self._drawn:
            try:
                self._drawn[key] = artwork.drawing(kind, width, height, list(colours), **parameters)
            except CertgenError as error:
                placed = [structs.replace(problem, file=self.layout.file, key=where) for problem in error.problems]
                raise CertgenError(placed) from None
        return key, self._drawn[key]

    def check_contrast(self, desk: Desk, box: str, ink: Colour, ground: Colour) -> None:
        """Refuse a QR code that stands out too little to be scanned, or is light on dark."""
        ratio = artwork.contrast(ink, ground)
        if ratio < CONTRAST or sum(ink) > sum(ground):
            raise desk.problem(
                "qr-contrast",
                f"The QR code in box “{box}” stands out too little from its tile (contrast {ratio:.1f} to 1).",
                f"Choose a dark colour and a light tile, at least {CONTRAST} to 1; black on white is best.",
                key=f"boxes.{box}",
            )

    # --- composing ---------------------------------------------------------------------------

    def _compose(self, context: Context) -> tuple[Document, Matter]:
        desk = Desk(self, context)
        pages = [(name, page) for name, page in self.layout.pages.items() if page.include == "always" or self.record]
        for name, page in pages:
            if self._box_of(page.box, RecordBox):
                self._record_pages(desk, name, page)
            else:
                self._one_page(desk, name, page)
        document = Document(
            pages=tuple(
                Page(sheet.width, sheet.height, self._art_on(sheet), tuple(sheet.furniture), sheet.bleed, sheet.record)
                for sheet in desk.sheets
            ),
            root=tuple(desk.elements),
            language=context.language,
            artwork=desk.artwork,
            stock={} if self.specimen else stock(desk),  # a few samples bring their own
        )
        edition = context.edition
        return document, Matter(
            slots=tuple(desk.slots),
            symbols=self.symbols,
            book=self.book,
            language=context.language,
            issued=self.issued,
            title=context.expand("{words.document_title}"),
            author=self.issuer.name,
            subject=edition.title,
            keywords=tuple(dict.fromkeys((self.course.code, *(skill.name for skill in edition.skills)))),
            typesetter=self.typesetter,
        )

    def _art_on(self, sheet: Sheet) -> tuple[Draw, ...]:
        if not self.specimen:
            return tuple(sheet.art)
        letters, edges = across(sheet.width, sheet.height, self.book)
        return (letters, *sheet.art, edges)

    def _box_of(self, name: str, kind: type) -> bool:
        box = self.layout.boxes[name]
        return isinstance(box, kind) or any(self._box_of(child, kind) for child in getattr(box, "boxes", ()))

    def _sheet(self, desk: Desk, spec: PageSpec) -> tuple[Sheet, Frame]:
        paper = spec.paper or self.layout.paper
        width, height = paper.points()
        sheet = Sheet(len(desk.sheets), width, height, desk.rtl, paper.bleed * MM)
        desk.sheets.append(sheet)
        top, end, bottom, start = (side * MM for side in sides(paper.margin))
        return sheet, Frame(start, top, width - start - end, height - top - bottom)

    def _one_page(self, desk: Desk, name: str, spec: PageSpec) -> None:
        """A page that must hold its boxes: as designed, or as tight as the layout allows."""
        marks = len(desk.sheets), len(desk.elements), len(desk.slots)
        for tight in TIGHTNESS:
            desk.tight = tight
            del desk.sheets[marks[0] :], desk.elements[marks[1] :], desk.slots[marks[2] :]
            try:
                sheet, frame = self._sheet(desk, spec)
                self._ground(desk, sheet, name, spec)
                node = self._node(desk, spec.box)
                if node is not None:
                    node.place(sheet, frame)
            except Overfull:
                if tight == TIGHTNESS[-1]:
                    raise
            else:
                break
        desk.tight = 0.0

    def _record_pages(self, desk: Desk, name: str, spec: PageSpec) -> None:
        """Pages that repeat until the record is told. Set twice: the first time to count them."""
        marks = len(desk.sheets), len(desk.elements), len(desk.slots)
        count = 0
        for _ in range(2):
            del desk.sheets[marks[0] :], desk.elements[marks[1] :], desk.slots[marks[2] :]
            self.flow = None
            while self.flow is None or not self.flow.done:
                sheet, frame = self._sheet(desk, spec)
                sheet.record = True
                desk.page_fields = {"page.number": sheet.index + 1, "page.count": count}
                desk.as_furniture = True
                node = self._node(desk, spec.box)
                before = self.flow.next if self.flow else -1
                if node is not None:
                    node.place(sheet, frame)
                if self.flow is None or (self.flow.next == before and not self.flow.done):
                    raise desk.problem("no-room", f"The record has no room on the page “{name}”.", key=f"pages.{name}")
                if not self.flow.strips:  # nothing to tell: no page
                    desk.sheets.pop()
                    del desk.slots[marks[2] :]
                    break
                art, sheet.art = sheet.art, []
                self._ground(desk, sheet, name, spec)
                sheet.art.extend(art)
            count = len(desk.sheets)
            desk.elements.extend(self.flow.elements() if self.flow else [])
        desk.as_furniture = False
        desk.page_fields = {}
        self.flow = None

    def _node(self, desk: Desk, name: str) -> Node | None:
        spec = self.layout.boxes[name]
        if not desk.context.has(spec.when):
            return None
        container = _CONTAINERS.get(type(spec))
        if container is not None:
            children = [node for child in spec.boxes if (node := self._node(desk, child)) is not None]  # type: ignore[union-attr]
            made: Node = container(desk, name, spec, children)
            return made
        return NODES[type(spec)](desk, name, spec)

    def _ground(self, desk: Desk, sheet: Sheet, name: str, spec: PageSpec) -> None:
        """What lies under everything: the designer's background, then drawings."""
        background = spec.background
        if isinstance(background, dict):
            background = self._background_in(desk, name, background)
        if background is not None:
            path = Path(self.layout.folder) / background
            key = f"background|{path}|{sheet.width:.1f}|{sheet.height:.1f}"
            if key not in self._art:
                problems: list[Problem] = []
                art = artwork.background(path, sheet.width, sheet.height, problems, book=self.book)
                if art is None:
                    raise CertgenError(problems)
                self._art[key] = art
            whole = (0.0, 0.0, sheet.width, sheet.height)
            sheet.art.append(Picture(desk.use(key, self._art[key]), whole, stationery=True))
        for at, art_spec in enumerate(spec.art, 1):
            self._art_of(desk, sheet, art_spec, f"pages.{name}.art[{at}]")

    def _background_in(self, desk: Desk, page: str, choices: dict[str, str]) -> str:
        """The background of the certificate's language, or of the language that its own is a variety of."""
        tag = desk.language
        while tag not in choices and "-" in tag:
            tag = tag.rpartition("-")[0]
        if tag not in choices:
            raise desk.problem(
                "no-background",
                f"The page “{page}” has a background for {', '.join(sorted(choices))}, and none for {desk.language}.",
                f'Add {desk.language} = "…" to it, or give one file for all languages.',
                key=f"pages.{page}.background",
            )
        return choices[tag]

    def _art_of(self, desk: Desk, sheet: Sheet, spec: Art, where: str) -> None:
        frame = _area(spec, sheet)
        colours = [desk.colour(name) for name in spec.colours] or [desk.colour("primary")]
        if spec.kind == "panel":
            desk.fill_behind(sheet, frame, colours[0], float(spec.parameters.get("radius", 0.0)) * MM, stationery=True)
            return
        if spec.kind == "image":
            assert spec.file is not None, "checked when the layout was read"
            key, art = self.image(Path(self.layout.folder) / spec.file, frame.width, frame.height)
            x0, y0, x1, y1 = sheet.rect(frame)
            left, low = (x0 + x1 - art.width) / 2, (y0 + y1 - art.height) / 2
            rect: Rect = (left, low, left + art.width, low + art.height)
        else:
            key, art = self.drawing(spec.kind, frame.width, frame.height, colours, spec.parameters, where)
            rect = sheet.rect(frame)
        sheet.art.append(Picture(desk.use(key, art), rect, stationery=True))

    def _overfull(self, error: Overfull, language: str) -> Problem:
        shown = error.text if len(error.text) <= 80 else error.text[:77] + "…"
        over = (error.needed - error.there) / MM
        if error.across:
            what = f"“{shown}” is" if shown else "What is side by side is"
            message = f"{what} {over:.1f} mm too wide for box “{error.box}” ({error.there / MM:.0f} mm)."
        else:
            what = f": “{shown}”." if shown else "."
            message = f"The page is {over:.1f} mm too full; box “{error.box}” takes the most{what}"
        return Problem(
            code="does-not-fit",
            message=f"{message} Language: {language}.",
            hint="Shorten the text, or choose a layout with more room for it.",
            file=self.layout.file,
            key=f"boxes.{error.box}",
            exit_code=ExitCode.LAYOUT,
        )


def _area(spec: Art, sheet: Sheet) -> Frame:
    """The frame of a page's art: within its inset, at a side or corner, in its size."""
    top, end, bottom, start = (side * MM for side in sides(spec.inset))
    width = sheet.width - start - end if spec.width is None else spec.width * MM
    height = sheet.height - top - bottom if spec.height is None else spec.height * MM
    x, y = start, top
    if spec.at == "center":
        x, y = (sheet.width - width) / 2, (sheet.height - height) / 2
    if "end" in spec.at:
        x = sheet.width - end - width
    if "bottom" in spec.at:
        y = sheet.height - bottom - height
    return Frame(x, y, width, height)
