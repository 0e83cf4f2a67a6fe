"""Judges of what goes to a printing press: plates by Ghostscript, colours by pikepdf, PDF/X-4 rule by rule.

None of them shares code with certgen.
"""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pikepdf
from conftest import tool
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image, ImageCms

ICC = Path(__file__).parent.parent / "certgen" / "pdf" / "fogra39.icc"
PROCESS = {"Cyan", "Magenta", "Yellow", "Black"}


# --- plates ----------------------------------------------------------------------------------


def plates(pdf: bytes, *, page: int = 1, dpi: int = 100) -> dict[str, Image.Image]:
    """A page's plates by their names, as Ghostscript separates it: 255 is no ink, 0 all of it. Without anti-aliasing,
    so that a plate has exactly the tints that were asked for."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "job.pdf"
        file.write_bytes(pdf)
        command = [tool("gs"), "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffsep", f"-r{dpi}"]
        command += [f"-dFirstPage={page}", f"-dLastPage={page}", f"-sOutputFile={folder}/plate.tif", str(file)]
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0 and not done.stderr and not done.stdout, done.stdout + done.stderr
        found = {}
        for part in Path(folder).glob("plate(*).tif"):
            with Image.open(part) as opened:
                found[part.name[len("plate(") : -len(").tif")]] = opened.convert("L")
        return found


def inked(plate: Image.Image) -> bool:
    """Whether there is anything on a plate."""
    return any(plate.histogram()[:255])


def seen(*pdfs: bytes, dpi: int = 60) -> list[Image.Image]:
    """How files of one page look on a screen, by Ghostscript; edges are not smoothed, as they mix otherwise."""
    return [picture.convert("RGB") for picture in _rendered(pdfs, dpi, "png16m")]


def seen_on_paper(*pdfs: bytes, dpi: int = 60) -> list[Image.Image]:
    """How files of one page look printed: Ghostscript mixes the plates, in black alone what is grey, and LittleCMS
    looks."""
    look = ImageCms.buildTransform(
        str(ICC),
        ImageCms.createProfile("sRGB"),
        "CMYK",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    plates = _rendered(pdfs, dpi, "tiff32nc", f"-sOutputICCProfile={ICC}")
    return [ImageCms.applyTransform(each, look) or each for each in plates]


def _rendered(pdfs: Sequence[bytes], dpi: int, device: str, *more: str) -> list[Image.Image]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "job.pdf"
        with pikepdf.new() as together:
            for pdf in pdfs:
                with pikepdf.open(io.BytesIO(pdf)) as one:
                    together.pages.append(one.pages[0])
            together.save(file)
        command = [tool("gs"), "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", f"--permit-file-read={ICC}", *more]
        command += [f"-sDEVICE={device}", f"-r{dpi}", f"-sDefaultCMYKProfile={ICC}", f"-sOutputFile={folder}/page%d"]
        subprocess.run([*command, str(file)], capture_output=True, timeout=120, check=True)
        found = []
        for number in range(1, len(pdfs) + 1):
            with Image.open(Path(folder) / f"page{number}") as opened:
                opened.load()
                found.append(opened.copy())
        return found


def apart(one: Image.Image, other: Image.Image) -> list[float]:
    """How far two pictures' pixels are apart (CIE76 colour difference), sorted: 2 is what a trained eye notices."""
    assert one.size == other.size
    look = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    left, right = (_lab(ImageCms.applyTransform(picture, look)) for picture in (one, other))
    return sorted(sum((a - b) ** 2 for a, b in zip(p, q, strict=True)) ** 0.5 for p, q in zip(left, right, strict=True))


def _lab(picture: Any) -> Iterator[tuple[float, float, float]]:
    data = picture.tobytes()
    for at in range(0, len(data), 3):
        yield data[at] / 2.55, data[at + 1] - 256 * (data[at + 1] > 127), data[at + 2] - 256 * (data[at + 2] > 127)


# --- colours ---------------------------------------------------------------------------------

