"""The people, courses and credentials that certgen is about. Frozen values, no I/O.

Dates are ``datetime.date``; amounts (hours, scores, percentages) are ``Decimal``, compared without
rounding; languages are BCP 47 tags; text is NFC. Paths are absolute strings, resolved and checked
by the loader. All of it pickles.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

AwardKind = Literal["achievement", "participation", "attendance", "completion"]


# --- prose: Markdown, parsed once ------------------------------------------------------------


class Span(Struct, frozen=True):
    """Characters of one emphasis. ``"\\n"`` inside the text is a line break that was typed."""

    text: str
    strong: bool = False
    emphasis: bool = False


class Heading(Struct, frozen=True, tag=True):
    level: int  # 1 to 6, as typed
    spans: tuple[Span, ...]


class Paragraph(Struct, frozen=True, tag=True):
    spans: tuple[Span, ...]


class ListItem(Struct, frozen=True, tag=True):
    """One item. ``depth`` is 0 for an outer list; ``marker`` is printed as it stands ("(a)", "1.", "•").

    The first paragraph stands beside the marker; further ones follow it. Nested items come next, with greater depth.
    """

    depth: int
    marker: str
    paragraphs: tuple[tuple[Span, ...], ...]
    ordered: bool = False


Block = Heading | Paragraph | ListItem


class Prose(Struct, frozen=True):
    """A Markdown text: as typed, and as blocks in reading order."""

    source: str
    blocks: tuple[Block, ...]


# --- the course ------------------------------------------------------------------------------


class Skill(Struct, frozen=True):
    """A skill or an occupation; ``code`` is its address in a public framework such as ESCO."""

    name: str
    code: str | None = None


class Section(Struct, frozen=True):
    """A part of the course record. ``awards``: printed only for these kinds; None prints for all."""

    id: str
    body: Prose
    heading: str | None = None
    awards: tuple[AwardKind, ...] | None = None


class Signatory(Struct, frozen=True):
    id: str
    name: str
    role: str = ""
    signature: str | None = None  # path of a PNG, JPEG, SVG or PDF


class Conditions(Struct, frozen=True):
    """What a recipient must meet; those that are None are not asked. All must hold."""

    score_min: Decimal | None = None
    out_of: Decimal | None = None  # the scale of score_min; a roster score is taken on the same scale
    completed: bool | None = None
    attendance_min: Decimal | None = None  # per cent
    hours_min: Decimal | None = None
    assessments: tuple[str, ...] = ()  # roster columns, each of which must hold a pass or a positive mark


class AwardRule(Struct, frozen=True):
    kind: AwardKind
    when: Conditions | None = None  # None: always met


class AwardWords(Struct, frozen=True):
    """An award in one language; None leaves the layout's own words."""

    title: str | None = None
    statement: str | None = None


class Expiry(Struct, frozen=True):
    """When a credential expires: never (both None), on a date, or some time after it was issued."""

    on: date | None = None
    years: int = 0
    months: int = 0
    days: int = 0

    @property
    def never(self) -> bool:
        return self.on is None and not (self.years or self.months or self.days)


class Edition(Struct, frozen=True):
    """The course's words in one language, every gap filled from the default language.

    ``awards`` runs parallel to ``Course.awards``. ``fell_back`` names the keys whose text is the
    default language's because the translation lacks them.
    """

    language: str
    title: str
    programme: str | None = None
    venue: str | None = None
    dated: str | None = None
    summary: Prose | None = None
    skills: tuple[Skill, ...] = ()
    occupations: tuple[Skill, ...] = ()
    sections: tuple[Section, ...] = ()
    signatories: tuple[Signatory, ...] = ()
    awards: tuple[AwardWords, ...] = ()
    fell_back: tuple[str, ...] = ()


class Course(Struct, frozen=True):
    """One running of one course. ``editions`` has an entry for each of ``languages``, default first.

    ``awards`` is never empty: a course without rules has one unconditional completion, and
    ``awards_assumed`` is then true.
    """

    code: str
    editions: dict[str, Edition]
    languages: tuple[str, ...]
    awards: tuple[AwardRule, ...]
    expires: Expiry
    issued: date | None = None  # None: must be given with --issued
    hours: Decimal | None = None
    attendance_of: Decimal | None = None  # hours that the course met, of which a roster's minutes are a percentage
    start: date | None = None
    end: date | None = None
    number: str | None = None  # a pattern such as "{roster.number}"
    taught_in: tuple[str, ...] = ()
    layout: str = "classic"  # a bundled layout's name, or the absolute path of a folder
    record: bool = False  # the pages of the course record belong to each certificate
    awards_assumed: bool = False
    file: str = ""  # where it was read; for problems
    sheet: str | None = None  # set when it came from a workbook's Course sheet


