"""XMP and the information dictionary, with equal values. Source: ISO 19005-3, 6.6; ISO 14289-1, 5."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from uuid import UUID

from certgen.page import Metadata
from certgen.pdf.syntax import text_string

PRODUCER = "certgen"
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# The PDF/UA identifier is not among the schemas that PDF/A knows, so it is described (ISO 19005-3, 6.6.2.3).
_HEAD = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file conforms to</pdfaProperty:description></rdf:li></rdf:Seq>
</pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>
<dc:format>application/pdf</dc:format><pdf:Producer>{producer}</pdf:Producer>
<xmp:CreatorTool>{producer}</xmp:CreatorTool>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">"""
_PRINT = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
 xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/">{standard}
<dc:format>application/pdf</dc:format><pdf:Producer>{producer}</pdf:Producer><pdf:Trapped>False</pdf:Trapped>
<xmp:CreatorTool>{producer}</xmp:CreatorTool><xmp:CreateDate>{day}T00:00:00Z</xmp:CreateDate>
<xmp:ModifyDate>{day}T00:00:00Z</xmp:ModifyDate><xmp:MetadataDate>{day}T00:00:00Z</xmp:MetadataDate>
<xmpMM:DocumentID>uuid:{identifier}</xmpMM:DocumentID><xmpMM:VersionID>1</xmpMM:VersionID>
<xmpMM:RenditionClass>default</xmpMM:RenditionClass>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>"""
_TAIL = """</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def head(language: str) -> bytes:
    """The packet up to the title: the same for every file of a plate."""
    return _HEAD.format(producer=PRODUCER, language=_xml(language).decode()).encode("utf-8")


def packet(start: bytes, metadata: Metadata) -> bytes:
    """The XMP packet (ISO 16684-1), UTF-8. Raises ValueError for characters that XML cannot hold."""
    day = metadata.dated.isoformat().encode("ascii")
    return b"".join(
        (
            start,
            _xml(metadata.title),
            b"</rdf:li></rdf:Alt></dc:title><dc:creator><rdf:Seq><rdf:li>",
            _xml(metadata.author),
            b'</rdf:li></rdf:Seq></dc:creator><dc:description><rdf:Alt><rdf:li xml:lang="x-default">',
            _xml(metadata.subject),
            b"</rdf:li></rdf:Alt></dc:description><dc:identifier>",
            _xml(metadata.identifier),
            b"</dc:identifier><pdf:Keywords>",
            _xml(", ".join(metadata.keywords)),
            b"</pdf:Keywords><xmp:CreateDate>%bT00:00:00Z</xmp:CreateDate><xmp:ModifyDate>%bT00:00:00Z</xmp:ModifyDate>"
            % (day, day),
            _TAIL_BYTES,
        )
    )


_TAIL_BYTES = _TAIL.encode("utf-8")


def information(metadata: Metadata) -> bytes:
    """The information dictionary (ISO 32000-1, 14.3.3)."""
    day = date_string(metadata.dated)
    return b"<</Title%b/Author%b/Subject%b/Keywords%b/Creator(%b)/Producer(%b)/CreationDate%b/ModDate%b>>" % (
        text_string(metadata.title),
        text_string(metadata.author),
        text_string(metadata.subject),
        text_string(", ".join(metadata.keywords)),
        PRODUCER.encode(),
        PRODUCER.encode(),
        day,
        day,
    )


def print_packet(title: str, day: date, standard: str, digest: bytes) -> bytes:
    """The XMP packet of a file for a printer, with what PDF/X asks for (ISO 15930-7): ``standard``, such
    as "PDF/X-4", or empty; ``digest``: 16 bytes or more that no other file has. Raises ValueError as :func:`packet`."""
    version = f"<pdfxid:GTS_PDFXVersion>{standard}</pdfxid:GTS_PDFXVersion>" if standard else ""
    text = _PRINT.format(
        producer=PRODUCER,
        standard=version,
        day=day.isoformat(),
        identifier=UUID(bytes=digest[:16], version=4),
        title=_xml(title).decode(),
    )
    return text.encode("utf-8") + _TAIL_BYTES


def print_information(title: str, day: date, standard: str = "") -> bytes:
    """The information dictionary of a file for a printer. Checkers look for ``standard`` here too, where earlier parts
    of ISO 15930 had it."""
    name, stamp = PRODUCER.encode(), date_string(day)
    version = b"/GTS_PDFXVersion(%b)" % standard.encode() if standard else b""
    return b"<</Title%b/Creator(%b)/Producer(%b)/CreationDate%b/ModDate%b/Trapped/False%b>>" % (
        text_string(title),
        name,
        name,
        stamp,
        stamp,
        version,
    )


def date_string(day: date) -> bytes:
    """The day as a PDF date (7.9.4), midnight UTC."""
    return b"(D:%04d%02d%02d000000Z)" % (day.year, day.month, day.day)


@lru_cache(maxsize=1 << 10)
def _xml(text: str) -> bytes:
    """Character data (XML 1.0, 2.2 and 2.4)."""
    unfit = _UNFIT.search(text)
    if unfit:
        raise ValueError(f"U+{ord(unfit[0]):04X} cannot stand in a file's metadata")
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return escaped.encode("utf-8")
