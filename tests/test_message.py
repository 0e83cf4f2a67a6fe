"""Messages, as Python's parser and the readers of mail clients see them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from academy import COURSE, ISSUER, Academy
from browser import Browser
from conftest import tool
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from posts import READERS, attached, clients, html, links, name_of, parsed, read, text

from certgen import batch, codes, keys
from certgen.artwork import contrast
from certgen.errors import CertgenError, Problem
from certgen.intake import Options
from certgen.mail.composer import Composer, message_id
from certgen.mail.filled import Bit, Filled, Paragraph
from certgen.mail.markup import Look
from certgen.mail.message import AUTOMATIC, Attached, Envelope, message, written
from certgen.model import Mail, Mailbox
from certgen.output import file_stem
from certgen.registry import Held, Registry

CODE = "N981-JR7G-A4Z2-AANM"
NOW = datetime(2026, 4, 11, 9, 30, tzinfo=UTC)
OURS = Mail(
    origin=Mailbox("certificates@meridian-training.org", "Meridian, Training & “Care”"),
    reply_to=Mailbox("kurse@meridian-training.org", "Büro Zürich"),
)
LOOK = Look("Meridian Training Centre", "#1f3a5f", "#b08d57")
ROSTER = """Name,E-mail,Score,Attendance,Language,Number
Ana Díaz,ana@meridian-training.org,91,100,,
Олена Коваль,olena@meridian-training.org,60,100,fr,
محمد عبد القادر,m@meridian-training.org,91,100,ar,
<script>alert(1)</script> **Bo** [x](http://evil.org),bo@meridian-training.org,90,100,es,
"""
TONGUES = {"en": "ltr", "fr": "ltr", "es": "ltr", "ar": "rtl"}


def simple(to: Mailbox, subject: str = "Your certificate", name: str = "a.pdf", mail: Mail = OURS) -> bytes:
    """A short message."""
    filled = Filled("en", subject, (Paragraph("paragraph", ((Bit("Hello"),),)),), ())
    envelope = Envelope(mail=mail, to=to, message_id="<x@meridian-training.org>", sent=NOW, marks=AUTOMATIC)
    return written(message(filled, LOOK, envelope, [Attached(name, b"%PDF-1.7")]))


# --- heads -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def names(shared: Path) -> list[str]:
    """Those of the collection that a roster may have."""
    found = [
        json.loads(line.split("\t")[0]) for line in (shared / "names.tsv").read_text("utf-8").split("\n")[1:] if line
    ]
    return [name for name in found if name.strip() and not re.search("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]", name)]


def seen_all(text: str) -> list[str]:
    """The words of a text as a header can hold it: nothing that cannot be seen."""
    unseen = ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
    return "".join(c if c in "\u200c\u200d" or unicodedata.category(c) not in unseen else " " for c in text).split()


def seen(name: str) -> str:
    """A name as it stands beside an address: in one line, at most 120 characters."""
    words = " ".join(seen_all(name))
    return words if len(words) <= 120 else words[:119].rstrip() + "…"


def test_every_name_of_the_collection_arrives_as_it_is(names: list[str]) -> None:
    assert len(names) > 380
    messages = [simple(Mailbox("ana@example.org", name), name, f"{file_stem(name, CODE)}.pdf") for name in names]
    found = clients(messages)
    for name, data, readers in zip(names, messages, found, strict=True):
        made = parsed(data)
        assert (name_of(data, "To"), made["To"].addresses[0].addr_spec) == (seen(name), "ana@example.org")
        assert made["Subject"] == " ".join(seen_all(name))
        assert list(attached(data)) == [f"{file_stem(name, CODE)}.pdf"]
        for reader in READERS:
            (to,) = readers[reader]["to"]
            assert (to["name"], to["address"]) == (seen(name), "ana@example.org"), reader
            assert readers[reader].get("subject", "") == " ".join(seen_all(name)), reader


@given(st.text(max_size=200), st.text(max_size=400), st.text(min_size=1, max_size=150))
@settings(max_examples=60)
def test_no_name_subject_or_file_name_makes_a_header_of_its_own(name: str, subject: str, file: str) -> None:
    data = simple(
        Mailbox("ana@example.org", name),
        subject,
        f"{file_stem(file, CODE)}.pdf",
        replace(OURS, origin=Mailbox("a@b.org", name)),
    )
    head = data.partition(b"\r\n\r\n")[0]
    fields = [line.partition(b":")[0].decode() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert fields == [
        *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
        *("MIME-Version", "Content-Type", "Content-Language"),
    ]
    made = parsed(data)
    assert name_of(data, "To") == seen(name)
    assert made["Subject"] == " ".join(seen_all(subject))
    assert len(list(made.walk())) == 5 and list(attached(data)) == [f"{file_stem(file, CODE)}.pdf"]
    assert data.isascii() and all(len(line) <= 998 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_an_address_beyond_ascii_and_a_domain_beyond_it() -> None:
    mail = replace(OURS, origin=Mailbox("post@bücher.example", "Bücher"))
    made = parsed(simple(Mailbox("ana@example.org"), mail=mail))
    assert made["From"].addresses[0].addr_spec == "post@xn--bcher-kva.example"
    data = simple(Mailbox("müller@example.org", "Müller"))
    assert " <müller@example.org>\r\n".encode() in data  # RFC 6532: as it is, for servers that take it
    assert name_of(data, "To") == "Müller"


def test_a_shared_mailbox_sends_and_answers_go_where_they_should() -> None:
    made = parsed(simple(Mailbox("ana@example.org"), mail=replace(OURS, sender=Mailbox("ben@meridian-training.org"))))
    assert made["Sender"].address.addr_spec == "ben@meridian-training.org"
    assert made["From"].addresses[0].display_name == OURS.origin.name
    assert made["Reply-To"].addresses[0].display_name == "Büro Zürich"
    assert made["Auto-Submitted"] == "auto-generated" and made["Precedence"] is None


@given(st.binary(min_size=32, max_size=32), st.integers(0, 32**16 - 1))
def test_a_message_id_says_nothing_of_the_code(secret: bytes, number: int) -> None:
    code = f"{number:016X}"
    made = [message_id(secret, "certificate", code, str(round), "a@Bücher.example") for round in range(2)]
    assert len(set(made)) == 2
    for one in made:
        assert re.fullmatch(r"<[a-z2-7]{26}@xn--bcher-kva\.example>", one)
        assert not any(code[at : at + 6].lower() in one for at in range(11))
    assert message_id(bytes(32), "certificate", code, "0", "a@b.org") != message_id(
        bytes(31) + b"x", "certificate", code, "0", "a@b.org"
    )


# --- issued certificates ---------------------------------------------------------------------


class Post:
    """An academy whose certificates are to be sent, in four languages."""

    def __init__(self, folder: Path) -> None:
        academy = Academy(folder)
        extra = 'contact = "office@meridian-training.org"\nprivacy_url = "https://meridian-training.org/privacy"\n'
        (folder / "issuer.toml").write_text(ISSUER + extra, encoding="utf-8")
        languages = COURSE.replace('["en", "fr"]', '["en", "fr", "es", "ar"]').replace(
            "layout =", 'expires = "2 years"\nlayout ='
        )
        academy.write_course(
            languages + '[translation.es]\ntitle = "Contratación"\n[translation.ar]\ntitle = "التوظيف العادل"\n'
        )
        academy.write_roster(ROSTER)
        result = batch.run(Options(roster=academy.roster, jobs=1))
        assert result.status == "done", result.problems
        self.folder = folder
        problems: list[Problem] = []
        registry = Registry.open(folder, problems)
        assert registry is not None, problems
        self.registry = registry
        secret = keys.secret(folder, registry, problems, create=False)
        assert secret is not None
        self.secret = secret.value
        self.held = {held.language: held for held in registry.all()}

    def composer(self, purpose: str = "certificate", problems: list[Problem] | None = None, **more: object) -> Composer:
        told = problems if problems is not None else []
        folders = [self.folder / "course"]
        return Composer(self.registry, self.folder, OURS, self.secret, purpose, folders, told, **more)  # type: ignore[arg-type]

    def make(self, held: Held, purpose: str = "certificate", **more: object) -> bytes:
        with self.composer(purpose, **more) as composer:
            return composer.message(held, "x@example.org", composer.identity(held.code, 0), NOW)


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    made = Post(tmp_path_factory.mktemp("post") / "academy")
    yield made
    made.registry.close()


@pytest.fixture(scope="module")
def messages(post: Post) -> dict[str, bytes]:
    return {language: post.make(held) for language, held in post.held.items()}


def unflowed(said: str) -> str:
    """Lines that go on, joined (RFC 3676, 4.1 and 4.3)."""
    return re.sub(r"(?m)(?<!^--) \n", " ", said)


def test_what_is_attached_is_what_was_issued_whoever_reads_it(post: Post, messages: dict[str, bytes]) -> None:
    found = dict(zip(messages, clients(list(messages.values())), strict=True))
    for language, data in messages.items():
        held = post.held[language]
        assert attached(data) == {held.file: held.sha256}
        for reader in READERS:
            (part,) = found[language][reader]["parts"]
            assert (part["name"], part["type"], part["sha256"]) == (held.file, "application/pdf", held.sha256), reader
            assert part["how"] == "attachment"


def test_all_readers_see_the_same_words(post: Post, messages: dict[str, bytes]) -> None:
    found = dict(zip(messages, clients(list(messages.values())), strict=True))
    for language, data in messages.items():
        title = post.held[language].content.title  # type: ignore[union-attr]
        plain = text(data)
        assert title in plain and title in read(html(data))[1]
        for reader in READERS:
            one = found[language][reader]
            assert one["subject"] == parsed(data)["Subject"] and title in one["subject"]
            assert one["html"].replace("\r\n", "\n").strip() == html(data).strip()
            assert unflowed(one["text"].replace("\r\n", "\n")).strip() == unflowed(plain).strip()
            assert one["messageId"] == parsed(data)["Message-ID"]


def test_who_reads_the_html_reads_what_stands_in_the_text(messages: dict[str, bytes]) -> None:
    for data in messages.values():
        shown = read(html(data))[1]
        for line in unflowed(text(data)).split("\n"):
            words = re.sub(r"<https?://\S+>|^• |[\u200e]|^-- $", "", line).strip().rstrip(":")
            assert words in shown, words


def test_links_lead_to_the_certificate_and_to_linkedin_with_everything_filled_in(
    post: Post, messages: dict[str, bytes]
) -> None:
    for language, data in messages.items():
        held = post.held[language]
        assert held.content is not None
        assert held.url in links(html(data)) and f"<{held.url}>" in text(data)
        (linkedin,) = [link for link in links(html(data)) if "linkedin" in link]
        parts = urlsplit(linkedin)
        assert f"<{linkedin}>" in text(data) and (parts.scheme, parts.netloc, parts.path) == (
            "https",
            "www.linkedin.com",
            "/profile/add",
        )
        said = {name: value for name, (value,) in parse_qs(parts.query, strict_parsing=True).items()}
        assert said == {
            "startTask": "CERTIFICATION_NAME",
            "name": held.content.title,
            "organizationName": "Meridian Training Centre",
            "issueYear": "2026",
            "issueMonth": "4",
            "expirationYear": "2028",
            "expirationMonth": "4",
            "certUrl": f"https://verify.meridian-training.org/v#{held.code}",
            "certId": codes.grouped(held.code),
        }


def test_html_is_in_its_own_language_and_direction(messages: dict[str, bytes]) -> None:
    for language, direction in TONGUES.items():
        tags, _ = read(html(messages[language]))
        root = next(attributes for tag, attributes in tags if tag == "html")
        assert (root["lang"], root["dir"]) == (language, direction)
        assert parsed(messages[language])["Content-Language"] == language


def test_what_a_roster_says_is_neither_markup_nor_markdown(post: Post, messages: dict[str, bytes]) -> None:
    data = messages["es"]
    name = "<script>alert(1)</script> **Bo** [x](http://evil.org)"
    tags, words = read(html(data))
    assert f"Hola, {name}:" in words and f"Hola, {name}:" in text(data)
    assert not any(tag == "script" for tag, _ in tags) and not any("evil" in link for link in links(html(data)))


def test_nothing_in_a_message_is_fetched(post: Post, messages: dict[str, bytes]) -> None:
    for data in [*messages.values(), post.make(post.held["en"], picture=True)]:
        tags, _ = read(html(data))
        assert not re.search(r"url\(|@import", html(data))
        for tag, attributes in tags:
            assert tag not in ("link", "script", "iframe", "object", "form", "base")
            assert (attributes.get("src") or "cid:").startswith("cid:") and not attributes.get("background")


def test_the_same_message_is_the_same_bytes(post: Post, messages: dict[str, bytes]) -> None:
    assert post.make(post.held["ar"]) == messages["ar"]
    assert post.make(post.held["ar"], picture=True) == post.make(post.held["ar"], picture=True)


def test_a_picture_stands_beside_the_html_and_has_words_for_who_cannot_see_it(post: Post) -> None:
    held = post.held["en"]
    data = post.make(held, picture=True)
    (readers,) = clients([data])
    (image,) = [attributes for tag, attributes in read(html(data))[0] if tag == "img"]
    assert "Ana Díaz" in (image["alt"] or "")
    for reader in READERS:
        shown, pdf = sorted(readers[reader]["parts"], key=lambda part: part["type"], reverse=True)
        assert shown["type"] == "image/png" and pdf["sha256"] == held.sha256
        assert f"cid:{(shown['id'] or '').strip('<>')}" == image["src"]


def test_a_draft_is_unsent_and_has_no_day_and_no_identity(post: Post) -> None:
    with post.composer() as composer:
        made = parsed(composer.message(post.held["en"], "ana@meridian-training.org", None, None))
    assert made["X-Unsent"] == "1" and made["To"].addresses[0].display_name == "Ana Díaz"
    assert (made["Date"], made["Message-ID"], made["Auto-Submitted"]) == (None, None, None)


def test_a_notice_of_expiry_says_until_when_and_has_nothing_attached(post: Post) -> None:
    for held in post.held.values():
        data = post.make(held, "expiry-notice")
        assert "2028" in parsed(data)["Subject"] and "2028" in text(data) and held.url in links(html(data))
        assert attached(data) == {}
        assert parsed(data)["Message-ID"] != parsed(post.make(held))["Message-ID"]


def test_text_is_flowed_and_no_line_but_an_address_is_long(messages: dict[str, bytes]) -> None:
    for data in messages.values():
        body = parsed(data).get_body(("plain",))
        assert body is not None and body["Content-Type"].params["format"] == "flowed"
        for line in text(data).split("\n"):
            assert len(line) <= 78 or re.fullmatch(r"<https://\S+>", line)


def test_days_are_written_as_the_words_around_them(post: Post, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Subject: x\n\n{credential.issued}, {course.title}\n", encoding="utf-8")
    assert "10 avril 2026, Recrutement équitable" in text(post.make(post.held["fr"], template=note))
    problems: list[Problem] = []
    german = replace(post.held["fr"], language="de")
    with post.composer(problems=problems) as composer:
        said = composer.filled(german)
    assert said.language == "en" and [problem.code for problem in problems] == ["mail-language"]
    assert any(
        "10 April 2026" in bit.text.replace("\xa0", " ") for part in said.body for row in part.rows for bit in row
    )


def test_a_certificate_that_cannot_be_had_as_it_was_issued_is_not_sent(post: Post) -> None:
    other = replace(post.held["en"], sha256="0" * 64)
    with pytest.raises(CertgenError, match="as it was issued"):
        post.make(other)


# --- looks -----------------------------------------------------------------------------------


@given(st.integers(0, 0xFFFFFF))
@settings(max_examples=40)
def test_words_can_be_read_in_whatever_colours_a_house_has(colour: int) -> None:
    look = LOOK._replace(primary=f"#{colour:06x}")
    button = Bit("Check", "https://a.org/")
    filled = Filled("en", "S", (Paragraph("buttons", ((button, button),)), Paragraph("heading", ((Bit("T"),),), 2)), ())
    envelope = Envelope(mail=OURS, to=Mailbox("a@b.org"), message_id="<x@y.org>", sent=NOW)
    markup = html(written(message(filled, look, envelope)))
    styles = [attributes.get("style") or "" for tag, attributes in read(markup)[0] if tag in ("a", "h2")]
    assert len(styles) == 3
    for style in styles:
        ink = re.search(r"(?<![-\w])color:(#\w{6})", style)
        ground = re.search(r"background:(#\w{6})", style)
        assert ink and contrast(_rgb(ink[1]), _rgb(ground[1] if ground else "#ffffff")) >= 4.5


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    made = Browser(tool("chromium"))
    yield made
    made.close()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_a_desk_by_day_and_by_night(
    browser: Browser, messages: dict[str, bytes], tmp_path: Path, language: str, scheme: str
) -> None:
    page = tmp_path / "message.html"
    page.write_text(html(messages[language]), encoding="utf-8")
    grounds = set()
    for width in (320, 900):
        with browser.page(width=width, scheme=scheme) as tab:
            tab.call("Page.navigate", url=page.as_uri())
            tab.run("new Promise(done => document.readyState == 'complete' ? done() : addEventListener('load', done))")
            assert tab.run("document.documentElement.scrollWidth") <= width
            assert tab.run("document.querySelector('.button').getBoundingClientRect().height") >= 44  # a finger's width
            grounds.add(tab.run("getComputedStyle(document.querySelector('.card')).backgroundColor"))
            lines = tab.run("getComputedStyle(document.querySelector('.text')).textAlign")
            assert lines == ("right" if language == "ar" else "left")
            assert not [address for address in tab.requests() if not address.startswith("file:")]
    assert grounds == {"rgb(255, 255, 255)" if scheme == "light" else "rgb(32, 36, 42)"}
