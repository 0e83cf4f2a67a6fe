"""What ``certgen verify`` believes: genuine certificates in every shape, and none of the forgeries it knows."""

from __future__ import annotations

import io
import json
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import judges
import pikepdf
import pytest
from builders import KEY, LONG_TITLE, NAMES_LONG, TITLES, Make, section, someone
from click.testing import CliRunner
from msgspec.structs import replace
from PIL import Image, ImageDraw, ImageFilter
from publisher import ISSUED, OTHER_KEY, SECRET, Publisher
from publisher import KEY as PUBLISHER_KEY

from certgen import codes, credential, facts, payload, sealed
from certgen import site as sites
from certgen.cli import cli
from certgen.errors import CertgenError, ExitCode
from certgen.model import Expiry, Recipient
from certgen.sealing import Sealed, Sealer
from certgen.signing import KeyRecord, SigningKey
from certgen.status import Place, place, status_list
from certgen.verify import Finding, around, exit_code, items, site, verify
from certgen.verify.exhibit import Exhibit, examine
from certgen.verify.judge import judged
from certgen.verify.printed import compare
from certgen.verify.source import Site, Unreachable, far, near

MAY = date(2026, 5, 1)
LISTED = date(2026, 4, 11)
RECORD = KeyRecord(KEY.public.multikey, date(2026, 1, 1))
MAKE = Make()


# --- an academy's site, and certificates -----------------------------------------------------


def publish(folder: Path, *, revoked: tuple[int, ...] = (), make: Make = MAKE, **more: Any) -> Path:
    """A site as the page and verify read it, without what the test leaves out."""
    (folder / "status").mkdir(parents=True, exist_ok=True)
    (folder / "facts").mkdir(exist_ok=True)
    told = {
        "format": "certgen-site-1",
        "issuer": {"name": "Meridian Training Centre", "legal_name": "Meridian Ltd", "contact": "office@meridian.org"},
        "verify_url": make.issuer.verify_url,
        "keys": [{"multikey": KEY.public.multikey, "state": "active", "since": None}],
        **more,
    }
    (folder / "site.json").write_text(json.dumps(told), encoding="utf-8")
    (folder / "status/0.json").write_bytes(status_list(0, revoked, make.issuer, KEY, LISTED))
    about = facts.facts(make.course(), make.issuer, make.language)
    (folder / "facts" / facts.file_name(about)).write_bytes(about)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Site:
    return site(str(publish(tmp_path / "site")))


def person(name: str) -> Recipient:
    """Somebody of this name, with an id and so a code of their own."""
    return someone(name, id=name)


def proofs(name: str, make: Make = MAKE) -> Sealed:
    return make.sealed(person(name))


def code_of(name: str) -> str:
    return str(MAKE.credential(person(name)).code)


@lru_cache
def pdf(name: str = "Ana Díaz") -> bytes:
    return MAKE.pdf(person(name))


def forged(shown: str = "Ana Díaz", *, make: Make = MAKE, proof: Sealed | None = None, **parts: Any) -> bytes:
    """A file made of parts of several certificates: what the page shows, its QR code, its attachment, its code."""
    proof = proof or proofs("Ana Díaz")
    made = replace(make.credential(person(shown)), code=parts.pop("code", code_of("Ana Díaz")))
    blank = make.blank()
    filled = blank.fill(
        credential.lookup(made),
        url=parts.pop("url", proof.url),
        code_url=made.url,
        identifier=codes.grouped(made.code),
        attachment=parts.pop("attachment", proof.badge),
    )
    assert not parts
    return blank.plate.prefix + filled.tail


def one(data: bytes | str, source: Any, today: date = MAY) -> Finding:
    """The finding on the only certificate in some bytes, or of a text."""
    from certgen.verify import Item, exhibits

    if isinstance(data, str):
        ((_, exhibit),) = exhibits([Item(data, text=data)])
    else:
        exhibit = examine(data)
    (finding,) = judged("a file", exhibit, source, today)
    return finding


def said(finding: Finding, what: str) -> list[str]:
    return [check.mark for check in finding.checks if check.what == what]


# --- what is genuine -------------------------------------------------------------------------


def test_a_certificate_is_authentic_and_everything_about_it_was_checked(source: Site, tmp_path: Path) -> None:
    (tmp_path / "ana.pdf").write_bytes(pdf())
    (found,) = verify(items([str(tmp_path / "ana.pdf")]), source, MAY)
    assert (found.state, found.good, found.why, found.page) == ("authentic", True, "", None)
    assert {check.what for check in found.checks} == {"signature", "agreement", "page", "status", "facts", "expiry"}
    assert all(check.mark == "good" for check in found.checks) and said(found, "signature") == ["good"]
    told = found.told
    assert told is not None and told.name.start == "Ana Díaz" and told.title.start == "Fair recruitment"
    assert told.code == code_of("Ana Díaz") and told.hours == 40
    assert (found.known, found.fingerprint) == (LISTED, KEY.public.fingerprint)


@pytest.mark.parametrize("layout", ["classic", "modern", "record"])
@pytest.mark.parametrize("language", ["en", "es", "fr", "ar"])
def test_every_layout_and_language_reads_as_what_was_signed(layout: str, language: str, tmp_path: Path) -> None:
    name = {"ar": "محمد بن عبد الله", "es": "MARIA FERNANDA ÁLVAREZ"}.get(language, "Zoë Müller-Łukasiewicz")
    make = Make(
        layout=layout, language=language, title=TITLES.get(language, LONG_TITLE), expires=Expiry(years=2),
        start=date(2025, 11, 13), dated="Turin, 30 March 2026" if language == "fr" else None, hours=Decimal("37.5"),
        sections=(section("s", "Some 20 hours of practice, on 3 March 2024.", "What was done"),), record=True,
    )  # fmt: skip
    found = one(make.pdf(person(name)), site(str(publish(tmp_path, make=make))))
    assert found.state == "authentic" and said(found, "page")[0] == "good", found


