"""The files as people write them: Structs whose descriptions become JSON Schemas and docs/course.md."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from certgen import toml
from certgen.model import AwardKind


def _about(description: str, *examples: Any) -> Meta:
    return Meta(description=description, examples=list(examples) or None)


def _amount(description: str, *examples: Any, above: int = 0, most: int | None = None) -> Meta:
    bounds: dict[str, int] = {"gt": above} | ({"le": most} if most else {})
    limits = {"exclusiveMinimum": above} | ({"maximum": most} if most else {})
    return Meta(description=description, examples=list(examples), extra={"bounds": bounds}, extra_json_schema=limits)


_Text = Annotated[str, Meta(min_length=1)]


class SkillEntry(Struct, forbid_unknown_fields=True):
    """A skill or occupation with its address in a framework such as ESCO."""

    name: Annotated[_Text, _about("its name", "Negotiation")]
    code: Annotated[str | None, _about("its address", "http://data.europa.eu/esco/skill/...")] = None


class SectionEntry(Struct, forbid_unknown_fields=True):
    """A part of the course record, printed on the pages after the first."""

    body: Annotated[_Text, _about("the text, in Markdown", "Any number of paragraphs.")]
    id: Annotated[
        str | None, _about("a name that translations use; needed only where a translation has sections", "content")
    ] = None
    heading: Annotated[str | None, _about("printed above the text", "Content")] = None
    awards: Annotated[
        list[AwardKind] | None, _about("printed only on certificates of these kinds; default all", ["achievement"])
    ] = None


class SignatoryEntry(Struct, forbid_unknown_fields=True):
    """Who signs; at most four."""

    name: Annotated[_Text, _about("the name as printed", "Ana Moreira")]
    id: Annotated[
        str | None, _about("a name that translations use; needed only where a translation has signatories", "manager")
    ] = None
    role: Annotated[str | None, _about("printed below the name", "Programme manager")] = None
    signature: Annotated[
        str | None, _about("a PNG, JPEG, SVG or PDF beside this file; white becomes transparent", "signature.png")
    ] = None


class WhenEntry(Struct, forbid_unknown_fields=True):
    """What must hold for an award: all that are given. Nothing is rounded."""

    score_min: Annotated[Decimal | None, _amount("the least score", 60, above=-1)] = None
    out_of: Annotated[Decimal | None, _amount("the scale of score_min; 100 if left out", 100)] = None
    completed: Annotated[bool | None, _about("true: the roster must say completed", True)] = None
    attendance_min: Annotated[Decimal | None, _amount("the least attendance, in per cent", 80, most=100)] = None
    hours_min: Annotated[Decimal | None, _amount("the fewest hours, by the roster", 50)] = None
    assessments: Annotated[
        list[_Text], _about("columns of the roster, each of which must show a pass", ["Quiz 1", "Quiz 2"])
    ] = []


class AwardEntry(Struct, forbid_unknown_fields=True):
    """A certificate that can be earned. Tried in order; the first one whose conditions are met is given."""

    kind: Annotated[AwardKind, _about("achievement, participation, attendance or completion", "achievement")]
    title: Annotated[str | None, _about("replaces the layout's words", "Certificate of achievement")] = None
    statement: Annotated[str | None, _about("replaces the layout's words", "has passed all assessments of")] = None
    when: Annotated[WhenEntry | None, _about("the conditions; without it everyone meets them")] = None


class TranslatedSection(Struct, forbid_unknown_fields=True):
    """A section's words in another language."""

    id: Annotated[str | None, _about("the section's id", "content")] = None
    heading: Annotated[str | None, _about("the heading")] = None
    body: Annotated[str | None, _about("the text, in Markdown")] = None


class TranslatedSignatory(Struct, forbid_unknown_fields=True):
    """A signatory's words in another language."""

    id: Annotated[str | None, _about("the signatory's id", "manager")] = None
    name: Annotated[str | None, _about("the name, where it is written otherwise")] = None
    role: Annotated[str | None, _about("the role")] = None


class TranslatedAward(Struct, forbid_unknown_fields=True):
    """An award's words in another language."""

    kind: Annotated[AwardKind | None, _about("which award; without kinds they match in order", "achievement")] = None
    title: Annotated[str | None, _about("the title")] = None
    statement: Annotated[str | None, _about("the statement")] = None


_Skills = list[_Text | SkillEntry]


