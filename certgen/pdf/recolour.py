"""Artwork of the screen's colours in the plates of a press: the same drawing, in process colour, black and named inks.

What cannot be brought there is refused by its name, never left as it is. A designer's own CMYK and named inks stay as
they are. Source: ISO 32000-1, 8.4 to 8.10 and 11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import count
from typing import Any

import pikepdf
from msgspec.structs import replace
from pikepdf import Array, Dictionary, Name, Object, Operator, Pdf, Stream, String
from PIL import Image, ImageChops, ImageCms

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.page import Artwork
from certgen.pdf import pixels
from certgen.pdf.functions import Values
from certgen.pdf.inkwell import Inkwell
from certgen.pdf.meshes import Mesh
from certgen.pdf.mixing import Plates, Shades
from certgen.pdf.separation import PROCESS, Press
from certgen.pdf.spaces import Grey, Indexed, Lab, Pattern, Process, Rgb, Space, space
from certgen.pdf.tables import Tables, decimals, levels

_DEEPEST = 24  # drawings within drawings
_FAINT = 3  # levels by which a picture's colours may differ and still be a grey one
_OF_A_PRESS = ("/OP", "/op", "/OPM", "/TR", "/TR2", "/HT", "/HTP", "/BG", "/BG2", "/UCR", "/UCR2")

_OF_A_STREAM = ("/Length", "/Filter", "/DecodeParms")
_DEVICE = {"g": "/DeviceGray", "rg": "/DeviceRGB", "k": "/DeviceCMYK"}
_CATEGORIES = {"Do": "/XObject", "gs": "/ExtGState", "Tf": "/Font", "sh": "/Shading", "BDC": "/Properties"}


def recoloured(artwork: Artwork, press: Press, called: str) -> Artwork:
    """The artwork in the press's colours. Raises CertgenError, naming the picture, where they cannot be had."""
    try:
        with pikepdf.open(BytesIO(artwork.pdf)) as pdf:
            work = _Recolour(pdf, press)
            page = pdf.pages[0]
            page.contents_coalesce()
            content, resources = work.content(page, page.resources, work.plates, 0)
            page.obj.Contents = pdf.make_stream(content)
            page.obj.Resources = resources
            if "/Group" in page.obj:
                page.obj.Group = work.group(page.obj.Group, work.plates)
            out = BytesIO()
            pdf.save(out, deterministic_id=True)
    except (ValueError, pikepdf.PdfError, ImageCms.PyCMSError, OverflowError, RecursionError) as error:
        raise _refused(called, str(error)) from None
    except (KeyError, TypeError, AttributeError, IndexError, RuntimeError) as error:  # the last is what pikepdf raises
        raise _refused(called, f"its parts do not fit together ({error})") from None
    return replace(artwork, pdf=out.getvalue())


def _refused(called: str, reason: str) -> CertgenError:
    return CertgenError(
        Problem(
            code="press-picture",
            message=f"{called or 'A picture'} cannot be brought to a printing press's colours: {reason}.",
            hint="Ask the designer for it as SVG, or as PDF with everything turned into plain paths and pictures.",
            exit_code=ExitCode.LAYOUT,
        )
    )


class _Content:
    """A content stream being written anew, with what it names."""

    def __init__(self, there: Dictionary, plates: Plates, numbers: Iterator[int]) -> None:
        self.there, self.plates, self.numbers = there, plates, numbers
        self.spaces: Any = there.get("/ColorSpace", Dictionary())
        self.out: list[Any] = []
        self.resources: dict[str, dict[str, Object]] = {}
        self.now: list[Space | None] = [Grey(), Grey()]  # of areas and lines; None: not known
        self.before: list[list[Space | None]] = []

    def write(self, operator: str, *operands: Any) -> None:
        self.out.append((list(operands), Operator(operator)))

    def name(self, category: str, thing: Object) -> Name:
        names = self.resources.setdefault(category, {})
        for known, other in names.items():
            if other is thing or (other.is_indirect and thing.is_indirect and other.objgen == thing.objgen):
                return Name(known)
        taken = self.there.get(category, Dictionary())
        free = next(called for at in self.numbers if (called := f"/Press{at}") not in taken)
        names[free] = thing
        return Name(free)


