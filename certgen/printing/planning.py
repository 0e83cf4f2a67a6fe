"""From certificates to the sheets that they will be on, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Literal, NamedTuple

from msgspec.structs import replace

from certgen.errors import CertgenError, ExitCode, Problem, has_errors
from certgen.layout import MM
from certgen.page import Document
from certgen.printing.collation import Section, sections
from certgen.printing.filling import Fillings
from certgen.printing.imposition import Grid, Portion, Room, Sheet, Size, alike, grid, in_mm, portions, signatures
from certgen.printing.marks import Marks
from certgen.printing.plan import Options, Pile, many, points
from certgen.registry import Held, Registry
from certgen.selection import Chosen

PIECE = 200  # certificates that are read from the registry at a time
NO_RECORDS = (
    "Records are made where course.toml says record = true, or by: certgen batch ROSTER --record. For certificates "
    "that are issued already, with the same codes: certgen batch ROSTER --record --replace"
)
SMALL = 0.7  # of its size: below, a QR code is hard to scan


class Laid(NamedTuple):
    """A section and its sheets; ``bleed`` in points. ``back`` is where backs are, if there are any."""

    section: Section
    front: Grid
    back: Grid
    bleed: float

    @property
    def pile(self) -> Pile:
        return Pile(
            label=self.section.label,
            certificates=len(self.section.members),
            size=in_mm(self.section.size),
            sheet=in_mm((self.front.width, self.front.height)),
            up=len(self.front.cells),
            scale=round(self.front.scale, 4),
        )


class Scheme:
    """Who is printed where. Problems are appended; with an error among them :class:`CertgenError` is raised.

    ``laid`` are the sections, ``files`` the parts of them that each file has; ``days`` those of issue; ``left_out``:
    how many cannot be made again; ``records``: of how many the course record is printed.
    """

    def __init__(
        self,
        registry: Registry,
        fillings: Fillings,
        chosen: Sequence[Chosen],
        options: Options,
        problems: list[Problem],
    ) -> None:
        self._registry, self._options, self._problems = registry, options, problems
        self._documents: dict[int, Document] = {}  # by serial
        self._printed: dict[int, tuple[int, ...]] = {}  # id of a document -> its pages that are printed
        self.courses: set[str] = set()
        self.days: set[date] = set()
        self.settings: set[str] = set()  # digests of what the certificates were made from
        self.left_out = 0
        self.laid: list[Laid] = []
        self._survey(fillings, chosen)
        self._stop()
        found = self._sections([one for one in chosen if one.serial in self._documents])
        self.records = sum(self._has_record(one) for section in found for one in section.members)
        self.duplex = options.duplex != "none" and not options.proof and self._has_backs(found)
        if options.pages == "all" and not self.records and (options.duplex == "none" or options.proof):
            words = "None of these certificates has a course record, so the certificates alone are printed."
            self._tell("no-record", words, NO_RECORDS, "warning")
        self._lay_out(found)
        self._stop()
        self.files = portions(
            [laid.section.pages for laid in self.laid],
            [len(laid.front.cells) for laid in self.laid],
            split=None if options.proof else options.split,
            duplex=self.duplex,
            separators=options.separators,
        )

    @property
    def dated(self) -> date:
        """The day that the files say."""
        return self._options.dated or max(self.days)

    def pages(self, one: Chosen) -> tuple[int, ...]:
        """The pages of a certificate's document that are printed."""
        return self._printed[id(self._documents[one.serial])]

    def sheets(self, portion: Portion) -> Iterator[tuple[Sequence[int], Sequence[Sheet]]]:
        """The sheets of a portion, with those who come in there for the first time: as many as there are places."""
        laid = self.laid[portion.section]
        pages = laid.section.pages[portion.start : portion.end]
        for made in signatures(pages, len(laid.front.cells), order=self._options.order, duplex=self.duplex):
            yield [member for member in made.members if member is not None], made.sheets

    def count(self, file: Sequence[Portion]) -> int:
        """How many sheets a file has."""
        slips = sum(portion.first for portion in file) if self._options.separators else 0
        return slips + sum(len(sheets) for portion in file for _, sheets in self.sheets(portion))

    def read(self, wanted: Sequence[Chosen]) -> Iterator[Held]:
        """Rows of the registry in the order in which they are wanted, some at a time."""
        for at in range(0, len(wanted), PIECE):
            some = wanted[at : at + PIECE]
            rows = {held.serial: held for held in self._registry.get(one.serial for one in some)}
            yield from (rows[one.serial] for one in some)

    # --- how it comes about ------------------------------------------------------------------

    def _survey(self, fillings: Fillings, chosen: Sequence[Chosen]) -> None:
        """The pages of each certificate. Those that cannot be made again are warnings, unless there is no other."""
        lost: dict[Problem, None] = {}
        for held in self.read(chosen):
            try:
                document = fillings.document(held)
            except CertgenError as error:
                lost |= dict.fromkeys(error.problems)
                self.left_out += 1
                continue
            if id(document) not in self._printed:
                self._printed[id(document)] = self._pages_of(document)
            self._documents[held.serial] = document
            self.days.add(held.issued)
            self.settings.add(held.setting)
            self.courses.add(held.content.course if held.content else "")
        if self._documents:
            self._problems += [replace(problem, severity="warning") for problem in lost]
        else:
            self._problems += lost
        if self._documents and self.left_out:
            are = "is" if self.left_out == 1 else "are"
            words = f"{many(self.left_out)} cannot be made again and {are} left out."
            self._tell("left-out", words, "Print the PDF files that were issued, where you have them.", "warning")

    def _pages_of(self, document: Document) -> tuple[int, ...]:
        wanted = self._options.pages
        return tuple(
            number
            for number, page in enumerate(document.pages)
            if wanted == "all" or page.record == (wanted == "record")
        )

    def _has_record(self, one: Chosen) -> bool:
        document = self._documents[one.serial]
        return any(document.pages[number].record for number in self.pages(one))

    def _sections(self, chosen: Sequence[Chosen]) -> list[Section]:
        options = self._options
        pages = [len(self.pages(one)) for one in chosen]
        found = sections(
            chosen,
            [self._first(one) for one in chosen],
            pages,
            by_language=options.separators and not options.grouped,
            grouped=options.grouped,
            as_they_come=options.sort == "roster",
        )
        if not found:
            words = "None of these certificates has a course record."
            self._tell("no-record", words, f"Print the certificates themselves: --pages certificate. {NO_RECORDS}")
            self._stop()
        if missing := pages.count(0):
            words = "1 certificate has" if missing == 1 else f"{missing:,} certificates have"
            self._tell("no-record", f"{words} no course record, so nothing is printed.", severity="warning")
        return found

    def _first(self, one: Chosen) -> Size:
        """The size of the first page that is printed."""
        document, printed = self._documents[one.serial], self.pages(one)
        page = document.pages[printed[0] if printed else 0]
        return (page.width, page.height)

    def _has_backs(self, found: Sequence[Section]) -> bool:
        if any(count > 1 for section in found for count in section.pages):
            return True
        words = "None of these certificates has a second page to be printed, so sheets are printed on one side."
        if self._options.pages == "certificate":
            hint = "With --pages all, the record is printed behind its certificate, where it has one."
        elif self.records:
            hint = "Each record is one page. With --pages all it is printed behind its certificate."
        else:
            hint = NO_RECORDS
        self._tell("no-backs", words, hint, "warning")
        return False

    def _lay_out(self, found: Sequence[Section]) -> None:
        """A grid for each section; sheets of one paper all lie the same way if they can."""
        options, room = self._options, self._options.room
        if not options.proof:
            self._tell_sizes(found)
        wide: bool | None = None
        bare, marked = 0, True
        for section in found:
            documents = list(
                {id(self._documents[one.serial]): self._documents[one.serial] for one in section.members}.values()
            )
            bleeds = [document.pages[n].bleed for document in documents for n in self._printed[id(document)]]
            bleed, bare = max(bleeds), bare + (0 if min(bleeds) else len(section.members))
            bleed = bleed if options.profile == "press" else 0.0
            made = arranged(section.size, room, bleed, wide) if not options.proof else grid(section.size, Room())
            if made is None:
                self._problems.append(_no_room(section.size, room, bleed, options))
                continue
            wide = made.width > made.height if wide is None and room.sheet is not None else wide
            if (self.duplex or options.paper) and not options.proof:
                self._check_pages(section, documents)
            if made.scale < SMALL:
                words = f"Certificates of {in_mm(section.size)} are printed at {made.scale:.0%} of their size"
                hint = "Take a larger sheet (--paper), or fewer on each (--up)."
                self._tell("small", f"{words}: QR codes may be too small for some phones.", hint, "warning")
            marked = marked and Marks(made).complete
            back = made.back(options.duplex) if self.duplex else made
            self.laid.append(
                Laid(section, made.moved(*points(options.offset)), back.moved(*points(options.offset_back)), bleed)
            )
        if options.marked and not marked and not options.proof:
            words = "The sheets have no room for all marks around the certificates; what there is room for is printed."
            self._tell("no-room-for-marks", words, "Take a larger sheet, or fewer on each (--up).", "warning")
        if bare and options.profile == "press" and not options.proof:
            words = (
                f"{many(bare)} without bleed: the artwork ends at the paper's edge, and white may show beside the cut."
            )
            hint = (
                "Another time, let backgrounds reach 3 mm beyond the page, and say bleed = 3 in the layout's [paper]."
            )
            self._tell("no-bleed", words, hint, "warning")

    def _tell_sizes(self, found: Sequence[Section]) -> None:
        sizes: dict[Size, int] = {}
        for section in found:
            sizes[section.size] = sizes.get(section.size, 0) + len(section.members)
        if len(sizes) > 1:
            told = "; ".join(f"{many(count)} of {in_mm(size)}" for size, count in sizes.items())
            words = f"The certificates are of several sizes or orientations: {told}. Each begins on a sheet of its own."
            hint = "Choose them apart (--course, --code) if your printer has to change its paper."
            self._tell("sizes", words, hint, "warning")

    def _check_pages(self, section: Section, documents: Iterable[Document]) -> None:
        """Pages that share a place must be of one size."""
        for document in documents:
            for number in self._printed[id(document)]:
                page = document.pages[number]
                if not alike((page.width, page.height), section.size):
                    other = in_mm((page.width, page.height))
                    words = f"A page of the record is {other}, its certificate {in_mm(section.size)}"
                    hint = "Print them apart: --pages certificate, then --pages record."
                    self._tell("record-size", f"{words}: they cannot stand in one place.", hint)
                    return

    def _tell(self, code: str, message: str, hint: str = "", severity: Literal["error", "warning"] = "error") -> None:
        self._problems.append(
            Problem(code=code, message=message, hint=hint, severity=severity, exit_code=ExitCode.USAGE)
        )

    def _stop(self) -> None:
        if has_errors(self._problems):
            raise CertgenError(self._problems)


def arranged(size: Size, room: Room, bleed: float, wide: bool | None = None) -> Grid | None:
    """A grid on sheets that lie this way, or else the other."""
    made = grid(size, replace(room, bleed=bleed, wide=wide))
    return made if made is not None or wide is None else grid(size, replace(room, bleed=bleed))


def _no_room(size: Size, room: Room, bleed: float, options: Options) -> Problem:
    most = grid(size, replace(room, up=None, fit=False, bleed=bleed))
    asked = f"{options.up} certificates" if options.up and options.up > 1 else "a certificate"
    beyond = f" and {bleed / MM:g} mm of bleed" if bleed else ""
    margin = f" within margins of {room.margin / MM:g} mm" if room.margin else ""
    hint = f"It has room for {len(most.cells)}: --up {len(most.cells)}." if most else "Take a larger sheet: --paper."
    return Problem(
        code="no-room-on-sheet",
        message=f"{options.paper} has no room for {asked} of {in_mm(size)}{beyond}{margin}.",
        hint=f"{hint} Or let certificates be made smaller: --fit.",
        exit_code=ExitCode.USAGE,
    )