class TranslationEntry(Struct, forbid_unknown_fields=True):
    """The same keys in another language. What is missing falls back to the first language."""

    title: Annotated[str | None, _about("the course's title")] = None
    programme: Annotated[str | None, _about("the programme")] = None
    venue: Annotated[str | None, _about("the venue")] = None
    dated: Annotated[str | None, _about("the line above the signatures")] = None
    summary: Annotated[str | None, _about("the summary, in Markdown")] = None
    skills: Annotated[_Skills | None, _about("as many as the course has, in its order")] = None
    occupations: Annotated[_Skills | None, _about("as many as the course has, in its order")] = None
    sections: Annotated[list[TranslatedSection], _about("matched by id")] = []
    signatories: Annotated[list[TranslatedSignatory], _about("matched by id")] = []
    awards: Annotated[list[TranslatedAward], _about("matched by kind")] = []


class CourseFile(Struct, forbid_unknown_fields=True):
    """One running of one course."""

    code: Annotated[_Text, _about("the course's code; with the start date it names this running", "A9015210")]
    title: Annotated[_Text, _about("the course's title", "E-learning on fair recruitment")]
    programme: Annotated[str | None, _about("the programme it is a part of", "Labour migration")] = None
    hours: Annotated[Decimal | None, _amount("hours of study", 60, 22.5)] = None
    attendance_of: Annotated[
        str | None,
        _about("how long the course met; minutes that a roster counts are a percentage of it", "12 h"),
    ] = None
    start: Annotated[date | None, _about("first day", "2026-03-02")] = None
    end: Annotated[date | None, _about("last day", "2026-03-27")] = None
    venue: Annotated[str | None, _about("where it was held", "Online")] = None
    number: Annotated[
        str | None, _about("a register number of your own, printed beside the code", "{roster.number}")
    ] = None
    issued: Annotated[
        date | None, _about("the day of issue; never assumed, so give it here or with --issued", "2026-04-10")
    ] = None
    dated: Annotated[
        str | None, _about("the line above the signatures, where it differs from issued", "Turin, 27 March 2026")
    ] = None
    expires: Annotated[
        str,
        Meta(
            description="never, a date, or a time after issued in years, months, weeks or days",
            examples=["never", "2028-04-10", "2 years"],
            extra={"accepts": "date"},
        ),
    ] = "never"
    languages: Annotated[
        list[_Text], _about("languages of the certificate (BCP 47 tags); the first is the default", ["en", "es", "fr"])
    ] = field(default_factory=lambda: ["en"])
    taught_in: Annotated[list[_Text], _about("languages of the course", ["es", "en", "fr"])] = []
    skills: Annotated[_Skills, _about("skills gained: texts, or { name, code }", ["Policy analysis"])] = []
    occupations: Annotated[_Skills, _about("occupations it prepares for, in the same way", ["Labour inspector"])] = []
    summary: Annotated[str | None, _about("about the course, in Markdown", "Any number of paragraphs.")] = None
    layout: Annotated[str, _about("a layout of certgen's, or the path of a folder of your own", "classic")] = "classic"
    record: Annotated[bool, _about("whether the pages of the course record belong to each certificate", True)] = False
    sections: Annotated[list[SectionEntry], _about("parts of the course record, in order")] = []
    signatories: Annotated[list[SignatoryEntry], Meta(description="who signs: none to four", max_length=4)] = []
    awards: Annotated[list[AwardEntry], _about("what can be earned; without any, everyone gets completion")] = []
    translation: Annotated[dict[str, TranslationEntry], _about("[translation.fr]: the same keys in French")] = {}


class ColoursEntry(Struct, forbid_unknown_fields=True):
    """Two colours, as #rrggbb or #rgb."""

    primary: Annotated[str | None, _about("the main colour", "#0b3d62")] = None
    accent: Annotated[str | None, _about("the second colour", "#c8a45a")] = None


class FontsEntry(Struct, forbid_unknown_fields=True):
    """Font families: bundled ones, or of a folder."""

    heading: Annotated[str | None, _about("for titles", "EB Garamond")] = None
    name: Annotated[str | None, _about("for the recipient's name", "Great Vibes")] = None
    body: Annotated[str | None, _about("for everything else", "Source Sans 3")] = None
    folder: Annotated[str | None, _about("a folder with fonts of your own, beside this file", "fonts")] = None