class Mailbox(Struct, frozen=True):
    """An address with the name beside it, "" for none."""

    address: str
    name: str = ""


class Mail(Struct, frozen=True, kw_only=True):
    """How an academy sends e-mail: the table [mail] of its issuer.toml. It holds no password and no token."""

    origin: Mailbox  # "from": what people see
    sender: Mailbox | None = None  # the mailbox that sends, where that is another; bounces go to it
    reply_to: Mailbox | None = None
    host: str | None = None  # None: nothing can be sent, unless there is an outbox
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None  # None: the server asks nobody who they are
    auth: Literal["password", "oauth"] = "password"
    per_minute: int = 30  # messages
    connections: int = 1  # at the same time
    outbox: str | None = None  # path of a Maildir that takes the server's place
    linkedin: str | None = None  # the issuer's own number at LinkedIn

    @property
    def envelope(self) -> str:
        """The address that a server is told as the sender (RFC 5321, 4.1.1.2), which bounces go to."""
        return (self.sender or self.origin).address


class Spot(Struct, frozen=True):
    """An ink of its own on a press, beside the four of process colour."""

    name: str  # as the printer orders it, such as "PANTONE 541 C"
    cmyk: tuple[float, float, float, float]  # per cent: what stands in for it where there is no such ink


class PressSpec(Struct, frozen=True, kw_only=True):
    """How an academy prints on a press: the table [press] of its issuer.toml."""

    profile: str | None = None  # one of PROFILES, or the absolute path of an ICC profile; None: the first of PROFILES
    spots: dict[str, Spot] = {}  # "primary", "accent" or "#rrggbb" -> the ink that prints it


PROFILES = ("FOGRA39",)
"""Printing conditions whose ICC profile comes with certgen (pdf/); the first is the default."""


class Issuer(Struct, frozen=True):
    name: str
    folder: str  # where issuer.toml lies; the secret and the registry live beside it
    verify_url: str  # without a trailing slash
    legal_name: str | None = None
    url: str | None = None
    contact: str | None = None
    privacy_url: str | None = None
    logos: tuple[str, ...] = ()
    primary: str = "#1f3a5f"
    accent: str = "#b08d57"
    fonts: dict[str, str] = {}  # role (heading, name, body) -> family
    font_folder: str | None = None
    words: dict[str, dict[str, str]] = {}  # language -> label -> phrase
    key: str | None = None  # the Multikey that signs, as recorded when it was made
    status_valid: int = 400  # days that a status list is good for
    retention: str | None = None  # how long personal data is kept, such as "10 years"
    mail: Mail | None = None  # today's, which no setting keeps
    press: PressSpec | None = None  # likewise
    file: str = ""


# --- people and what they earn ---------------------------------------------------------------


class Recipient(Struct, frozen=True):
    """One person on the roster, as printed: NFC, one space between words, case as given.

    ``letters`` maps a field's name ("name", "score", or a column's header) to its column ("C"), so
    that a problem found later still points at the place; all people of a roster share it. ``extra``
    keeps every further column by its header, as text.
    """

    row: int
    name: str
    given: str | None = None
    family: str | None = None
    honorific: str | None = None
    email: str | None = None
    id: str | None = None
    number: str | None = None
    language: str | None = None
    hours: Decimal | None = None
    score: Decimal | None = None
    score_out_of: Decimal | None = None  # when the cell said "58/60"
    attendance: Decimal | None = None  # per cent
    completed: bool | None = None
    award: AwardKind | None = None
    reason: str | None = None
    completed_on: date | None = None
    start: date | None = None
    end: date | None = None
    extra: dict[str, str] = {}
    letters: dict[str, str] = {}

    @property
    def cells(self) -> dict[str, str]:
        """Each field's cell, such as "C7"."""
        return {field: f"{letters}{self.row}" for field, letters in self.letters.items()}


class Credential(Struct, frozen=True):
    """What one recipient is awarded: everything that a certificate says of one person.

    ``award`` indexes ``Course.awards`` and every edition's ``awards``. ``url`` is what the QR code
    holds. ``hours`` and dates are the person's own where the roster gives them, else the course's.
    """

    code: str  # 16 Crockford base32 characters, without hyphens
    recipient: Recipient
    language: str
    award: int
    kind: AwardKind
    issued: date
    url: str
    hours: Decimal | None = None
    start: date | None = None
    end: date | None = None
    expires: date | None = None
    number: str | None = None


class NotAwarded(Struct, frozen=True):
    """A recipient who met no award, and why, in words ("score 58 is below 60")."""

    row: int
    name: str
    reason: str