# Marks stand above and below their letters, where pdfium sees lines of their own.
MARKED = ("فاطمة الزهراء بنجلّون", "محمد طیّب چوہدری", "مُحَمَّد بْنُ عَبْدِ اللّٰه", "ދިވެހި އަޙްމަދު", "שָׁלוֹם כֹּהֵן")
SCRIPTS = ("李小龙", "अनिरुद्ध शर्मा", "Đặng Thị Hoa", "O’Brien-Ďurič", "A", "on", "Trailing-", "辻\U000e0100 邦生")


@pytest.mark.parametrize("name", [*NAMES_LONG, *SCRIPTS, *MARKED])
def test_names_of_all_scripts_are_found_on_the_page_and_seen(name: str, source: Site) -> None:
    assert one(pdf(name), source).state == "authentic"


def test_a_pdf_that_was_signed_itself_stays_authentic(source: Site, tmp_path: Path) -> None:
    pytest.importorskip("pyhanko", reason="pip install certgen[pades]")
    from test_pades import AT, signer

    assert one(signer(tmp_path).sign(pdf(), AT), source).state == "authentic"


def test_a_pdf_saved_again_by_another_program_stays_authentic(source: Site) -> None:
    with pikepdf.open(io.BytesIO(pdf())) as opened:
        out = io.BytesIO()
        opened.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, linearize=True)
    assert one(out.getvalue(), source).state == "authentic"


def test_without_its_attachment_the_qr_code_and_the_page_still_speak(source: Site) -> None:
    with pikepdf.open(io.BytesIO(pdf())) as opened:
        del opened.Root.Names, opened.Root.AF
        out = io.BytesIO()
        opened.save(out)
    found = one(out.getvalue(), source)
    assert found.state == "authentic" and said(found, "signature") == ["good"] and said(found, "page")[0] == "good"


def test_badges_as_json_png_and_svg(source: Site) -> None:
    badge = proofs("Ana Díaz").badge
    assert one(badge, source).state == "authentic"
    assert one(baked_png(badge), source).state == "authentic"
    assert one(baked_png(badge, packed=True), source).state == "authentic"
    svg = b'<svg xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"><openbadges:credential><![CDATA[%b]]>' % badge
    assert one(svg + b"</openbadges:credential><circle/></svg>", source).state == "authentic"


def baked_png(badge: bytes, *, packed: bool = False) -> bytes:
    """Open Badges 3.0, 5.3.1."""
    out = io.BytesIO()
    Image.new("RGB", (40, 40), "navy").save(out, "PNG")
    plain = out.getvalue()
    body = b"openbadgecredential\0" + (b"\1\0" if packed else b"\0\0") + b"\0\0"
    body += zlib.compress(badge) if packed else badge
    chunk = len(body).to_bytes(4, "big") + b"iTXt" + body + zlib.crc32(b"iTXt" + body).to_bytes(4, "big")
    return plain[:33] + chunk + plain[33:]


def test_what_a_qr_code_says_with_and_without_its_address(source: Site) -> None:
    proof = proofs("Ana Díaz")
    for text in (proof.url, proof.payload, f" {proof.url}\n"):
        found = one(text, source)
        assert found.state == "authentic" and found.told is not None and found.told.name.start == "Ana Díaz"


# --- photographs and scans -------------------------------------------------------------------