_SCREEN = {"/DeviceRGB", "/CalRGB", "/CalGray", "/Lab", "/RGB"}


def screen_colours(pdf: bytes) -> list[str]:
    """Everything in a file whose colours are a screen's: operators, spaces, pictures, gradients, groups."""
    found: list[str] = []
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for thing in opened.objects:
            _look(thing, f"object {thing.objgen[0]}", found)
        for number, page in enumerate(opened.pages, 1):
            _operators(page, f"page {number}", found)
    return found


def _look(thing: Any, where: str, found: list[str], depth: int = 0) -> None:
    if depth > 20:
        return
    if isinstance(thing, Name):
        if str(thing) in _SCREEN:
            found.append(f"{where}: {thing}")
        return
    if isinstance(thing, Array):
        if len(thing) and thing[0] == Name.ICCBased and int(thing[1].N) == 3:
            found.append(f"{where}: ICCBased RGB")
        for item in thing:
            if not _elsewhere(item):
                _look(item, where, found, depth + 1)
        return
    if not isinstance(thing, Dictionary | Stream):
        return
    for key, value in thing.items():
        if not _elsewhere(value):
            _look(value, f"{where} {key}", found, depth + 1)
    for called, glyph in dict(thing.get("/CharProcs", Dictionary()).items()).items():
        _operators(glyph, f"{where} {called}", found)
    if isinstance(thing, Stream) and (
        thing.get("/Subtype") == Name.Form or "/PatternType" in thing or thing.get("/Type") == Name.Pattern
    ):
        _operators(thing, where, found)


def _elsewhere(value: Any) -> bool:
    return isinstance(value, pikepdf.Object) and value.is_indirect


def _operators(holder: Any, where: str, found: list[str]) -> None:
    for step in pikepdf.parse_content_stream(holder):
        if isinstance(step, pikepdf.ContentStreamInlineImage):
            space = str(step.iimage.obj.get("/ColorSpace", step.iimage.obj.get("/CS", "")))
            if space in _SCREEN:
                found.append(f"{where}: inline picture in {space}")
        elif str(step.operator) in ("rg", "RG"):
            found.append(f"{where}: {' '.join(str(part) for part in step.operands)} {step.operator}")
        elif str(step.operator) in ("cs", "CS") and str(step.operands[0]) in _SCREEN:
            found.append(f"{where}: {step.operands[0]} {step.operator}")


# --- PDF/X-4 ---------------------------------------------------------------------------------

_FORBIDDEN_ACTIONS = ("/OpenAction", "/AA", "/AcroForm")
_XMP = {
    "pdfxid:GTS_PDFXVersion": r"PDF/X-4",
    "xmp:CreateDate": r"\d{4}-\d\d-\d\dT.+",
    "xmp:ModifyDate": r"\d{4}-\d\d-\d\dT.+",
    "xmp:MetadataDate": r"\d{4}-\d\d-\d\dT.+",
    "xmpMM:DocumentID": r".+",
    "xmpMM:VersionID": r".+",
    "xmpMM:RenditionClass": r".+",
    "pdf:Trapped": r"True|False",
}


def pdfx4(pdf: bytes) -> list[str]:
    """What in a file breaks ISO 15930-7:2010 (PDF/X-4), as far as a program of this size can tell.

    Each rule is given with the clause of ISO 32000-1 that it narrows. Not looked at: the soundness of fonts and of
    content (other judges do), optional content, traps.
    """
    wrong: list[str] = []

    def need(held: bool, clause: str, words: str) -> None:
        if not held:
            wrong.append(f"{clause}: {words}")

    need(re.match(rb"%PDF-1\.[3-6][\r\n]", pdf) is not None, "7.5", "the header says PDF 1.6 or less")
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        need(not opened.is_encrypted, "7.5", "no encryption")
        root: Any = opened.Root
        need("/ID" in opened.trailer and all(bytes(part) for part in opened.trailer.ID), "7.5", "an ID in the trailer")
        version = str(root.get("/Version", "/1.6"))
        need(version <= "/1.6", "7.5", "no later version in the catalogue")
        for key in _FORBIDDEN_ACTIONS:
            need(key not in root, "12.6", f"no {key}")
        need("/JavaScript" not in root.get("/Names", Dictionary()), "12.6", "no scripts")
        _intent(root, need)
        _metadata(opened, root, need)
        names: dict[str, bytes] = {}
        for number, page in enumerate(opened.pages, 1):
            _boxes(page.obj, number, need)
            for note in page.obj.get("/Annots", Array()):
                need(False, "12.5", f"page {number}: nothing but drawing ({note.get('/Subtype')})")
        for thing in opened.objects:
            _object(thing, need, names)
    for colour in screen_colours(pdf):
        need(False, "8.6.4", f"no device RGB where the output intent is CMYK ({colour})")
    return wrong


