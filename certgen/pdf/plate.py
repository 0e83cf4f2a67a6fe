"""Engrave once, fill many times.

A file is two parts. The prefix is the same for every recipient: pages, fixed drawing, fonts,
artwork, structure, colour profile, with a cross-reference stream of its own. The tail holds what a
filling brings and a second cross-reference stream that points back to the first. Tail objects have
the lowest numbers, so that fixed objects can refer to them; fonts of a filling's own come after
the prefix.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from certgen.page import Artwork, Document, Draw, Filling, GlyphRun, Picture, Text
from certgen.pdf import fonts, metadata, structure
from certgen.pdf.assembly import Assembly, assemble
from certgen.pdf.content import Codes, Encoder, Lacking
from certgen.pdf.fonts import Coded, Cut, Face, Pair, Program, Subsetter
from certgen.pdf.ink import OFFICE
from certgen.pdf.structure import Leaf, Tree, malformed
from certgen.pdf.syntax import Body, name, nums, refs, stream_object, text_string

ATTACHMENT = "credential.json"
_ATTACHMENT_SAYS = "What this document states, as data"
_SMALL = 96  # bytes of content below which deflate gains nothing worth its time
_SMALL_ATTACHMENT = 2048  # likewise; half a kilobyte is not worth a tenth of the time
_LEVEL = 1
_OWN_FONTS = 256  # programs of fillings' own that are remembered


class Book(Protocol):
    """certgen.font.FontBook, as far as it is used here."""

    def by_key(self, key: str) -> Any: ...


# Objects of every tail, by number; page contents, links' addresses and elements with slots follow.
_INFO, _XMP, _FONTS, _EMBEDDED, _XREF = 1, 2, 3, 4, 5
_FIRST_FREE = 6


_Cut = tuple[dict[Pair, Coded], tuple[bytes, ...], int, bool]  # what Codes is made of


class Place(NamedTuple):
    """Where a slot's drawing goes: between an opening and a closing of marked content."""

    opening: bytes
    slot: str