def picture(dpi: int = 150, data: bytes | None = None) -> Image.Image:
    return judges.picture(data or pdf(), dpi=dpi)  # type: ignore[no-any-return]


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photographed(image: Image.Image) -> Image.Image:
    """Tilted, on a dark table, unevenly lit, out of focus, noisy and packed hard."""
    width, height = image.size
    tilted = image.transform(
        (width, height), Image.Transform.PERSPECTIVE, (1.06, 0.05, -40, 0.02, 1.08, -30, 0.00004, 0.00003),
        Image.Resampling.BICUBIC, fillcolor=(60, 50, 45),
    ).rotate(7, Image.Resampling.BICUBIC, expand=True, fillcolor=(60, 50, 45))  # fmt: skip
    light = Image.linear_gradient("L").resize(tilted.size).point(lambda value: 110 + value // 2)
    shaded = Image.composite(tilted, Image.new("RGB", tilted.size, (20, 20, 20)), light)
    noise = Image.effect_noise(shaded.size, 22).convert("RGB")
    return Image.blend(shaded.filter(ImageFilter.GaussianBlur(1.1)), noise, 0.12)


WAYS: dict[str, Callable[[], bytes]] = {
    "scan": lambda: encoded(picture(200)),
    "scan in grey": lambda: encoded(picture(200).convert("L"), "TIFF"),
    "scan in black and white": lambda: encoded(picture(300).convert("1"), "TIFF"),
    "small scan": lambda: encoded(picture(110)),
    "upside down": lambda: encoded(picture(150).rotate(180), "JPEG", quality=70),
    "on its side": lambda: encoded(picture(150).rotate(90, expand=True), "WEBP"),
    "askew": lambda: encoded(picture(150).rotate(33, expand=True, fillcolor="grey"), "BMP"),
    "photograph": lambda: encoded(photographed(picture(220)), "JPEG", quality=55),
    "inverted": lambda: encoded(picture(150).convert("L").point(lambda value: 255 - value)),
    "with transparency": lambda: encoded(picture(150).convert("RGBA")),
    "in few colours": lambda: encoded(picture(150).convert("P"), "GIF"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_of_the_paper_is_read(way: str, source: Site) -> None:
    found = one(WAYS[way](), source)
    assert found.state == "authentic" and found.told is not None and found.told.name.start == "Ana Díaz"
    assert said(found, "page") == ["unknown"]  # only people can compare a picture's letters


def test_several_certificates_in_one_picture(source: Site) -> None:
    names = ("Ana Díaz", "Bo Li", "Chiara Óvári")
    sheets = [picture(dpi, pdf(name)) for dpi, name in zip((120, 120, 60), names, strict=True)]  # one lies far away
    table = Image.new("RGB", (sum(sheet.width for sheet in sheets), sheets[0].height), "white")
    for number, sheet in enumerate(sheets):
        table.paste(sheet, (number * sheet.width, 0))
    found = judged("table.png", examine(encoded(table)), source, MAY)
    assert {item.told.name.start for item in found if item.told} == set(names)
    assert {item.state for item in found} == {"authentic"}


def test_a_scanned_pdf_of_several_pages_is_several_certificates(source: Site) -> None:
    out = io.BytesIO()
    pages = [picture(150, pdf(name)) for name in ("Ana Díaz", "Bo Li")]
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=150)
    found = judged("scan.pdf", examine(out.getvalue()), source, MAY)
    assert [(item.page, item.state, item.told and item.told.name.start) for item in found] == [
        (1, "authentic", "Ana Díaz"),
        (2, "authentic", "Bo Li"),
    ]
    assert all(said(item, "page") == ["unknown"] for item in found)


def test_certificates_bound_into_one_pdf_are_each_compared_with_their_own_page(source: Site) -> None:
    with pikepdf.new() as whole:
        third = forged("Eva Braun", proof=proofs("Chiara Óvári"), code=code_of("Chiara Óvári"))
        for data in (pdf(), third, pdf("Bo Li")):
            with pikepdf.open(io.BytesIO(data)) as part:
                whole.pages.extend(part.pages)
        out = io.BytesIO()
        whole.save(out)
    found = judged("all.pdf", examine(out.getvalue()), source, MAY)
    assert [(item.page, item.state, item.told and item.told.name.start) for item in found] == [
        (1, "authentic", "Ana Díaz"),
        (2, "altered", "Chiara Óvári"),
        (3, "authentic", "Bo Li"),
    ]


def test_other_qr_codes_on_the_page_do_no_harm(source: Site) -> None:
    import qrcode

    page = picture(150)
    wifi = qrcode.make("WIFI:S:guest;T:WPA;P:secret;;").get_image().convert("RGB").resize((200, 200))
    page.paste(wifi, (20, 20))
    assert one(encoded(page), source).state == "authentic"
    only = one(encoded(wifi), source)
    assert only.state == "unreadable" and "not a certificate’s" in only.why


# --- altered PDFs ----------------------------------------------------------------------------


def test_another_name_on_the_page(source: Site) -> None:
    found = one(forged("Eva Díaz"), source)
    assert found.state == "altered" and "The name on the page" in found.why and not found.good
    assert found.told is not None and found.told.name.start == "Ana Díaz"  # whose it is, is told


def test_a_name_that_looks_the_same_in_other_letters(source: Site) -> None:
    """Cyrillic а for Latin a: a homoglyph."""
    assert one(forged("Anа Díaz"), source).state == "altered"


@pytest.mark.parametrize(
    ("signed", "shown"),
    [
        ("عليّ حسن", "علي حسنّ"), ("مُحَمَّد", "مَحْمُود"), ("فاطمة بنجلّون", "فاطمّة بنجلون"), ("سلمان المرّي", "سليمان المرّي"),
        ("ދިވެހި", "ދުވެހި"),
    ],
)  # fmt: skip
def test_another_name_of_the_same_letters_with_other_marks(signed: str, shown: str, source: Site) -> None:
    assert one(forged(signed, proof=proofs(signed), code=code_of(signed)), source).state == "authentic"
    assert one(forged(shown, proof=proofs(signed), code=code_of(signed)), source).state == "altered"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": "Fair recruitment and pay"}, None),  # the signed title is still on the page, as a part of this
        ({"title": "Unfair recruitment"}, "title"),
        ({"hours": Decimal(400)}, "400 hours"),
        ({"hours": Decimal("40.5")}, "40.5 hours"),
        ({"start": date(2026, 2, 2)}, "2 February"),
        ({"start": date(2026, 3, 9)}, "9–27 March 2026"),
        ({"end": date(2026, 4, 27)}, "27 April 2026"),
    ],
)
def test_other_facts_on_the_page(change: dict[str, Any], words: str | None, source: Site) -> None:
    for layout in ("classic", "modern"):
        found = one(forged(make=Make(layout=layout, **change)), source)
        if words is not None:
            assert found.state == "altered" and words in found.why, found


def test_another_expiry_on_the_page(tmp_path: Path) -> None:
    two, ten = Make(expires=Expiry(years=2)), Make(expires=Expiry(years=10))
    source = site(str(publish(tmp_path, make=two)))
    assert one(two.pdf(person("Ana Díaz")), source).state == "authentic"
    found = one(forged(make=ten, proof=proofs("Ana Díaz", two)), source)
    assert found.state == "altered" and "2036" in found.why and "2028" in found.why


def test_another_code_on_the_page(source: Site) -> None:
    found = one(forged(code="0000111122223333"), source)
    assert found.state == "altered" and "0000-1111-2222-3333" in found.why


def test_another_key_on_the_page(source: Site) -> None:
    other = SigningKey(bytes(range(9, 41)))
    text = f"Ana Díaz\nFair recruitment\n{codes.grouped(code_of('Ana Díaz'))}\n{other.public.fingerprint}"
    told = one(pdf(), source).told
    assert told is not None
    checks = compare(told, [text], set(), KEY.public.fingerprint)
    assert [check.mark for check in checks] == ["bad"] and other.public.fingerprint in checks[0].words


def test_swapped_attachment(source: Site) -> None:
    found = one(forged(attachment=proofs("Bo Li").badge), source)
    assert found.state == "altered" and "the name" in found.why


def test_swapped_qr_code(source: Site) -> None:
    found = one(forged(url=proofs("Bo Li").url), source)
    assert found.state == "altered" and "their codes" in found.why


def test_genuine_proofs_of_another_certificate(source: Site) -> None:
    found = one(forged("Eva Braun", proof=proofs("Bo Li"), code=code_of("Bo Li")), source)
    assert found.state == "altered" and "The name on the page" in found.why


def test_tampered_attachment(source: Site) -> None:
    badge = proofs("Ana Díaz").badge.replace("Ana Díaz".encode(), "Eva Díaz".encode())
    found = one(forged("Eva Díaz", attachment=badge), source)
    assert found.state == "altered" and said(found, "signature") == ["good", "bad"]
    assert one(badge, source).state == "not-genuine"