def _intent(root: Any, need: Any) -> None:
    intents = [each for each in root.get("/OutputIntents", Array()) if each.get("/S") == Name.GTS_PDFX]
    need(len(intents) == 1, "14.11.5", "one output intent of PDF/X")
    for intent in intents:
        need(bool(str(intent.get("/OutputConditionIdentifier", ""))), "14.11.5", "the printing condition's name")
        need("/RegistryName" in intent or "/Info" in intent, "14.11.5", "its registry, or words about it")
        profile = intent.get("/DestOutputProfile")
        need(isinstance(profile, Stream), "14.11.5", "its profile")
        if isinstance(profile, Stream):
            data = profile.read_bytes()
            need(int(profile.N) == 4 and data[16:20] == b"CMYK", "14.11.5", "the profile is CMYK")
            need(data[12:16] == b"prtr" and data[36:40] == b"acsp", "14.11.5", "the profile is a press's")
            need(len(data) == int.from_bytes(data[:4], "big"), "14.11.5", "the profile is whole")


def _metadata(opened: pikepdf.Pdf, root: Any, need: Any) -> None:
    stream = root.get("/Metadata")
    if not isinstance(stream, Stream):
        need(False, "14.3", "XMP metadata")
        return
    need("/Filter" not in stream, "14.3", "metadata in the clear")
    with opened.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        for key, pattern in _XMP.items():
            need(re.fullmatch(pattern, str(xmp.get(key, ""))) is not None, "14.3", f"{key} in the metadata")
        need(bool(str(xmp.get("dc:title", ""))), "14.3", "a title in the metadata")
        info: Any = opened.docinfo
        need(str(info.get("/Trapped", "/Unknown")) in ("/True", "/False"), "14.11.6", "whether it is trapped")
        need(str(info.get("/Trapped", ""))[1:] == xmp.get("pdf:Trapped"), "14.3", "the same of traps in both places")
        need(str(info.get("/Title", "")) == str(xmp.get("dc:title", "")), "14.3", "the same title in both places")
        for key, twin in (("/CreationDate", "xmp:CreateDate"), ("/ModDate", "xmp:ModifyDate")):
            one, other = str(info.get(key, ""))[2:10], re.sub(r"\D", "", str(xmp.get(twin, "")))[:8]
            need(one == other != "", "14.3", f"the same {key[1:]} in both places")


def _boxes(page: Any, number: int, need: Any) -> None:
    where = f"page {number}: "
    media = [float(edge) for edge in page.MediaBox] if "/MediaBox" in page else None
    need(media is not None, "14.11.2", where + "a MediaBox")
    need(("/TrimBox" in page) != ("/ArtBox" in page), "14.11.2", where + "either a TrimBox or an ArtBox")
    inner = [float(edge) for edge in page.get("/TrimBox", page.get("/ArtBox", Array([0, 0, 0, 0])))]
    bleed = [float(edge) for edge in page.BleedBox] if "/BleedBox" in page else None
    for outer, words in ((bleed, "the TrimBox within the BleedBox"), (media, "the TrimBox within the MediaBox")):
        if outer is not None:
            need(_within(inner, outer), "14.11.2", where + words)
    if bleed is not None and media is not None:
        need(_within(bleed, media), "14.11.2", where + "the BleedBox within the MediaBox")