class Plate:
    """What a document's files have in common, and how to write the rest. Plain data: it pickles.

    ``prefix`` is the first part of every file.
    """

    def __init__(
        self,
        *,
        prefix: bytes,
        root: int,
        previous: int,
        following: int,
        contents: tuple[tuple[int, tuple[Place, ...]], ...],
        actions: tuple[str, ...],
        elements: tuple[tuple[bytes, str, bytes], ...],
        packet: bytes,
        faces: dict[str, _Cut],
        assemblies: tuple[tuple[str, Assembly], ...],
        font_entries: bytes,
        artwork: dict[str, tuple[bytes, Artwork]],
        book: Book,
    ) -> None:
        self.prefix = prefix
        self._root = root
        self._previous = previous  # offset of the prefix's cross-reference stream
        self._following = following  # the first number after the prefix's
        self._contents = contents
        self._actions = actions  # the slots of addresses
        self._elements = elements
        self._packet = packet
        self._faces = faces
        self._assemblies = assemblies
        self._font_entries = font_entries
        self._artwork = artwork
        self._book = book
        self._prepare()

    def _prepare(self) -> None:
        """What does not pickle or is quicker to make again."""
        self._midstate = hashlib.sha256(self.prefix)
        codes = {key: Codes(*parts) for key, parts in self._faces.items()}
        self._encoder = Encoder(codes, self._artwork)
        self._own: dict[tuple[str, frozenset[Pair]], Program] = {}
        self._slots = frozenset(place.slot for _, places in self._contents for place in places)
        self._last: tuple[bytes, str] = b"", self._midstate.hexdigest()  # a tail and its file's digest

    def __getstate__(self) -> dict[str, Any]:
        made = ("_midstate", "_encoder", "_own", "_slots", "_last")
        return {key: value for key, value in self.__dict__.items() if key not in made}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare()

    @property
    def slots(self) -> frozenset[str]:
        """The slots that a filling has to bring."""
        return self._slots

    def digest(self, tail: bytes) -> str:
        """SHA-256 of the whole file, in hexadecimal, from the prefix's saved state."""
        if tail is self._last[0]:  # as after every filling, whose identifier is made of the same bytes
            return self._last[1]
        state = self._midstate.copy()
        state.update(tail)
        return state.hexdigest()

    def fill(self, filling: Filling) -> bytes:
        """The second part of one recipient's file.

        Raises structure.Malformed (a CertgenError) for a slot, link or language that is missing or
        not there, and for metadata that cannot be written.
        """
        if filling.slots.keys() != self._slots:
            self._refuse(filling)
        drawn: dict[str, bytes] = {}
        lacking: dict[str, tuple[GlyphRun, ...]] = {}
        late = self._encoder.late = {}
        for slot, draws in filling.slots.items():
            try:
                drawn[slot] = self._encoder.draws(draws)
            except Lacking as error:
                lacking[slot] = error.runs
        own = self._with_own_fonts(filling, lacking, drawn, late) if lacking else []
        writer = _Tail(len(self.prefix))
        try:
            packet = metadata.packet(self._packet, filling.metadata)
            writer.plain(_INFO, metadata.information(filling.metadata))
            writer.put(_XMP, stream_object(_XMP, b"/Type/Metadata/Subtype/XML", packet))
        except ValueError as error:
            raise malformed("metadata-unwritable", f"The file's title, author or keywords: {error}.") from None
        self._write_attachment(writer, filling)
        for number, places in self._contents:
            writer.stream(number, b"".join([b"%b%b\nEMC\n" % (place.opening, drawn[place.slot]) for place in places]))
        number = _FIRST_FREE + len(self._contents)
        try:
            for slot in self._actions:
                writer.plain(number, structure.action(filling.urls[slot]))
                number += 1
            for start, slot, end in self._elements:
                writer.put(number, b"%b%b%b" % (start, text_string(filling.languages[slot]), end))
                number += 1
        except KeyError as error:
            raise malformed("slot-missing", f"The filling has no address or language for “{error.args[0]}”.") from None
        for key, assembly in self._assemblies:
            made = assembly.make(late.get(key))
            writer.put(number, stream_object(number, made.entries, made.data))
            writer.put(number + 1, stream_object(number + 1, b"", made.gids))
            number += 2
        entries = self._font_entries
        following = self._following
        for index, (_, program) in enumerate(own):
            before = following
            numbers, following = writer.fonts(program, following)
            assert before < following
            entries += b"".join([b"/X%dL%d %d 0 R" % (index, layer, n) for layer, n in enumerate(numbers)])
        writer.plain(_FONTS, b"<<%b>>" % entries)
        return self._close(writer, number, following, filling)

    def _refuse(self, filling: Filling) -> None:
        missing = sorted(self._slots - filling.slots.keys())
        if missing:
            raise malformed("slot-missing", f"The filling brings nothing for “{'”, “'.join(missing)}”.")
        extra = sorted(filling.slots.keys() - self._slots)
        raise malformed("slot-unknown", f"The document has no slot “{'”, “'.join(extra)}”.")

    def _with_own_fonts(
        self,
        filling: Filling,
        lacking: dict[str, tuple[GlyphRun, ...]],
        drawn: dict[str, bytes],
        late: dict[str, set[int]],
    ) -> list[tuple[str, Program]]:
        """Draws slots with runs that the plate's fonts lack: those runs, whole, in fonts of this file's own, one for
        each face."""
        wanted: dict[str, set[Pair]] = {}
        moved = set()
        for run in (run for runs in lacking.values() for run in runs):
            wanted.setdefault(run.face, set()).update([(glyph.gid, glyph.text) for glyph in run.glyphs])
            moved.add(id(run))
        own = [(key, self._program(key, frozenset(wanted[key]))) for key in sorted(wanted)]
        codes = {}
        for index, (key, program) in enumerate(own):
            names = tuple(b"/X%dL%d" % (index, layer) for layer in range(len(program.layers)))
            face = self._book.by_key(key)
            codes[key] = Codes(program.codes, names, face.upem, face.joined)
        encoder = _Mixed(self._encoder, codes, moved, late)
        for slot in lacking:
            drawn[slot] = encoder.draws(filling.slots[slot])
        return own

    def _program(self, key: str, pairs: frozenset[Pair]) -> Program:
        known = self._own.get((key, pairs))
        if known is None:
            if len(self._own) >= _OWN_FONTS:
                self._own.clear()
            known = self._own[key, pairs] = fonts.make(self._book.by_key(key), pairs, _subset, zlib.compress)
        return known

    def _write_attachment(self, writer: _Tail, filling: Filling) -> None:
        """The embedded file (7.11.4; ISO 19005-3, 6.8)."""
        data = filling.attachment
        check = hashlib.md5(data, usedforsecurity=False).hexdigest().encode()
        entries = b"/Type/EmbeddedFile/Subtype/application#2Fjson/Params<</Size %d/ModDate%b/CheckSum<%b>>>" % (
            len(data),
            metadata.date_string(filling.metadata.dated),
            check,
        )
        if filling.packed:
            writer.put(_EMBEDDED, stream_object(_EMBEDDED, entries + b"/Filter/FlateDecode", filling.packed))
        else:
            writer.stream(_EMBEDDED, data, entries, small=_SMALL_ATTACHMENT)

    def _close(self, writer: _Tail, late: int, following: int, filling: Filling) -> bytes:
        """Cross-reference stream and trailer (7.5.8). The file's identifier is the digest of what stands before it."""
        parts, offsets = writer.parts, writer.offsets
        offsets[_XREF] = writer.position
        rows = struct.pack(">" + "BIB" * len(offsets), *[v for n in sorted(offsets) for v in (1, offsets[n], 0)])
        state = self._midstate.copy()
        body = b"".join(parts)
        state.update(body)
        first = hashlib.sha256(filling.metadata.identifier.encode("utf-8")).hexdigest()[:32]
        index = b"1 %d" % (late - 1)
        if following > self._following:
            index += b" %d %d" % (self._following, following - self._following)
        entries = b"/Type/XRef/Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]/Prev %d/W[1 4 1]/Index[%b]" % (
            following,
            self._root,
            _INFO,
            first.encode(),
            state.hexdigest()[:32].encode(),
            self._previous,
            index,
        )
        end = b"%bstartxref\n%d\n%%%%EOF\n" % (stream_object(_XREF, entries, rows), writer.position)
        state.update(end)
        self._last = b"%b%b" % (body, end), state.hexdigest()
        return self._last[0]