def test_everything_forged_with_a_key_of_the_forgers_own(source: Site) -> None:
    own = SigningKey(bytes(range(9, 41)))
    proof = Sealer(MAKE.course(), MAKE.issuer, own).seal(MAKE.credential(person("Eva Braun")), Place(0, 7))
    code = code_of("Eva Braun")
    assert one(forged("Eva Braun", proof=proof, code=code), source).state == "unknown-key"


def painted(data: bytes, content: bytes, *, before: bool = False) -> bytes:
    """A page with more drawn onto it, or before it."""
    with pikepdf.open(io.BytesIO(data)) as opened:
        opened.pages[0].contents_add(content, prepend=before)
        out = io.BytesIO()
        opened.save(out)
    return out.getvalue()


def name_box(data: bytes, name: str = "Ana Díaz") -> tuple[float, float, float, float]:
    import pypdfium2

    from certgen.verify import sight

    document = pypdfium2.PdfDocument(data)
    left, bottom, right, top = zip(*sight._found(document[0], [name])[name][0].letters, strict=True)
    document.close()
    return min(left), min(bottom), max(right), max(top)


def test_the_signed_name_below_another_one(source: Site) -> None:
    left, bottom, right, top = name_box(pdf())
    cover = b"q 1 1 1 rg %f %f %f %f re f Q" % (left - 3, bottom - 3, right - left + 6, top - bottom + 6)
    found = one(painted(pdf(), cover), source)
    assert found.state == "altered" and "hidden" in found.why
    half = b"q 1 1 1 rg %f %f %f %f re f Q" % (left - 3, bottom - 3, (right - left) * 0.3, top - bottom + 6)
    assert one(painted(pdf(), half), source).state == "altered"


@pytest.mark.parametrize("name", ["O’Brien-Ďurič", "محمد بن عبدالله الهاشمي", *MARKED])
def test_names_of_all_scripts_below_another_one(name: str, source: Site) -> None:
    left, bottom, right, top = name_box(pdf(name), name)
    cover = b"q 1 1 1 rg %f %f %f %f re f Q" % (left - 3, bottom - 3, right - left + 6, top - bottom + 6)
    found = one(painted(pdf(name), cover), source)
    assert found.state == "altered" and "hidden" in found.why


def test_the_signed_name_painted_with_nothing(source: Site) -> None:
    assert one(painted(pdf(), b"3 Tr", before=True), source).state == "altered"


def test_the_signed_name_cut_off(source: Site) -> None:
    _, bottom, _, _ = name_box(pdf())
    below = b"0 0 2000 %f re W n" % (bottom - 5)
    assert one(painted(pdf(), below, before=True), source).state == "altered"


@pytest.mark.parametrize("kind", ["FreeText", "Widget"])
def test_the_signed_name_below_a_comment_or_a_field(kind: str, source: Site) -> None:
    left, bottom, right, top = name_box(pdf())
    with pikepdf.open(io.BytesIO(pdf())) as opened:
        form = opened.make_stream(b"1 1 1 rg 0 0 1000 1000 re f", Subtype=pikepdf.Name.Form, BBox=[0, 0, 1000, 1000])
        note = opened.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name(f"/{kind}"), F=4, AP=pikepdf.Dictionary(N=form),
                Rect=[left - 3, bottom - 3, right + 3, top + 3],
            )
        )  # fmt: skip
        if kind == "Widget":
            note.FT, note.T = pikepdf.Name.Tx, pikepdf.String("name")
            opened.Root.AcroForm = opened.make_indirect(pikepdf.Dictionary(Fields=[note]))
        page = opened.pages[0].obj
        page.Annots = pikepdf.Array([*page.get("/Annots", []), note])
        out = io.BytesIO()
        opened.save(out)
    found = one(out.getvalue(), source)
    assert found.state == "altered" and "hidden" in found.why
    assert any("may hide" in check.words for check in found.checks)


def test_a_comment_beside_the_name_is_told_and_no_more(source: Site) -> None:
    with pikepdf.open(io.BytesIO(pdf())) as opened:
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, F=4, Rect=[5, 5, 20, 20])
        page = opened.pages[0].obj
        page.Annots = pikepdf.Array([*page.get("/Annots", []), opened.make_indirect(note)])
        out = io.BytesIO()
        opened.save(out)
    found = one(out.getvalue(), source)
    assert found.state == "authentic" and said(found, "file") == ["unknown"]


def test_a_picture_over_the_whole_page_is_a_scan_and_its_text_proves_nothing(source: Site) -> None:
    scan = picture(150)
    draw = ImageDraw.Draw(scan)
    draw.rectangle((300, 300, 900, 500), fill="white")
    out = io.BytesIO()
    scan.save(out, "PDF", resolution=150)
    with pikepdf.open(out) as opened, pikepdf.open(io.BytesIO(pdf())) as genuine:
        opened.pages[0].add_underlay(genuine.pages[0])
        made = io.BytesIO()
        opened.save(made)
    found = one(made.getvalue(), source)
    assert said(found, "page") == ["unknown"]


# --- the status list -------------------------------------------------------------------------


def test_states_of_the_status_list(tmp_path: Path) -> None:
    folder = publish(tmp_path)
    good = one(pdf(), site(str(folder)))
    assert (good.state, good.known) == ("authentic", LISTED)

    late = one(pdf(), site(str(folder)), LISTED + timedelta(401))
    assert (late.state, late.known, late.good) == ("authentic-until", LISTED, True)
    assert one(pdf(), site(str(folder)), LISTED + timedelta(400)).state == "authentic"

    publish(tmp_path, revoked=(7,))
    assert one(pdf(), site(str(folder))).state == "revoked"
    publish(tmp_path, revoked=(6, 8))
    assert one(pdf(), site(str(folder))).state == "authentic"

    (folder / "status/0.json").unlink()
    unknown = one(pdf(), site(str(folder)))
    assert unknown.state == "status-unknown" and unknown.good and said(unknown, "status") == ["unknown"]


def test_an_old_list_replayed_is_never_plainly_authentic(tmp_path: Path) -> None:
    folder = publish(tmp_path)
    before = (folder / "status/0.json").read_bytes()
    publish(tmp_path, revoked=(7,))
    assert one(pdf(), site(str(folder))).state == "revoked"
    (folder / "status/0.json").write_bytes(before)
    replayed = one(pdf(), site(str(folder)), date(2028, 1, 1))
    assert replayed.state == "authentic-until" and replayed.known == LISTED