def _within(inner: list[float], outer: list[float]) -> bool:
    return all(a >= b - 1e-3 for a, b in zip(inner[:2], outer[:2], strict=True)) and all(
        a <= b + 1e-3 for a, b in zip(inner[2:], outer[2:], strict=True)
    )


def _object(thing: Any, need: Any, names: dict[str, bytes]) -> None:
    where = f"object {thing.objgen[0]}"
    if isinstance(thing, Dictionary | Stream):
        kind = str(thing.get("/Subtype", ""))
        need(kind != "/PS" and "/PS" not in thing, "8", f"{where}: no PostScript")
        need("/OPI" not in thing, "8", f"{where}: no OPI")
        need("/Ref" not in thing, "8", f"{where}: nothing from elsewhere")
        need("/Alternates" not in thing, "8", f"{where}: no alternate pictures")
        need(not _filters(thing) & {"/LZWDecode", "/Crypt"}, "7.5", f"{where}: no LZW, no Crypt")
        need("/F" not in thing or not isinstance(thing, Stream), "7.5", f"{where}: no data from elsewhere")
        if "/FontDescriptor" in thing and kind != "/Type3":
            descriptor = thing.FontDescriptor
            held = any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
            need(held, "9.9", f"{where}: the font {thing.get('/BaseFont')} is embedded")
        if "/TR" in thing or str(thing.get("/TR2", "/Default")) != "/Default":
            need(str(thing.get("/S", "")) in ("/Alpha", "/Luminosity"), "8", f"{where}: no transfer function")
        need("/HTP" not in thing, "8", f"{where}: no halftone phase")
        group = thing.get("/Group")
        if isinstance(group, Dictionary) and "/CS" in group:
            need(str(group.CS) not in _SCREEN, "8.6.4", f"{where}: a group in a press's colours")
    _spots(thing, where, need, names)


def _filters(thing: Any) -> set[str]:
    filters = thing.get("/Filter", Array()) if isinstance(thing, Stream) else Array()
    return {str(each) for each in filters} if isinstance(filters, Array) else {str(filters)}


def _spots(thing: Any, where: str, need: Any, names: dict[str, bytes], depth: int = 0) -> None:
    """One name is one ink: the same space and mixture wherever it is named (8.6.6.4)."""
    if depth > 20:
        return
    if isinstance(thing, Array) and len(thing) == 4 and thing[0] == Name.Separation:
        said = thing[2].unparse(resolved=True) + _mixture(thing[3])
        need(names.setdefault(str(thing[1]), said) == said, "8.6.6.4", f"{where}: {thing[1]} says one thing only")
    children = list(thing) if isinstance(thing, Array) else []
    if isinstance(thing, Dictionary | Stream):
        children = [value for _, value in thing.items()]
    for child in children:
        if isinstance(child, Array | Dictionary) and not _elsewhere(child):
            _spots(child, where, need, names, depth + 1)


def _mixture(function: Any) -> bytes:
    data: bytes = function.read_bytes() if isinstance(function, Stream) else b""
    keys = ("/FunctionType", "/C0", "/C1", "/N", "/Domain", "/Range", "/Size")
    return data + b"".join(
        [
            function[key].unparse(resolved=True) if isinstance(function[key], Array) else str(function[key]).encode()
            for key in keys
            if key in function
        ]
    )


# --- a designer's page --------------------------------------------------------------------------


def page(content: str, resources: Dictionary, pdf: pikepdf.Pdf, size: tuple[float, float] = (200, 200)) -> bytes:
    """A file of one page, with the objects of ``pdf``."""
    del pdf.pages[:]
    stream = pdf.make_stream(zlib.compress(content.encode("latin-1")), Filter=Name.FlateDecode)
    entries = Dictionary(Type=Name.Page, MediaBox=[0, 0, *size], Resources=resources, Contents=stream)
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(entries)))
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()