class _Mixed(Encoder):
    """An encoder for one filling: some runs in fonts of its own, the others in the plate's; nothing is remembered."""

    def __init__(self, base: Encoder, own: dict[str, Codes], moved: set[int], late: dict[str, set[int]]) -> None:
        super().__init__(base.codes, base.artwork)
        self._own = own
        self._moved = moved
        self.late = late

    def text(self, text: Text) -> bytes:
        encoded, late = self.line(text)
        self.bring(late)
        return encoded

    def codes_of(self, run: GlyphRun) -> Codes:
        return self._own[run.face] if id(run) in self._moved else self.codes[run.face]


class _Tail:
    """Objects written one after the other, with their offsets."""

    def __init__(self, position: int) -> None:
        self.parts: list[bytes] = []
        self.offsets: dict[int, int] = {}
        self.position = position

    def put(self, number: int, data: bytes) -> None:
        self.offsets[number] = self.position
        self.parts.append(data)
        self.position += len(data)

    def plain(self, number: int, body: bytes) -> None:
        self.put(number, b"%d 0 obj\n%b\nendobj\n" % (number, body))

    def stream(self, number: int, data: bytes, entries: bytes = b"", *, small: int = _SMALL) -> None:
        if len(data) >= small:
            data = zlib.compress(data, _LEVEL)
            entries += b"/Filter/FlateDecode"
        self.put(number, stream_object(number, entries, data))

    def fonts(self, program: Program, following: int) -> tuple[list[int], int]:
        counter = [following]

        def stream(data: bytes, entries: bytes) -> int:
            self.put(counter[0], stream_object(counter[0], entries, data))
            counter[0] += 1
            return counter[0] - 1

        def add(body: bytes) -> int:
            self.plain(counter[0], body)
            counter[0] += 1
            return counter[0] - 1

        return fonts.write(program, stream, add), counter[0]