class _Recolour:
    """One file on its way to the press. Streams that are shared are brought there once."""

    def __init__(self, pdf: Pdf, press: Press) -> None:
        self.pdf, self.press = pdf, press
        self.inks = Inkwell(pdf, press)
        self.plates = Plates(press, self.inks.ink)
        self.shades = Shades(press, self.inks.ink)
        self._made: dict[tuple[tuple[int, int], type], Object] = {}
        self._numbers = count()  # for names of resources: a font's glyphs share theirs
        self._open: set[tuple[tuple[int, int], type]] = set()  # being made

    # --- content -----------------------------------------------------------------------------

    def content(self, holder: Any, there: Dictionary, plates: Plates, depth: int) -> tuple[bytes, Dictionary]:
        """A content stream and the resources that it then needs."""
        if depth > _DEEPEST:
            raise ValueError("drawings within drawings")
        work = _Content(there, plates, self._numbers)
        for step in pikepdf.parse_content_stream(holder):
            if isinstance(step, pikepdf.ContentStreamInlineImage):
                self._inline(work, step)
            else:
                self._step(work, str(step.operator), list(step.operands), depth)
        resources = {kind: Dictionary(names) for kind, names in work.resources.items()}
        return pikepdf.unparse_content_stream(work.out), Dictionary(resources)

    def _step(self, work: _Content, operator: str, operands: list[Any], depth: int) -> None:
        lines = operator in ("G", "RG", "K", "CS", "SC", "SCN")
        match operator:
            case "q":
                work.before.append(list(work.now))
            case "Q" if work.before:
                work.now = work.before.pop()
            case "g" | "G" | "rg" | "RG" | "k" | "K":
                found = space(Name(_DEVICE[operator.lower()]), work.spaces)
                work.now[lines] = found
                self._set(work, found, [float(value) for value in operands], lines)
                return
            case "cs" | "CS":
                self._space(work, operands[0], lines)
                return
            case "sc" | "SC" | "scn" | "SCN":
                self._colour(work, operator, operands, lines, depth)
                return
            case "Do" | "gs" | "Tf" | "sh":
                kind = _CATEGORIES[operator]
                work.resources.setdefault(kind, {})[str(operands[0])] = self._resource(work, kind, operands[0], depth)
            case "BDC" | "DP" if len(operands) > 1 and isinstance(operands[1], Name):
                lists: Any = work.there.get("/Properties", Dictionary())
                work.resources.setdefault("/Properties", {})[str(operands[1])] = lists[str(operands[1])]
        work.write(operator, *operands)

    def _set(self, work: _Content, found: Space, values: Values, lines: bool) -> None:
        """Writes the operators that set a colour."""
        own, parts = None, values
        if isinstance(found, Process):
            self.press.used.update(ink for ink, part in zip(PROCESS, values, strict=True) if part)
        if not work.plates.keeps(found):
            own, (parts,) = work.plates.mixed(found, [values])
        if own is None:
            work.write(work.plates.operators[lines], *decimals(parts))
        else:
            work.write("CS" if lines else "cs", work.name("/ColorSpace", own))
            work.write("SCN" if lines else "scn", *decimals(parts))

    def _space(self, work: _Content, named: Name, lines: bool) -> None:
        found = space(named, work.spaces)
        work.now[lines] = found
        if isinstance(found, Pattern) or work.plates.keeps(found):
            kept = self.inks.kept(found, work.plates)
            if isinstance(kept, Array):
                kept = self._indirect(kept)
                named = work.name("/ColorSpace", kept)
            else:
                named = kept
            work.write("CS" if lines else "cs", named)
        else:
            self._set(work, found, found.initial, lines)

    def _colour(self, work: _Content, operator: str, operands: list[Any], lines: bool, depth: int) -> None:
        found = work.now[lines]
        if operands and isinstance(operands[-1], Name):
            pattern = self._resource(work, "/Pattern", operands[-1], depth)
            work.resources.setdefault("/Pattern", {})[str(operands[-1])] = pattern
            values = [float(value) for value in operands[:-1]]
            if values and isinstance(found, Pattern) and found.base and not work.plates.keeps(found.base):
                values = self._plain(found.base, values, work.plates)
            work.write(operator, *decimals(values), operands[-1])
            return
        values = [float(value) for value in operands]
        fits = found is not None and not isinstance(found, Pattern) and found.components == len(values)
        if found is None or not fits:  # set where this drawing is used
            found = {1: Grey(), 3: Rgb(), 4: Process()}.get(len(values))
            if found is None:
                raise ValueError("a colour of an unknown space")
            self._set(work, found, values, lines)
        elif work.plates.keeps(found):
            work.write(operator, *decimals(values))
        else:
            self._set(work, found, values, lines)

    def _plain(self, found: Space, values: Values, plates: Plates) -> Values:
        """A colour in the plates' own space, where it can have no other."""
        own, (parts,) = plates.mixed(found, [values])
        return parts if own is None else list(found.process(values, self.press.profile))

    def _inline(self, work: _Content, step: Any) -> None:
        """A small picture within the drawing (8.9.7); what is not a stencil becomes one of its own."""
        entries = step.iimage.obj  # with its abbreviations written out
        if bool(entries.get("/ImageMask", False)):
            work.out.append(step)
            return
        stream = self.pdf.make_stream(b"", _without(entries, *_OF_A_STREAM))
        coded = entries.get("/Filter"), entries.get("/DecodeParms")
        stream.write(step.iimage.read_raw_bytes(), filter=coded[0], decode_parms=coded[1])
        work.write("Do", work.name("/XObject", self._image(stream, work.spaces, work.plates)))

    # --- what content names -------------------------------------------------------------------

    def _resource(self, work: _Content, kind: str, named: Name, depth: int) -> Object:
        if str(named) in work.resources.get(kind, {}):
            return work.resources[kind][str(named)]
        thing = work.there.get(kind, Dictionary()).get(str(named))
        if thing is None:
            raise ValueError(f"{named} is not there")
        match kind:
            case "/XObject" if str(thing.get("/Subtype")) == "/Image":
                return self._once(thing, work.plates, lambda: self._image(thing, work.spaces, work.plates))
            case "/XObject":
                return self._once(thing, work.plates, lambda: self._form(thing, work, depth))
            case "/ExtGState":
                return self._state(thing, work, depth)
            case "/Font":
                return self._once(thing, work.plates, lambda: self._font(thing, work, depth))
            case "/Shading":
                return self._once(thing, work.plates, lambda: self._shading(thing, work))
        return self._once(thing, work.plates, lambda: self._pattern(thing, work, depth))

    def _once(self, thing: Object, plates: Plates, make: Callable[[], Object]) -> Object:
        if not thing.is_indirect:
            return make()
        key = thing.objgen, type(plates)
        if key not in self._made:
            if key in self._open:
                raise ValueError("a drawing within itself")
            self._open.add(key)
            self._made[key] = make()
            self._open.remove(key)
        return self._made[key]

    def _indirect(self, thing: Object) -> Object:
        return thing if thing.is_indirect else self.pdf.make_indirect(thing)

    def _form(self, form: Any, work: _Content, depth: int, plates: Plates | None = None) -> Object:
        plates = plates or work.plates
        content, resources = self.content(form, form.get("/Resources", work.there), plates, depth + 1)
        entries = _without(form, *_OF_A_STREAM, "/Resources", "/Group")
        entries.Resources = resources
        made = self.pdf.make_stream(content, entries)
        if "/Group" in form:
            made.Group = self.group(form.Group, plates)
        return made

    def group(self, group: Any, plates: Plates) -> Dictionary:
        made = _without(group)
        if "/CS" in made:
            made.CS = plates.space
        return made

    def _state(self, state: Any, work: _Content, depth: int) -> Object:
        made = _without(state, *_OF_A_PRESS)
        mask = state.get("/SMask")
        if isinstance(mask, Dictionary):
            drawing = self._once(mask.G, self.shades, lambda: self._form(mask.G, work, depth, self.shades))
            softened = _without(mask, "/G", "/BC")
            softened.G = drawing
            if "/BC" in mask:
                found = space(mask.G.get("/Group", Dictionary()).get("/CS", Name.DeviceGray), work.spaces)
                softened.BC = decimals(self.shades.mixed(found, [[float(value) for value in mask.BC]]).colours[0])
            made.SMask = softened
        return made

    def _font(self, font: Any, work: _Content, depth: int) -> Any:
        """A font whose glyphs are drawings (9.6.5) may have colours; others have none."""
        if str(font.get("/Subtype")) != "/Type3":
            return font
        made = _without(font, "/CharProcs", "/Resources")
        glyphs, together = Dictionary(), Dictionary()
        there = font.get("/Resources", work.there)
        for called, glyph in dict(font.CharProcs.items()).items():
            content, resources = self.content(glyph, there, work.plates, depth + 1)
            glyphs[called] = self.pdf.make_stream(content)
            for kind, names in resources.items():
                together[kind] = _merged(together.get(kind, Dictionary()), names)
        made.CharProcs, made.Resources = glyphs, together
        return self._indirect(made)

    def _pattern(self, pattern: Any, work: _Content, depth: int) -> Object:
        if isinstance(pattern, Stream):
            return self._form(pattern, work, depth)
        made = _without(pattern)
        made.Shading = self._once(pattern.Shading, work.plates, lambda: self._shading(pattern.Shading, work))
        if "/ExtGState" in pattern:
            made.ExtGState = self._state(pattern.ExtGState, work, depth)
        return made

    # --- gradients ----------------------------------------------------------------------------

    def _shading(self, shading: Any, work: _Content) -> Object:
        """8.7.4.5. The colours of all stops are looked at together: they stay in one space."""
        plates, found = work.plates, space(shading.ColorSpace, work.spaces)
        made: Any = _copied(self.pdf, shading) if isinstance(shading, Stream) else _without(shading)
        if plates.keeps(found):
            made.ColorSpace = self.inks.kept(found, plates)
            return self._indirect(made)
        if "/Function" not in shading:
            mesh = Mesh(shading, found.components)
            own, colours = plates.mixed(found, mesh.colours)
            made.write(mesh.written(colours))
            made.ColorSpace = own if own is not None else plates.space
            made.BitsPerComponent = 8
            made.Decode = decimals([*mesh.decode, *[0, 1] * len(colours[0])])
            return self._indirect(made)
        tables = Tables(shading.Function)
        ground = [[float(value) for value in shading.Background]] if "/Background" in shading else []
        own, colours = plates.mixed(found, [*ground, *tables.colours()])
        made.ColorSpace = own if own is not None else plates.space
        if ground:
            made.Background = decimals(colours[0])
        made.Function = tables.written(self.pdf, colours[len(ground) :])
        return self._indirect(made)

    # --- pictures -----------------------------------------------------------------------------

    def _image(self, picture: Any, spaces: Any, plates: Plates) -> Any:
        if bool(picture.get("/ImageMask", False)):
            return picture
        if "/ColorSpace" not in picture:
            raise ValueError("a JPEG 2000 picture")
        found = space(picture.ColorSpace, spaces)
        depth = int(picture.get("/BitsPerComponent", 8))
        key = [int(value) for value in picture.Mask] if isinstance(picture.get("/Mask"), Array) else None
        level = isinstance(found, Grey) and (depth == 1 or key is not None)  # black and white are so on every press
        if level or (plates.keeps(found) and not isinstance(found, Indexed)):
            return self._same(picture, Name.DeviceGray if isinstance(found, Grey) else self.inks.kept(found, plates))
        if isinstance(found, Indexed):
            return self._same(picture, self._indexed(found, plates))
        soft = picture.get("/SMask")
        if isinstance(soft, Stream) and "/Matte" in soft:
            raise ValueError("a picture that is mixed with its ground")
        seen = pixels.read(picture, found.components)
        away = pixels.keyed(seen, key, depth) if key else None
        into = [(-128.0, 127.0)] * 3 if isinstance(found, Lab) else found.ends
        if isinstance(found, Lab):
            into[0] = (0.0, 100.0)
        decode = [float(value) for value in picture.get("/Decode", [end for ends in found.ends for end in ends])]
        if list(zip(decode[::2], decode[1::2], strict=True)) != into:
            seen = pixels.decoded(seen, decode, into)
        if isinstance(found, Rgb) and _is_grey(seen):
            seen, found = seen.convert("L"), Grey()
        jpeg = pixels.is_jpeg(picture)
        own = None
        if isinstance(found, Rgb) and all(low == high for low, high in _extremes(seen)):
            own, (parts,) = plates.mixed(found, [[low / 255 for low, _ in _extremes(seen)]])
            mode = {1: "L", 4: "CMYK"}[len(parts)]
            made = Image.new(
                mode, seen.size, tuple(round(255 * part) for part in parts) if len(parts) > 1 else round(255 * parts[0])
            )
        else:
            made = plates.picture(seen, found)
        device = Name.DeviceGray if made.mode == "L" and own is None else plates.space
        stream = pixels.written(self.pdf, made, own if own is not None else device, picture, jpeg=jpeg)
        if away is not None:
            stream.SMask = pixels.written(self.pdf, away, Name.DeviceGray, Dictionary())
        return stream

    def _same(self, picture: Any, found: Any) -> Any:
        """A picture whose samples stay as they are."""
        made = _copied(self.pdf, picture)
        made.ColorSpace = found
        return made

    def _indexed(self, found: Indexed, plates: Plates) -> Any:
        if plates.keeps(found.base):
            return self.inks.kept(found, plates)
        own, colours = plates.mixed(found.base, found.colours)
        if own is None and len(colours) > 1:  # a palette is no gradient: each colour is printed as it alone would be
            each = [plates.mixed(found.base, [colour]) for colour in found.colours]
            colours = [new.colours[0] if new.space is None else old for new, old in zip(each, colours, strict=True)]
        return Array(
            [
                Name.Indexed,
                own if own is not None else plates.space,
                len(colours) - 1,
                String(levels(colours)),
            ]
        )


# --- small parts ------------------------------------------------------------------------------


def _without(thing: Any, *keys: str) -> Dictionary:
    """A dictionary's, or a stream's, entries without some of them."""
    return Dictionary({key: value for key, value in thing.items() if key not in keys})


def _merged(one: Any, other: Any) -> Dictionary:
    return Dictionary(dict(one.items()) | dict(other.items()))


def _copied(pdf: Pdf, stream: Any) -> Any:
    """A stream with the same bytes, packed as they are."""
    made = pdf.make_stream(b"", _without(stream, *_OF_A_STREAM))
    made.write(stream.read_raw_bytes(), filter=stream.get("/Filter"), decode_parms=stream.get("/DecodeParms"))
    return made


def _extremes(picture: Image.Image) -> list[tuple[int, int]]:
    """The darkest and the lightest level of each band."""
    found: list[Any] = [band.getextrema() for band in picture.split()]
    return [(low, high) for low, high in found]


def _is_grey(picture: Image.Image) -> bool:
    red, green, blue = picture.split()
    return all(_extremes(ImageChops.difference(red, other))[0][1] <= _FAINT for other in (green, blue))