class MailEntry(Struct, forbid_unknown_fields=True):
    """How certificates are sent by e-mail. A password or token is never written here."""

    origin: Annotated[
        _Text, _about("whom the mail comes from, with or without a name", "Academy <certificates@your-academy.org>")
    ] = field(name="from")
    reply_to: Annotated[str | None, _about("where answers go", "courses@your-academy.org")] = None
    sender: Annotated[
        str | None, _about("the mailbox that sends, where it is not that of `from`", "ana@your-academy.org")
    ] = None
    host: Annotated[str | None, _about("the server that takes mail for sending", "smtp.office365.com")] = None
    port: Annotated[int | None, _about("its port; 587, or 465 with tls, or 25 with none, if left out", 587)] = None
    security: Annotated[Literal["starttls", "tls", "none"], _about("how the way there is encrypted", "starttls")] = (
        "starttls"
    )
    user: Annotated[str | None, _about("who signs in there", "certificates@your-academy.org")] = None
    auth: Annotated[Literal["password", "oauth"], _about("how: with a password or a token", "oauth")] = "password"
    per_minute: Annotated[int, _about("messages a minute at most, 1 to 6000", 30)] = 30
    connections: Annotated[int, _about("connections at the same time, 1 to 10", 1)] = 1
    outbox: Annotated[
        str | None, _about("a folder (Maildir) beside this file that mail is put into instead", "outbox")
    ] = None
    linkedin: Annotated[str | int | None, _about("your number at LinkedIn, so that it shows your logo", "1337")] = None


_Share = Annotated[
    float, Meta(extra={"bounds": {"ge": 0, "le": 100}}, extra_json_schema={"minimum": 0, "maximum": 100})
]


class SpotEntry(Struct, forbid_unknown_fields=True):
    """An ink of its own for one colour."""

    name: Annotated[_Text, _about("the ink's name, as the printer orders it", "PANTONE 541 C")]
    cmyk: Annotated[
        tuple[_Share, _Share, _Share, _Share],
        _about("cyan, magenta, yellow and black in per cent, for proofs and screens", [100, 58, 9, 46]),
    ]


class PressEntry(Struct, forbid_unknown_fields=True):
    """How certificates are printed on a press."""

    profile: Annotated[
        str | None,
        _about("the printing condition: FOGRA39, or the printer's own ICC profile beside this file", "FOGRA39"),
    ] = None
    spots: Annotated[
        dict[str, SpotEntry],
        _about(
            "inks of their own for the house colours, by primary, accent or #rrggbb",
            {"primary": {"name": "PANTONE 541 C", "cmyk": [100, 58, 9, 46]}},
        ),
    ] = {}


class IssuerFile(Struct, forbid_unknown_fields=True):
    """Who issues the certificates: one file for all courses below its folder."""

    name: Annotated[_Text, _about("the issuer's name", "Academy of the Three Rivers")]
    verify_url: Annotated[
        _Text, _about("where certificates are verified; it may have a path", "https://verify.your-academy.org")
    ]
    legal_name: Annotated[str | None, _about("the full legal name")] = None
    url: Annotated[str | None, _about("the website", "https://www.your-academy.org")] = None
    contact: Annotated[str | None, _about("for questions about certificates", "certificates@your-academy.org")] = None
    privacy_url: Annotated[str | None, _about("the privacy notice", "https://www.your-academy.org/privacy")] = None
    key: Annotated[str | None, _about("the key that signs, written by certgen when it is made")] = None
    status_valid: Annotated[int, _about("days that a published list of cancellations is good for", 400)] = 400
    retention: Annotated[str | None, _about("how long people's data is kept in the registry", "10 years")] = None
    logo: Annotated[
        str | list[_Text] | None, _about("a PNG, JPEG, SVG or PDF beside this file, or several", "logo.svg")
    ] = None
    colours: Annotated[
        ColoursEntry | None, _about("the house colours", {"primary": "#0b3d62", "accent": "#c8a45a"})
    ] = None
    fonts: Annotated[FontsEntry | None, _about("the house fonts", {"heading": "EB Garamond"})] = None
    mail: Annotated[
        MailEntry | None, _about("[mail]: how certificates are sent", {"from": "certificates@your-academy.org"})
    ] = None
    press: Annotated[PressEntry | None, _about("[press]: how certificates are printed", {"profile": "FOGRA39"})] = None
    words: Annotated[
        dict[str, dict[str, str]], _about("[words.fr]: replaces the layouts' own phrases, label by label")
    ] = {}


FILES: dict[str, tuple[type[Struct], str]] = {
    "course": (CourseFile, "course.toml: one running of one course"),
    "issuer": (IssuerFile, "issuer.toml: who issues the certificates"),
}


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schemas of ``course.toml`` and ``issuer.toml``, by the names of the files' kinds."""
    return {kind: toml.schema(type_, f"certgen {kind}", text) for kind, (type_, text) in FILES.items()}