def _subset(face: Face, gids: Iterable[int]) -> Cut:
    """certgen.font's subsetter; imported late, because HarfBuzz is heavy and a plate with its stock needs none."""
    from certgen import font

    assert isinstance(face, font.Face)
    return font.subset(face, gids)


def engrave(document: Document, book: Book, *, subset: Subsetter = _subset) -> Plate:
    """Serialises everything that does not depend on a filling.

    Raises structure.Malformed (a CertgenError) for a document that cannot be a tagged file.
    """
    from certgen.pdf.artwork import Importer  # pikepdf: no worker that only fills needs it

    tree = Tree(document.root, len(document.pages))
    slotted = [
        any(leaf.mark.slot is not None for leaf in leaves) or bool(page.furniture)
        for page, leaves in zip(document.pages, tree.leaves, strict=True)
    ]
    number = _FIRST_FREE
    content_numbers: list[int] = []
    for has in slotted:
        content_numbers.append(number if has else 0)
        number += has
    links = tree.links()
    actions: dict[str, int] = {}  # one for all links to an address
    for index, node in enumerate(links):
        assert node.link is not None
        node.key = len(document.pages) + index
        if node.link.slot is not None and node.link.slot not in actions:
            actions[node.link.slot], number = number, number + 1
    for node in tree.nodes:
        if node.in_tail:
            node.number, number = number, number + 1

    shown = _shown(document, tree)
    assembled: dict[str, tuple[int, Program, Assembly]] = {}
    for key, stock in sorted(document.stock.items()):
        if found := assemble(book.by_key(key), shown.get(key, ()), stock, subset):
            assembled[key] = (number, *found)
            number += 2

    body = Body(number)
    for node in tree.nodes:
        if not node.in_tail:
            node.number = body.reserve()
    for node in links:
        assert node.link is not None
        node.annotation = body.add(structure.annotation(node.link, node.key, actions))

    # Fonts: what the fixed text uses and the stock.
    for key, stock in document.stock.items():
        shown.setdefault(key, set()).update(stock)
    faces, font_entries = _engrave_fonts(shown, assembled, book, body, subset)
    artwork: dict[str, tuple[bytes, Artwork]] = {}
    transparent: set[str] = set()
    xobjects = b""
    importer = Importer(body)
    for index, key in enumerate(sorted(document.artwork)):
        form = importer.form(document.artwork[key])
        artwork[key] = (b"/A%d" % index, Artwork(b"", *_size(document.artwork[key])))
        xobjects += b"/A%d %d 0 R" % (index, form.number)
        if form.transparent:
            transparent.add(key)
    resources = body.add(b"<</Font %d 0 R/XObject<<%b>>>>" % (_FONTS, xobjects))
    encoder = Encoder({key: Codes(*parts) for key, parts in faces.items()}, artwork)

    pages_number = body.reserve()
    page_numbers = [body.reserve() for _ in document.pages]
    contents: list[tuple[int, tuple[Place, ...]]] = []
    for index, (page, leaves) in enumerate(zip(document.pages, tree.leaves, strict=True)):
        fixed = []
        places = []
        if page.art:
            fixed.append(b"/Artifact BMC\n%b\nEMC" % encoder.draws(page.art))
        for leaf in leaves:
            opening = b"%b<</MCID %d>>BDC\n" % (name(leaf.role), leaf.mcid)
            if leaf.mark.slot is not None:
                places.append(Place(opening, leaf.mark.slot))
            else:
                fixed.append(b"%b%b\nEMC" % (opening, encoder.draws(leaf.mark.draws)))
        places += [Place(b"/Artifact<</Type/Pagination>>BDC\n", slot) for slot in page.furniture]
        streams = [body.stream(b"\n".join(fixed) + b"\n")]
        if slotted[index]:
            streams.append(content_numbers[index])
            contents.append((content_numbers[index], tuple(places)))
        group = b"/Group<</S/Transparency/CS/DeviceRGB>>" if _pictures(page.art, leaves) & transparent else b""
        annots = [node.annotation for node in links if node.link is not None and node.link.page == index]
        body.put(
            page_numbers[index],
            b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 %b]/Contents[%b]/Resources %d 0 R/StructParents %d/Tabs/S%b%b>>"
            % (
                pages_number,
                nums((page.width, page.height)),
                refs(streams),
                resources,
                index,
                group,
                b"/Annots[%b]" % refs(annots) if annots else b"",
            ),
        )
    body.put(pages_number, b"<</Type/Pages/Kids[%b]/Count %d>>" % (refs(page_numbers), len(page_numbers)))

    tree_root = body.reserve()
    elements = tree.write(body, page_numbers, tree_root)
    root = body.add(_catalog(document, body, pages_number, tree_root))
    prefix, previous, following = body.finish(root)
    return Plate(
        prefix=prefix,
        root=root,
        previous=previous,
        following=following,
        contents=tuple(contents),
        actions=tuple(actions),
        elements=tuple(elements),
        packet=metadata.head(document.language),
        faces=faces,
        assemblies=tuple((key, assembly) for key, (_, _, assembly) in assembled.items()),
        font_entries=font_entries,
        artwork=artwork,
        book=book,
    )


