"""Pages from PDF files that others made: checked, cleaned of what an archival file must not hold, kept as vectors.

The page will be an artifact (ISO 32000-1, 14.8.2.2) inside a PDF/A-3a and PDF/UA-1 file, so: no scripts, actions,
forms, annotations or attachments; fonts embedded and with Unicode values; no uncalibrated CMYK, since the file's
output intent is sRGB; no marked content of its own (ISO 19005-3, 6.2; ISO 14289-1, 7.1). What can be taken out without
changing the looks is taken out; for the rest a Problem says what to ask the designer for.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Page, Pdf, Stream

from certgen.artwork.sheet import MM, Report, saved
from certgen.page import Artwork, Rect

TOLERANCE = 1.0  # mm that a page may be off
MOST_OBJECTS = 20_000
DEEPEST = 24  # forms within forms
LARGEST_STREAM = 256 * 2**20  # bytes, of all streams together

_MARKED = frozenset({"BMC", "BDC", "EMC", "MP", "DP"})
_OPERATORS = frozenset(  # ISO 32000-1, annex A
    re.findall(
        r"\S+",
        "b B b* B* BI BT BX c cm CS cs d d0 d1 Do EI ET EX f F f* G g gs h i ID j J K k l m M n q Q re RG rg ri s S "
        "SC sc SCN scn sh T* Tc Td TD Tf TJ Tj TL Tm Tr Ts Tw Tz v w W W* y ' \"",
    )
)
_BLENDING = frozenset(  # ISO 32000-1, 11.3.5
    re.findall(
        r"\S+",
        "Normal Compatible Multiply Screen Overlay Darken Lighten ColorDodge ColorBurn HardLight SoftLight Difference "
        "Exclusion Hue Saturation Color Luminosity",
    )
)
_ASK_CMYK = "Ask the designer to export it in RGB (sRGB), for example as PDF/X-4 or PDF/A-2 with an sRGB profile."
_ASK_FONTS = "Ask the designer to embed all fonts, or to turn the text into outlines."


def page(
    data: bytes, report: Report, *, fit: tuple[float, float] | None = None, exact: tuple[float, float] | None = None
) -> Artwork | None:
    """The first page by its TrimBox. ``fit``: drawn as large as this allows; ``exact``: of this size, within a
    millimetre, the only page, its bleed kept. Points. None, with Problems, where it cannot be used."""
    try:
        pdf = pikepdf.open(io.BytesIO(data))
    except pikepdf.PasswordError:
        report("encrypted-design", "The PDF is protected by a password.", "Ask for one without protection.")
        return None
    except (pikepdf.PdfError, ValueError, RecursionError):
        report("damaged-design", "The PDF cannot be read; it is damaged.", "Ask the designer to export it again.")
        return None
    with pdf:
        try:
            return _Design(pdf, report).artwork(fit, exact)
        except _Refused:
            return None
        except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError, NotImplementedError):
            report("damaged-design", "The PDF is not sound inside.", "Ask the designer to export it again.")
            return None


class _Refused(Exception):
    """Reading stops; the report has been told why."""


class _Design:
    """One file on its way in."""

    def __init__(self, pdf: Pdf, report: Report) -> None:
        self.pdf, self.report = pdf, report
        self._seen: set[tuple[int, int]] = set()
        self._count = self._size = 0

    def artwork(self, fit: tuple[float, float] | None, exact: tuple[float, float] | None) -> Artwork | None:
        report, pdf = self.report, self.pdf
        if pdf.is_encrypted:
            report("encrypted-design", "The PDF is encrypted.", "Ask the designer for one without protection.")
        if not pdf.pages:
            report("empty-design", "The PDF has no page.", "Ask the designer to export it again.")
            return None
        if exact and len(pdf.pages) > 1:
            report(
                "many-pages",
                f"The PDF has {len(pdf.pages)} pages; a background is one page.",
                "Ask for one file per page, and name each in the layout.",
            )
        source = pdf.pages[0]
        self._document()
        self._active(source.obj)
        trim, bleed = self._boxes(source)
        unit = float(source.obj.get("/UserUnit", 1))
        if int(source.obj.get("/Rotate", 0)) % 360:
            report("rotated-design", "The page is turned by a page setting.", "Ask for the page the right way up.")
        if unit != 1:
            report("odd-unit", "The page uses a unit of its own.", "Ask for a page of the usual size and unit.")
        width, height = trim[2] - trim[0], trim[3] - trim[1]
        if width <= 0 or height <= 0:
            report("empty-design", "The page has no area.", "Ask the designer to export it again.")
            return None
        if exact and (abs(width - exact[0]) > TOLERANCE * MM or abs(height - exact[1]) > TOLERANCE * MM):
            report(
                "wrong-size",
                f"The page is {width / MM:.1f} x {height / MM:.1f} mm (its TrimBox); "
                f"the layout's page is {exact[0] / MM:.1f} x {exact[1] / MM:.1f} mm.",
                f"Ask the designer for a page of {exact[0] / MM:.0f} x {exact[1] / MM:.0f} mm"
                ", with the TrimBox set to it.",
            )
        resources = source.obj.get("/Resources", source.resources)
        self._resources(resources, 0)
        contents = source.obj.get("/Contents", Array())
        for stream in contents if isinstance(contents, Array) else [contents]:
            self._weigh(stream)
        source.contents_coalesce()
        content = self._cleaned(source, "the page")
        if report.refused:
            return None
        made = Pdf.new()
        entries = Dictionary(
            Type=Name.Page,
            MediaBox=Array([round(edge, 4) for edge in bleed]),
            TrimBox=Array([round(edge, 4) for edge in trim]),
            Contents=made.make_stream(content),
        )
        made.pages.append(Page(made.make_indirect(entries)))
        made.pages[0].obj.Resources = made.copy_foreign(pdf.make_indirect(resources))
        scale = min(fit[0] / width, fit[1] / height) if fit else 1.0
        if scale == 1.0:
            return Artwork(pdf=saved(made), width=width, height=height, origin=(trim[0], trim[1]))
        return _scaled(made, trim, bleed, scale)

    def _boxes(self, source: Page) -> tuple[Rect, Rect]:
        """Trim box and bleed box, both within the media box."""
        media = _rect(source.mediabox)
        trim = _rect(source.trimbox)
        bleed = _rect(source.obj.BleedBox) if "/BleedBox" in source.obj else _rect(source.cropbox)
        bleed = min(bleed[0], trim[0]), min(bleed[1], trim[1]), max(bleed[2], trim[2]), max(bleed[3], trim[3])
        return _within(trim, media), _within(bleed, media)

    # --- what may not be there ----------------------------------------------------------------

    def _document(self) -> None:
        root, report = self.pdf.Root, self.report
        names = root.get("/Names", Dictionary())
        if "/OpenAction" in root or "/AA" in root or "/JavaScript" in names:
            report("active-design", "The PDF contains a script or an action.", "Ask for it without them.")
        if "/EmbeddedFiles" in names or "/AF" in root or "/Collection" in root:
            report("attachment-in-design", "The PDF carries other files inside.", "Ask for it without attachments.")
        if "/AcroForm" in root and len(root.AcroForm.get("/Fields", Array())):
            report("form-in-design", "The PDF is a form to fill in.", "Ask for it without form fields.")
        layers = root.get("/OCProperties")
        if layers is not None:
            default = layers.get("/D", Dictionary())
            if len(default.get("/OFF", Array())) or str(default.get("/BaseState", "/ON")) != "/ON":
                report("hidden-layers", "The PDF has hidden layers.", "Ask for it with its layers flattened.")

    def _active(self, source: Object) -> None:
        if len(source.get("/Annots", Array())):
            self.report(
                "annotation-in-design",
                "The page has annotations (links, comments or form fields).",
                "Ask for it without them; certgen makes the links itself.",
            )
        if "/AA" in source:
            self.report("active-design", "The PDF contains a script or an action.", "Ask for it without them.")

    # --- resources ----------------------------------------------------------------------------

    def _resources(self, resources: Object, depth: int) -> None:
        """Checks and cleans everything that a content stream can name; ISO 32000-1, 7.8.3."""
        if depth > DEEPEST:
            raise ValueError("too deep")
        for _, space in _items(resources, "/ColorSpace"):
            self._space(space)
        for _, state in _items(resources, "/ExtGState"):
            self._state(state, depth)
        for _, pattern in _items(resources, "/Pattern"):
            if self._new(pattern):
                if isinstance(pattern, Stream):
                    self._form(pattern, depth, "a pattern")
                else:
                    self._space(pattern.Shading.get("/ColorSpace"))
        for _, shading in _items(resources, "/Shading"):
            self._space(shading.get("/ColorSpace"))
        for _, font in _items(resources, "/Font"):
            if self._new(font):
                self._font(font, depth)
        for _, thing in _items(resources, "/XObject"):
            if self._new(thing):
                self._xobject(thing, depth)
        if "/Properties" in resources:
            del resources["/Properties"]

    def _new(self, thing: Object) -> bool:
        self._count += 1
        if isinstance(thing, Stream) and (not thing.is_indirect or thing.objgen not in self._seen):
            self._weigh(thing)
        if self._count > MOST_OBJECTS:
            raise ValueError("too many objects")
        if not thing.is_indirect:
            return True
        known = thing.objgen in self._seen
        self._seen.add(thing.objgen)
        return not known

    def _weigh(self, stream: Object) -> None:
        """Refuses what would not end when it is unpacked; ISO 32000-1, 7.4."""
        filters = stream.get("/Filter", Array())
        names = [str(f) for f in (filters if isinstance(filters, Array) else [filters])]
        packed = [name for name in names if name in ("/FlateDecode", "/LZWDecode", "/RunLengthDecode")]
        raw = stream.read_raw_bytes()
        if names == ["/FlateDecode"]:
            unpacker = zlib.decompressobj()
            try:
                size = len(unpacker.decompress(raw, LARGEST_STREAM))
            except zlib.error:
                size = 0  # qpdf reads what can be read of it
            self._size += size if not unpacker.unconsumed_tail else LARGEST_STREAM
        elif packed:
            self._size += len(raw) * 1000 ** len(packed)
        if self._size >= LARGEST_STREAM:
            self.report("large-design", "The PDF is too large when it is unpacked.", "Ask the designer for less.")
            raise _Refused

    def _xobject(self, thing: Object, depth: int) -> None:
        for key in ("/OC", "/StructParent", "/StructParents", "/OPI", "/Alternates", "/PieceInfo", "/Metadata"):
            if key in thing:
                del thing[key]
        match str(thing.get("/Subtype")):
            case "/Image":
                self._image(thing)
            case "/Form" if "/Ref" not in thing and "/PS" not in thing:
                self._form(thing, depth, "a group")
            case _:
                self.report("odd-design", "The PDF uses parts that archives forbid.", "Ask for PDF/X-4 or PDF/A-2.")

    def _form(self, form: Object, depth: int, where: str) -> None:
        group = form.get("/Group")
        if group is not None:
            self._space(group.get("/CS"))
        if "/Resources" in form:
            self._resources(form.Resources, depth + 1)
        form.write(self._cleaned(form, where))

    def _image(self, picture: Object) -> None:
        filters = picture.get("/Filter", Array())
        if "/JPXDecode" in [str(f) for f in (filters if isinstance(filters, Array) else [filters])]:
            self.report("jpeg2000", "The PDF holds a JPEG 2000 picture.", "Ask for its pictures as JPEG or lossless.")
        if "/Interpolate" in picture:
            del picture["/Interpolate"]
        self._space(picture.get("/ColorSpace"))
        mask = picture.get("/SMask")
        if isinstance(mask, Stream) and self._new(mask):
            self._image(mask)

    def _state(self, state: Object, depth: int) -> None:
        """Graphics state; ISO 19005-3, 6.2.5: no transfer functions, no halftones of one's own. A soft mask's /TR stays
        (ISO 32000-1, 11.6.5.2): it is another thing, and without it what is hidden would show."""
        for key, plain in (("/TR", "/Identity"), ("/TR2", "/Default")):
            if key in state:
                if str(state[key]) != plain and not (key == "/TR2" and str(state[key]) == "/Identity"):
                    self.report("transfer", "The PDF bends its tones for one printing press.", "Ask for PDF/X-4.")
                del state[key]
        for key in ("/HT", "/HTP", "/BG", "/BG2", "/UCR", "/UCR2"):  # of a printing press only
            if key in state:
                del state[key]
        blending = state.get("/BM")
        for mode in blending if isinstance(blending, Array) else [blending]:
            if mode is not None and str(mode)[1:] not in _BLENDING:
                self.report("odd-design", "The PDF blends colours in an unknown way.", "Ask for PDF/X-4.")
        mask = state.get("/SMask")
        if isinstance(mask, Dictionary) and isinstance(mask.get("/G"), Stream) and self._new(mask.G):
            self._form(mask.G, depth, "a mask")

    def _space(self, space: Object | None) -> None:
        if space is None:
            return
        if isinstance(space, Name):
            if str(space) in ("/DeviceCMYK", "/CMYK"):
                self._cmyk()
        elif isinstance(space, Array) and len(space):
            match str(space[0]):
                case "/Indexed" | "/I" | "/Pattern":
                    self._space(space[1] if len(space) > 1 else None)
                case "/Separation" | "/DeviceN":
                    self._space(space[2])

    def _cmyk(self) -> None:
        self.report("cmyk-design", "The PDF is in CMYK, the colours of one printing press.", _ASK_CMYK)

    def _font(self, font: Object, depth: int) -> None:
        kind, called = str(font.get("/Subtype")), str(font.get("/BaseFont", "/?"))[1:].split("+")[-1]
        if kind == "/Type3":
            if "/Resources" in font:
                self._resources(font.Resources, depth + 1)
            for glyph in dict(font.get("/CharProcs", Dictionary()).items()).values():
                if self._new(glyph):
                    glyph.write(self._cleaned(glyph, "a glyph"))
        else:
            holder = font.DescendantFonts[0] if kind == "/Type0" else font
            descriptor = holder.get("/FontDescriptor", Dictionary())
            if not any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")):
                self.report("font-not-embedded", f"The font {called} is not embedded in the PDF.", _ASK_FONTS)
                return
        encoding = font.get("/Encoding")
        standard = isinstance(encoding, Name) and kind in ("/Type1", "/TrueType", "/MMType1")
        characters = font.get("/ToUnicode")
        if isinstance(characters, Stream):
            if self._new(characters):
                characters.write(_honest(characters.read_bytes()))
        elif not standard:
            self.report("font-without-text", f"The font {called} does not say which characters it shows.", _ASK_FONTS)

    # --- content ------------------------------------------------------------------------------

    def _cleaned(self, holder: Page | Object, where: str) -> bytes:
        """A content stream without marked content; told where it draws what archives forbid."""
        kept: list[Any] = []
        for instruction in pikepdf.parse_content_stream(holder):
            operator = str(instruction.operator)
            if isinstance(instruction, pikepdf.ContentStreamInlineImage):
                self._inline(instruction.iimage)
            elif operator in _MARKED:
                continue
            elif operator in ("k", "K"):
                self._cmyk()
            elif operator in ("cs", "CS"):
                self._space(instruction.operands[0])
            elif operator not in _OPERATORS:
                self.report("odd-design", f"The PDF has an unknown instruction in {where}.", "Ask for PDF/A-2.")
            if operator not in ("BX", "EX"):
                kept.append(instruction)
        return pikepdf.unparse_content_stream(kept)

    def _inline(self, picture: pikepdf.PdfInlineImage) -> None:
        if any(str(f) in ("/LZWDecode", "/LZW") for f in picture.filters):
            self.report("odd-design", "The PDF packs a small picture as LZW.", "Ask for PDF/A-2 or PDF/X-4.")
        entries = picture.obj
        self._space(entries.get("/ColorSpace", entries.get("/CS")))


_TARGETS = re.compile(rb"(?<=[\s>\[])<(?:0000|[Ff][Ee][Ff][Ff]|[Ff]{3}[Ee])>(?=\s*(?:<|\]|end))")


def _honest(characters: bytes) -> bytes:
    """A ToUnicode map whose values that stand for no character (ISO 19005-3, 6.2.11.7.2) say so, as U+FFFD."""
    head, begin, rest = characters.partition(b"beginbf")
    return head + begin + _TARGETS.sub(b"<FFFD>", rest)


def _scaled(made: Pdf, trim: Rect, bleed: Rect, scale: float) -> Artwork:
    """The page at another size: its trim box begins at the origin."""
    target = made.pages[0]
    matrix = f"q {scale:.6f} 0 0 {scale:.6f} {-trim[0] * scale:.4f} {-trim[1] * scale:.4f} cm\n"
    edges = [(edge - trim[i % 2]) * scale for i, edge in enumerate(bleed)]
    content = target.obj.Contents.read_bytes()
    target.obj.Contents = made.make_stream(matrix.encode("ascii") + content + b"\nQ\n")
    width, height = (trim[2] - trim[0]) * scale, (trim[3] - trim[1]) * scale
    target.obj.MediaBox = Array([round(edge, 4) for edge in edges])
    target.obj.TrimBox = Array([0, 0, round(width, 4), round(height, 4)])
    return Artwork(pdf=saved(made), width=width, height=height)


def _items(resources: Object, kind: str) -> Iterator[tuple[str, Any]]:
    found = resources.get(kind)
    if found is not None:
        yield from list(found.items())


def _rect(box: Any) -> Rect:
    a, b, c, d = (float(edge) for edge in box)
    return min(a, c), min(b, d), max(a, c), max(b, d)


def _within(inner: Rect, outer: Rect) -> Rect:
    return max(inner[0], outer[0]), max(inner[1], outer[1]), min(inner[2], outer[2]), min(inner[3], outer[3])