LISTS: dict[str, Callable[[], bytes]] = {
    "tampered": lambda: status_list(0, (7,), MAKE.issuer, KEY, LISTED).replace(b'"revocation"', b'"suspension"'),
    "of another key": lambda: status_list(0, (), MAKE.issuer, SigningKey(bytes(32)), LISTED),
    "of another issuer": lambda: status_list(
        0, (), replace(MAKE.issuer, verify_url="https://verify.elsewhere.org"), KEY, LISTED
    ),
    "another number": lambda: status_list(1, (), MAKE.issuer, KEY, LISTED),
    "a credential": lambda: proofs("Ana Díaz").badge,
    "no JSON": lambda: b"<html>404</html>",
    "nothing": lambda: b"",
    "endless": lambda: b" " * 3_000_000,
    "deep": lambda: b"[" * 100_000,
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_that_is_swapped_or_tampered_leaves_the_status_unknown(kind: str, tmp_path: Path) -> None:
    folder = publish(tmp_path)
    (folder / "status/0.json").write_bytes(LISTS[kind]())
    assert one(pdf(), site(str(folder))).state == "status-unknown"


def test_revoked_goes_before_expired_and_expired_before_an_old_list(tmp_path: Path) -> None:
    make = Make(expires=Expiry(years=1))
    folder = publish(tmp_path, make=make)
    data = make.pdf(person("Ana Díaz"))
    last = date(2027, 4, 10)
    assert one(data, site(str(folder)), last).state == "authentic"
    assert one(data, site(str(folder)), last + timedelta(1)).state == "expired"
    assert one(data, site(str(folder)), last + timedelta(400)).state == "expired"
    publish(tmp_path, make=make, revoked=(7,))
    assert one(data, site(str(folder)), last + timedelta(1)).state == "revoked"


def test_a_host_that_alters_the_course_facts_is_told(tmp_path: Path) -> None:
    folder = publish(tmp_path)
    (file,) = (folder / "facts").iterdir()
    assert said(one(pdf(), site(str(folder))), "facts") == ["good"]
    file.write_bytes(file.read_bytes().replace(b"Fair", b"Unfa"))
    found = one(pdf(), site(str(folder)))
    assert said(found, "facts") == ["bad"] and found.state == "authentic" and not found.good
    file.unlink()
    assert said(one(pdf(), site(str(folder))), "facts") == ["unknown"]


# --- keys and addresses ----------------------------------------------------------------------


def test_a_look_alike_domain_in_the_qr_code(source: Site) -> None:
    proof = proofs("Ana Díaz")
    elsewhere = proof.url.replace("verify.meridian-training.org", "verify.meridian-trainlng.org")
    found = one(elsewhere, source)
    assert found.state == "altered" and "meridian-trainlng.org" in found.why and "meridian-training.org" in found.why
    assert one(proof.url.replace("/v#", "/v.html#"), source).state == "authentic"


def test_a_lapsed_domain_with_a_new_owner_and_key(tmp_path: Path) -> None:
    """The new owner's site names his own key; the paper's fingerprint is not his."""
    his = SigningKey(bytes(range(7, 39)))
    folder = publish(tmp_path, keys=[{"multikey": his.public.multikey, "state": "active", "since": None}])
    assert one(pdf(), site(str(folder))).state == "unknown-key"
    done = run("verify", write(tmp_path / "a.pdf", pdf()), "--site", folder, "--fingerprint", KEY.public.fingerprint)
    assert isinstance(done.exception, CertgenError) and "names no key" in str(done.exception)


def test_a_copy_of_the_site_elsewhere_is_told_to_be_one(tmp_path: Path) -> None:
    with served(publish(tmp_path)) as address:
        assert "verify.meridian-training.org" in site(address).warning
    assert site(str(tmp_path)).warning == ""


def test_retired_keys_are_believed_and_stolen_ones_are_not(tmp_path: Path) -> None:
    keys = [{"multikey": KEY.public.multikey, "state": "retired", "since": "2026-06-01"}]
    assert one(pdf(), site(str(publish(tmp_path, keys=keys)))).state == "authentic"
    keys = [{"multikey": KEY.public.multikey, "state": "compromised", "since": "2026-06-01"}]
    assert one(pdf(), site(str(publish(tmp_path, keys=keys)))).state == "key-compromised"


def test_after_a_stolen_key_honest_paper_survives_and_the_thiefs_does_not(tmp_path: Path) -> None:
    new = SigningKey(bytes(range(8, 40)))
    folder = publish(tmp_path, keys=[{"multikey": new.public.multikey, "state": "active", "since": None}])
    assert one(pdf(), site(str(folder))).state == "unknown-key"
    honest = payload.digest(proofs("Ana Díaz").payload)
    (folder / "honest.json").write_bytes(sealed.honest_list({KEY.public.multikey: [honest]}, new))
    (folder / "status/0.json").write_bytes(status_list(0, (), MAKE.issuer, new, LISTED))
    found = one(pdf(), site(str(folder)))
    assert found.state == "authentic" and found.told is not None and found.told.name.start == "Ana Díaz"
    assert one(pdf("Thief"), site(str(folder))).state == "key-compromised"
    assert one(proofs("Ana Díaz").badge, site(str(folder))).state == "key-compromised"
    # a badge that the thief makes for an honest QR code is not listened to
    theirs = proofs("Ana Díaz", Make(title="Doctor of medicine")).badge
    beside = one(forged(attachment=theirs), site(str(folder)))
    assert beside.told is not None and beside.told.title.start == "Fair recruitment"
    # a list that the stolen key signs is none
    (folder / "honest.json").write_bytes(
        sealed.honest_list({KEY.public.multikey: [payload.digest(proofs("Thief").payload)]}, KEY)
    )
    assert one(pdf("Thief"), site(str(folder))).state == "unknown-key"


def test_flipped_letters_of_a_qr_code_are_never_believed(source: Site) -> None:
    text = proofs("Ana Díaz").payload
    for at in range(0, len(text), 7):
        other = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        assert one(other, source).state in ("not-genuine", "unknown-key", "unreadable")


# --- codes, notices: a site that certgen built -----------------------------------------------


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    made = Publisher(tmp_path / "academy")
    made.folder.joinpath("issuer.toml").write_text(
        f'name = "Harbour Academy"\nverify_url = "{made.issuer.verify_url}"\n'
        'legal_name = "Harbour Academy e.V."\ncontact = "office@harbour-academy.org"\n',
        encoding="utf-8",
    )
    yield made
    made.registry.close()


def built(publisher: Publisher, folder: Path, day: date = ISSUED) -> Site:
    settings = sites.Settings(day=day)
    assert sites.build(folder, publisher.registry, publisher.issuer, PUBLISHER_KEY, SECRET, settings, []) is not None
    return site(str(folder))


def test_a_code_typed_by_hand_gives_the_same_verdict(publisher: Publisher, tmp_path: Path) -> None:
    first, second, third, *_ = publisher.issue()
    publisher.registry.revoke([second.serial], "Plagiarism in the final paper", ISSUED)
    (new,) = publisher.issue("Chiara Ovari", replaces=third)
    source = built(publisher, tmp_path / "site")
    for typed in (codes.grouped(first.code), first.code.lower(), first.code.replace("0", "O").replace("1", "l")):
        found = one(typed, source, ISSUED)
        assert found.state == "authentic" and found.told is not None and found.told.name.start == "Ana Díaz"
    revoked = one(second.code, source, ISSUED)
    assert (revoked.state, revoked.reason) == ("revoked", "Plagiarism in the final paper")
    replaced = one(third.code, source, ISSUED)
    assert (replaced.state, replaced.replaced_by) == ("replaced", new.code)
    assert one(new.code, source, ISSUED).state == "authentic"
    unknown = one("0000111122223333", source, ISSUED)
    assert unknown.state == "unknown-code" and not unknown.good


def test_a_saved_verify_html_is_a_site_by_itself(publisher: Publisher, tmp_path: Path) -> None:
    first, second, *_ = publisher.issue()
    publisher.registry.revoke([second.serial], "Plagiarism", ISSUED)
    built(publisher, tmp_path / "site")
    saved = tmp_path / "elsewhere" / "saved page.html"
    write(saved, (tmp_path / "site/verify.html").read_bytes())
    source = site(str(saved))
    assert one(first.payload, source, ISSUED).state == "authentic"
    assert (one(second.payload, source).state, one(second.payload, source).reason) == ("revoked", "Plagiarism")
    typed = one(first.code, source, ISSUED)
    assert typed.state == "unknown-code" and "does not have the codes" in typed.why
    with pytest.raises(CertgenError, match=r"not a verify\.html"):
        site(str(write(tmp_path / "other.html", b"<html></html>")))


def test_a_blob_in_the_place_of_another_is_not_believed(publisher: Publisher, tmp_path: Path) -> None:
    first, second, *_ = publisher.issue()
    source = built(publisher, tmp_path / "site")
    mine, other = (tmp_path / "site" / sealed.place_of(row.code) for row in (first, second))
    mine.write_bytes(other.read_bytes())
    assert one(first.code, source, ISSUED).state == "unknown-code"
    mine.write_bytes(sealed.seal(first.code, second.payload))
    assert one(first.code, source, ISSUED).state == "not-genuine"


def test_nothing_personal_is_asked_of_the_site(publisher: Publisher, tmp_path: Path) -> None:
    """Only files that everybody fetches, and for a code a place that says nothing."""
    first, *_ = publisher.issue()
    built(publisher, tmp_path / "site")
    asked: list[str] = []

    def fetch(name: str, most: int) -> bytes:
        asked.append(name)
        return near(tmp_path / "site")(name, most)

    source = Site("https://verify.harbour-academy.org", fetch)
    one(first.payload, source, ISSUED)
    one(first.code, source, ISSUED)
    assert all(first.code not in name and "Ana" not in name for name in asked)
    assert {name.partition("/")[0] for name in asked} == {"site.json", "honest.json", "status", "facts", "codes"}


def test_the_academys_own_registry_tells_without_a_network(publisher: Publisher) -> None:
    first, second, third, *_ = publisher.issue()
    publisher.registry.revoke([second.serial], "Plagiarism", ISSUED)
    (new,) = publisher.issue("Chiara Ovari", replaces=third)
    source = around(publisher.folder / "below")
    assert source is not None
    found = one(first.payload, source, ISSUED)
    assert (found.state, found.known) == ("authentic", ISSUED) and found.fingerprint == PUBLISHER_KEY.public.fingerprint
    assert one(first.code, source, ISSUED).state == "authentic"
    assert (one(second.code, source).state, one(second.code, source).reason) == ("revoked", "Plagiarism")
    assert (one(third.code, source).state, one(third.code, source).replaced_by) == ("replaced", new.code)
    assert one("0000111122223333", source).state == "unknown-code"


def test_a_signature_that_the_registry_does_not_know_is_told(publisher: Publisher) -> None:
    """Whoever has the key can sign; only the registry tells what the academy itself issued."""
    publisher.issue()
    source = around(publisher.folder)
    about = facts.mark(publisher.facts())
    text = payload.seal(
        PUBLISHER_KEY, credential=bytes(10), status=5, issued=ISSUED, expires=None, hours=None, award="achievement",
        facts=about, name="Thief", title="Data Analysis",
    )  # fmt: skip
    found = one(text, source)
    assert found.state == "status-unknown" and "does not have it" in found.why
    first = next(iter(publisher.registry.all()))
    place_ = place(first.serial, SECRET)
    text = payload.seal(
        PUBLISHER_KEY, credential=codes.bits(first.code), status=place_.entry, issued=ISSUED, expires=None,
        hours=Decimal(40), award="achievement", facts=about, name="Thief", title="Data Analysis",
    )  # fmt: skip
    assert one(text, source).state == "altered"


def test_erased_personal_data_stay_erased(publisher: Publisher) -> None:
    first, *_ = publisher.issue()
    publisher.registry.erase([first.serial])
    found = one(first.code, around(publisher.folder))
    assert found.state == "unknown-code" and "erased" in found.why
    assert one(first.payload, around(publisher.folder), ISSUED).state == "authentic"  # who has the paper has the name


def test_keys_of_the_registry_decide(publisher: Publisher) -> None:
    first, *_ = publisher.issue()
    publisher.registry.add_key(KeyRecord(OTHER_KEY.public.multikey, ISSUED))
    publisher.registry.change_key(PUBLISHER_KEY.public.multikey, "compromised", ISSUED)
    source = around(publisher.folder)
    assert one(first.payload, source, ISSUED).state == "authentic"  # the registry has it: it was honest
    theirs = payload.seal(
        PUBLISHER_KEY, credential=bytes(10), status=5, issued=ISSUED, expires=None, hours=None, award="achievement",
        facts=bytes(12), name="Thief", title="Data Analysis",
    )  # fmt: skip
    assert one(theirs, source, ISSUED).state == "key-compromised"


# --- fetching --------------------------------------------------------------------------------


@contextmanager
def served(folder: Path, handler: type[SimpleHTTPRequestHandler] | None = None) -> Iterator[str]:
    class Quiet(handler or SimpleHTTPRequestHandler):  # type: ignore[misc]
        def __init__(self, *said: Any, **more: Any) -> None:
            super().__init__(*said, directory=str(folder), **more)

        def log_message(self, format: str, *said: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_site_is_read_over_the_network(tmp_path: Path) -> None:
    with served(publish(tmp_path)) as address:
        assert one(pdf(), site(address)).state == "authentic"
        assert one(pdf(), site(f"{address}/v#ABC")).state == "authentic"


class Elsewhere(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.2:9/site.json")
        self.end_headers()


def test_nothing_is_fetched_from_another_host_or_without_https(tmp_path: Path) -> None:
    with served(tmp_path, Elsewhere) as address, pytest.raises(CertgenError, match="another place"):
        site(address)
    for address in ("http://verify.example.org", "ftp://verify.example.org"):
        with pytest.raises(CertgenError):
            site(address)
    with pytest.raises(CertgenError, match="https"):
        far("file:///etc/passwd")


@pytest.mark.parametrize("said", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b"9" * 3_000_000, b'{"keys":[{}]}'])
def test_what_is_no_site_has_words(said: bytes, tmp_path: Path) -> None:
    publish(tmp_path)
    (tmp_path / "site.json").write_bytes(said)
    with pytest.raises(CertgenError) as failed:
        site(str(tmp_path))
    assert failed.value.exit_code is ExitCode.VERIFICATION


def test_a_server_that_is_away_leaves_words() -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        far("http://127.0.0.1:9", insecure=True)("site.json", 100)


# --- hostile files ---------------------------------------------------------------------------


def bomb() -> bytes:
    """A PDF whose attachment unpacks to two gigabytes, and whose page has a picture of as many."""
    with pikepdf.new() as opened:
        opened.add_blank_page()
        zeros = zlib.compress(bytes(20_000_000), 9)
        stream = pikepdf.Stream(opened, zeros)
        stream.Filter = pikepdf.Name.FlateDecode
        specification = pikepdf.Dictionary(
            Type=pikepdf.Name.Filespec, F="credential.json", UF="credential.json", EF=pikepdf.Dictionary(F=stream)
        )
        opened.Root.AF = [opened.make_indirect(specification)]
        out = io.BytesIO()
        opened.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return out.getvalue()


def names_that_bite_their_tail() -> bytes:
    with pikepdf.new() as opened:
        opened.add_blank_page()
        node = opened.make_indirect(pikepdf.Dictionary())
        node.Kids = pikepdf.Array([node, node])
        opened.Root.Names = pikepdf.Dictionary(EmbeddedFiles=node)
        opened.Root.AF = pikepdf.Array([1, pikepdf.Name.X, pikepdf.Dictionary(EF=5), pikepdf.Dictionary()])
        out = io.BytesIO()
        opened.save(out)
    return out.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "bomb": bomb,
    "names that bite their tail": names_that_bite_their_tail,
    "half a PDF": lambda: pdf()[: len(pdf()) // 2],
    "a PDF of noise": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 40,
    "a PDF's head": lambda: b"%PDF-1.7",
    "a picture of a billion points": lambda: b"\x89PNG\r\n\x1a\n" + _chunk(
        b"IHDR", (60_000).to_bytes(4, "big") * 2 + b"\x08\x00\0\0\0"
    ) + _chunk(b"IDAT", zlib.compress(bytes(1000))) + _chunk(b"IEND", b""),
    "half a picture": lambda: encoded(picture(100))[:5000],
    "a badge of noise": lambda: b"{" * 10_000,
    "a badge without end": lambda: b'{"proof":"' + b"x" * 400_000,
    "a chunk without end": lambda: baked_png(b"{}")[:60] + b"\xff" * 10,
    "text": lambda: b"hello",
    "bytes": lambda: bytes(range(256)) * 100,
    "svg": lambda: b"<svg><openbadges:credential>&lol;</openbadges:credential></svg>",
    "nothing but a QR code of noise": lambda: b"https://verify.meridian-training.org/v#" + b"$" * 300,
}  # fmt: skip


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_unreadable_and_harms_nothing(kind: str, source: Site) -> None:
    found = one(HOSTILE[kind](), source)
    assert found.state == "unreadable" and not found.good and found.why


def test_a_file_that_ends_its_reader_does_not_keep_the_others_from_being_read(
    source: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from certgen import verify as package

    for number, data in enumerate((pdf(), b"\x89PNG kill", pdf("Bo Li"))):
        (tmp_path / f"{number}.pdf").write_bytes(data)
    real, ended = package.confine.call, []

    def call(task: str, argument: str, data: bytes, **limits: Any) -> Iterator[bytes]:
        """The reader ends at the second file."""
        for piece, length in zip(real(task, argument, data, **limits), json.loads(argument), strict=False):
            if length == len(b"\x89PNG kill"):
                ended.append(length)
                raise package.confine.Ended("memory")
            yield piece

    monkeypatch.setattr(package.confine, "call", call)
    found = list(verify(items([str(tmp_path / f"{number}.pdf") for number in range(3)]), source, MAY))
    assert [item.state for item in found] == ["authentic", "unreadable", "authentic"]
    assert "memory" in found[1].why and len(ended) == 2  # tried once more by itself


def test_the_reader_has_limits(source: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from certgen import verify as package

    path = write(tmp_path / "a.pdf", pdf())
    monkeypatch.setattr(package, "SECONDS", 0.01)
    (late,) = verify(items([str(path)]), source, MAY)
    assert late.state == "unreadable" and "seconds" in late.why


def test_a_script_in_a_name_is_shown_as_text(source: Site, tmp_path: Path) -> None:
    name = "<b>\x1b[31mAna\u202e"
    told = one(pdf(), source).told
    assert told is not None
    from rich.console import Console

    from certgen.cli.verify import show

    out = io.StringIO()
    shown = Finding("x", "pdf", "authentic", told=replace(told, name=payload.Text(name)))
    show(Console(file=out, width=80, highlight=False, markup=False, emoji=False), shown, source)
    assert "<b>" in out.getvalue() and "\x1b" not in out.getvalue() and "\u202e" not in out.getvalue()


# --- the command -----------------------------------------------------------------------------


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def run(*words: object) -> Any:
    return CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)


def test_exit_codes_and_words(tmp_path: Path) -> None:
    folder = publish(tmp_path / "site")
    good, bad = write(tmp_path / "in/good.pdf", pdf()), write(tmp_path / "in/bad.pdf", forged("Eva Díaz"))
    done = run("verify", good, "--site", folder, "--on", "2026-05-01")
    assert done.return_value == 0 and "AUTHENTIC" in done.output and "Ana Díaz" in done.output
    assert KEY.public.fingerprint in done.output and "Meridian Ltd, office@meridian.org" in done.output
    done = run("verify", bad, "--site", folder, "--on", "2026-05-01")
    assert done.return_value == 8 and "ALTERED" in done.output
    done = run("verify", tmp_path / "in", "--site", folder, "--on", "2026-05-01")
    assert done.return_value == 8 and "2 checked: " in done.output


def test_json_for_programs(tmp_path: Path) -> None:
    folder = publish(tmp_path / "site", revoked=(7,))
    file = write(tmp_path / "good.pdf", pdf())
    done = run("verify", file, "--site", folder, "--on", "2026-05-01", "--json")
    told = json.loads(done.output)
    (only,) = told["certificates"]
    assert (told["version"], told["status"], done.return_value) == (1, "bad", 8)
    assert (only["verdict"], only["good"], only["certificate"]["name"]) == ("revoked", False, "Ana Díaz")
    assert only["certificate"]["hours"] == "40" and only["key"] == KEY.public.fingerprint
    assert {"what", "mark", "words"} == set(only["checks"][0])


def test_a_folder_is_looked_through_and_what_is_no_certificate_left_out(tmp_path: Path) -> None:
    folder = publish(tmp_path / "site")
    write(tmp_path / "in/deep/a.PDF", pdf())
    write(tmp_path / "in/b.json", proofs("Bo Li").badge)
    write(tmp_path / "in/manifest.json", b'{"certificates": []}')
    write(tmp_path / "in/notes.docx", b"PK")
    done = run("verify", tmp_path / "in", "--site", folder, "--on", "2026-05-01", "--json")
    found = json.loads(done.output)["certificates"]
    assert sorted(item["certificate"]["name"] for item in found) == ["Ana Díaz", "Bo Li"] and done.return_value == 0


def test_a_file_that_is_not_there_and_nothing_to_check_against(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    missing = run("verify", "none.pdf", "--site", publish(tmp_path / "site"))
    assert isinstance(missing.exception, CertgenError) and missing.exception.exit_code is ExitCode.USAGE
    alone = run("verify", write(tmp_path / "a.pdf", pdf()))
    assert isinstance(alone.exception, CertgenError) and "--site" in alone.exception.problems[0].hint


def test_the_fingerprint_pins_the_key(tmp_path: Path) -> None:
    folder, file = publish(tmp_path / "site"), write(tmp_path / "a.pdf", pdf())
    spoken = KEY.public.fingerprint.lower().replace("-", " ")
    assert run("verify", file, "--site", folder, "--on", "2026-05-01", "--fingerprint", spoken).return_value == 0


def test_only_what_is_false_ends_with_eight() -> None:
    def of(state: Any) -> Finding:
        return Finding("x", "pdf", state)

    assert exit_code([of("authentic"), of("authentic-until"), of("status-unknown")]) is ExitCode.DONE
    for state in ("revoked", "replaced", "expired", "altered", "not-genuine", "unknown-key", "key-compromised"):
        assert exit_code([of("authentic"), of(state)]) is ExitCode.VERIFICATION
    assert exit_code([of("unreadable")]) is exit_code([of("unknown-code")]) is ExitCode.VERIFICATION


def test_a_preview_is_no_certificate(source: Site) -> None:
    from certgen.sealing import SPECIMEN_KEY

    proof = Sealer(MAKE.course(), MAKE.issuer, SPECIMEN_KEY).seal(MAKE.credential(person("Ana Díaz")), Place(0, 7))
    assert one(proof.url, source).state == "unknown-key" and "SPECIMEN" in one(proof.url, source).why


def test_judging_needs_no_file_at_all(source: Site) -> None:
    (found,) = judged("x", Exhibit("pdf"), source, MAY)
    assert found.state == "unreadable"
    assert os.name in ("posix", "nt")


def test_the_bare_text_of_a_qr_code_is_no_option_and_a_wrong_option_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from academy import Academy

    from certgen import batch
    from certgen.intake import Options

    batch.run(Options(roster=Academy(tmp_path / "academy").roster))
    monkeypatch.chdir(tmp_path / "academy")
    told = CliRunner().invoke(cli, ["verify", "-6LSGALZAMJPC60YI0FV0", "--json"])
    assert '"unreadable"' in told.output
    wrong = CliRunner().invoke(cli, ["verify", "--sight", "x"])
    assert wrong.exit_code == 2 and "--sight" in wrong.output