def _size(artwork: Artwork) -> tuple[float, float, tuple[float, float]]:
    return artwork.width, artwork.height, artwork.origin


def _pictures(art: Iterable[Draw], leaves: Iterable[Leaf]) -> set[str]:
    draws = [*art, *[draw for leaf in leaves for draw in leaf.mark.draws]]
    return {draw.artwork for draw in draws if isinstance(draw, Picture)}


def _shown(document: Document, tree: Tree) -> dict[str, set[Pair]]:
    """What the fixed text shows, by face."""
    pairs: dict[str, set[Pair]] = {}
    marks = [leaf.mark for leaves in tree.leaves for leaf in leaves]
    for draws in [*[page.art for page in document.pages], *[mark.draws for mark in marks]]:
        for draw in draws:
            if isinstance(draw, Text):
                for run in draw.line.runs:
                    pairs.setdefault(run.face, set()).update([(glyph.gid, glyph.text) for glyph in run.glyphs])
    return pairs


def _engrave_fonts(
    pairs: dict[str, set[Pair]],
    assembled: dict[str, tuple[int, Program, Assembly]],
    book: Book,
    body: Body,
    subset: Subsetter,
) -> tuple[dict[str, _Cut], bytes]:
    faces = {}
    entries = b""
    for index, key in enumerate(sorted(key for key in pairs if pairs[key])):
        face = book.by_key(key)
        late, program = assembled[key][:2] if key in assembled else (0, fonts.make(face, pairs[key], subset))
        numbers = fonts.write(program, lambda data, extra: body.stream(data, extra, compress=False), body.add, late)
        names = tuple(b"/F%dL%d" % (index, layer) if layer else b"/F%d" % index for layer in range(len(numbers)))
        entries += b"".join([b"%b %d 0 R" % item for item in zip(names, numbers, strict=True)])
        faces[key] = (program.codes, names, face.upem, face.joined)
    return faces, entries


def _catalog(document: Document, body: Body, pages: int, tree_root: int) -> bytes:
    """The catalogue (7.7.2) with output intent (ISO 19005-3, 6.2.3) and associated file (6.8)."""
    intents = OFFICE.intent(body)
    file = text_string(ATTACHMENT)
    specification = body.add(
        b"<</Type/Filespec/F%b/UF%b/Desc%b/AFRelationship/Data/EF<</F %d 0 R/UF %d 0 R>>>>"
        % (file, file, text_string(_ATTACHMENT_SAYS), _EMBEDDED, _EMBEDDED)
    )
    return (
        b"<</Type/Catalog/Pages %d 0 R/Lang%b/MarkInfo<</Marked true>>/ViewerPreferences<</DisplayDocTitle true>>"
        b"/Metadata %d 0 R%b/StructTreeRoot %d 0 R/AF[%d 0 R]"
        b"/Names<</EmbeddedFiles<</Names[%b %d 0 R]>>>>>>"
        % (pages, text_string(document.language), _XMP, intents, tree_root, specification, file, specification)
    )
