"""Reads ``course.toml``, ``issuer.toml`` and a workbook's Course sheet into a Course and an Issuer.

The Structs whose names end in Entry or File are the files as people write them; their descriptions become the
JSON Schemas and the tables of docs/course.md. A Course sheet is turned into the same shape first, so that every
rule holds for both. Rules and their sentences are in the two builders below.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

from certgen import prose, toml
from certgen.errors import Problem, Severity
from certgen.model import (
    AwardKind,
    AwardRule,
    AwardWords,
    Conditions,
    Course,
    Edition,
    Expiry,
    Issuer,
    Prose,
    Section,
    Signatory,
    Skill,
)
from certgen.toml import UNKNOWN, Document, Key

ISSUER_FILE = "issuer.toml"
PICTURES = (".svg", ".png", ".jpg", ".jpeg", ".pdf")

# --- the files as written --------------------------------------------------------------------


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
    logo: Annotated[
        str | list[_Text] | None, _about("a PNG, JPEG, SVG or PDF beside this file, or several", "logo.svg")
    ] = None
    colours: Annotated[
        ColoursEntry | None, _about("the house colours", {"primary": "#0b3d62", "accent": "#c8a45a"})
    ] = None
    fonts: Annotated[FontsEntry | None, _about("the house fonts", {"heading": "EB Garamond"})] = None
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


# --- loading ---------------------------------------------------------------------------------


def load_course(path: Path, problems: list[Problem]) -> Course | None:
    """The course in a ``course.toml``. With errors among ``problems`` it is good for further checks only."""
    found: list[Problem] = []
    document = toml.read(path, found)
    course = None
    if document is not None:
        raw = toml.convert(document, CourseFile, path, found)
        course = _CourseBuilder(document, path.parent, found).build(raw) if raw else None
    problems += _in_order(found)
    return course


def load_issuer(path: Path, problems: list[Problem]) -> Issuer | None:
    """The issuer in an ``issuer.toml``. With errors among ``problems`` it is good for further checks only."""
    found: list[Problem] = []
    document = toml.read(path, found)
    issuer = None
    if document is not None:
        raw = toml.convert(document, IssuerFile, path, found)
        issuer = _IssuerBuilder(document, path.parent, found).build(raw) if raw else None
    problems += _in_order(found)
    return issuer


def _in_order(problems: list[Problem]) -> list[Problem]:
    return list(dict.fromkeys(sorted(problems, key=lambda problem: problem.line or 0)))


def find_issuer(start: Path, problems: list[Problem] | None = None) -> Path | None:
    """The nearest ``issuer.toml`` in ``start`` (a file or folder) or above it; None (told) if there is none."""
    here = start.absolute()
    for folder in (here, *here.parents):
        try:
            if (folder / ISSUER_FILE).is_file():
                return folder / ISSUER_FILE
        except OSError:  # a folder that may not be looked into
            continue
    if problems is not None:
        folder = here if here.is_dir() else here.parent
        problems.append(
            Problem(
                code="no-issuer",
                message=f"There is no {ISSUER_FILE} in {folder} or any folder above it.",
                hint=f'Create {folder.parent / ISSUER_FILE} with two lines: name = "Your academy" and '
                'verify_url = "https://verify.your-academy.org"; it serves all courses below it.',
            )
        )
    return None


# --- languages -------------------------------------------------------------------------------


@cache
def language_tag(text: str) -> str | None:
    """A BCP 47 tag in its canonical case; None if it is malformed or its language or country is not known.

    Source: RFC 5646; ICU's lists of ISO 639 languages and ISO 3166 countries.
    """
    tag = text.strip().replace("_", "-")
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", tag):
        return None
    from icu import Locale

    locale = Locale.forLanguageTag(tag)
    made = str(locale.toLanguageTag())
    country = str(locale.getCountry())
    if made.count("-") != tag.count("-") or locale.getLanguage() == "und":
        return None
    if not _language_known(made.split("-")[0]):
        return None
    return made if not country or country.isdigit() or country in Locale.getISOCountries() else None


@cache
def _language_known(language: str) -> bool:
    from icu import Locale

    return language in Locale.getISOLanguages() or str(Locale(language).getDisplayLanguage(Locale("en"))) != language


@cache
def _language_names() -> dict[str, str]:
    """Names of languages, case folded, in English, Spanish, French and their own tongue, with their tags."""
    from icu import Locale

    found: dict[str, str] = {}
    for tag in sorted(Locale.getISOLanguages(), key=lambda item: (-len(item), item)):  # two letters win
        locale = Locale(tag)
        for tongue in (locale, Locale("fr"), Locale("es"), Locale("en")):
            name = str(locale.getDisplayLanguage(tongue)).casefold()
            if name != tag:
                found[name] = tag
    return found


def language_named(text: str) -> str | None:
    """The tag of a language given as a tag or by its name in English, Spanish, French or itself."""
    return language_tag(text) or _language_names().get(" ".join(text.casefold().split()))


# --- expiry ----------------------------------------------------------------------------------

_PERIOD = re.compile(
    r"(?:(?P<years>\d{1,3})\s*(?:years?|yrs?))?"
    r"(?:[\s,]*(?:and\s+)?(?P<months>\d{1,3})\s*months?)?"
    r"(?:[\s,]*(?:and\s+)?(?P<weeks>\d{1,3})\s*weeks?)?"
    r"(?:[\s,]*(?:and\s+)?(?P<days>\d{1,5})\s*days?)?"
)


def expiry(text: str) -> Expiry | None:
    """ "never", an ISO date, or "2 years", "18 months", "1 year and 6 months"; None if it is none of these."""
    text = " ".join(text.casefold().split())
    if text in ("never", ""):
        return Expiry()
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            return Expiry(on=date.fromisoformat(text))
        except ValueError:
            return None
    found = _PERIOD.fullmatch(text)
    if not found:
        return None
    years, months, weeks, days = (int(found[name] or 0) for name in ("years", "months", "weeks", "days"))
    made = Expiry(years=years, months=months, days=7 * weeks + days)
    return None if made.never or years > 100 else made


def expiry_date(expiry: Expiry, issued: date) -> date | None:
    """The last day a credential issued on a day is good; None for never. 29 February becomes the 28th."""
    if expiry.never or expiry.on is not None:
        return expiry.on
    month = issued.month - 1 + expiry.months
    year = issued.year + expiry.years + month // 12
    month = month % 12 + 1
    if year > date.max.year - 300:
        return None
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(issued.day, last)) + timedelta(days=expiry.days)


# --- checks that both files share ------------------------------------------------------------

_PLACEHOLDERS = re.compile(r"(^|\.)(example(\.(com|org|net|edu))?|test|invalid|localhost|localdomain)$")


class _Builder:
    def __init__(self, document: Document, folder: Path, problems: list[Problem]) -> None:
        self.document = document
        self.folder = folder.absolute()
        self.problems = problems

    def tell(self, key: Key, code: str, message: str, hint: str = "", severity: Severity = "error") -> None:
        self.problems.append(self.document.problem(key, code, message, hint, severity))

    def text(self, key: Key, value: str | None) -> str | None:
        """A text as printed: trimmed, single spaces; blank is None. Line breaks stay."""
        if value is None or value == UNKNOWN:
            return None
        bad = next((c for c in value if unicodedata.category(c) in ("Cc", "Cs", "Cn") and c not in "\n\t\r"), None)
        if bad:
            self.tell(
                key,
                "unprintable",
                f"{toml.dotted(key)} holds the unprintable character U+{ord(bad):04X}.",
                "Type the text again.",
            )
            value = value.replace(bad, "")
        return re.sub(r"[ \t]+", " ", re.sub(r"\s*\n\s*", "\n", value)).strip() or None

    def prose(self, key: Key, value: str | None) -> Prose | None:
        if value is None or value == UNKNOWN or not value.strip():
            return None
        made, refused = prose.parse(value)
        for words in refused:
            down = words.line if isinstance(words, prose.Refused) else 0
            hint = words.hint if isinstance(words, prose.Refused) else ""
            self.problems.append(self.document.problem(key, "markdown", str(words), hint, text_line=down))
        return made

    def url(self, key: Key, value: str | None) -> str | None:
        """An address that begins with http:// or https://; others are told."""
        value = self.text(key, value)
        if not value:
            return None
        try:
            parts = urlsplit(value)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        name = toml.dotted(key)
        if re.search(r"\s", value):
            self.tell(key, "bad-address", f"{name} has a space in it.", "Take it out, or write it as %20.")
        elif parts.scheme not in ("http", "https") or not host:
            hint = f"https://{value}" if re.fullmatch(r"[\w.-]+\.[a-z]{2,}(/.*)?", value) else "https://www.academy.org"
            self.tell(key, "bad-address", f'{name} must be a web address; here it is "{value[:60]}".', f'"{hint}"')
        elif parts.username is not None:
            self.tell(key, "bad-address", f"{name} has a user name or a password in it.", "Take out what is before @.")
        else:
            return value
        return None

    def file(self, key: Key, value: str | None, kinds: tuple[str, ...], *, folder: bool = False) -> str | None:
        """The absolute path of a file (or folder) named in this file; None (told) if it cannot be used."""
        value = self.text(key, value)
        if not value:
            return None
        name = toml.dotted(key)
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:|//|\\\\", value):
            self.tell(
                key,
                "network-path",
                f'{name} is on the network: "{value[:60]}".',
                "Copy the file beside this one, and give its name.",
            )
            return None
        path = self.folder / value.replace("\\", "/")
        what = "folder" if folder else "file"
        try:
            found = path.is_dir() if folder else path.is_file()
            if not found and path.exists():
                self.tell(key, "no-file", f'{name} = "{value}" is not a {what}.', f"Give the name of a {what}.")
                return None
            if not found:
                beside = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
                close = toml.nearest(path.name, sorted(beside)[:1000])
                self.tell(
                    key,
                    "no-file",
                    f'{name} = "{value}": there is no such {what}.',
                    f'Did you mean "{close}"?' if close else f"It should be {path}.",
                )
                return None
        except (OSError, ValueError) as error:
            self.tell(key, "no-file", f'{name} = "{value[:60]}" cannot be opened: {error}.', "Give another name.")
            return None
        if kinds and path.suffix.lower() not in kinds:
            self.tell(
                key, "file-kind", f"{name} is a {path.suffix or 'nameless'} file.", "Save it as SVG, PNG, JPEG or PDF."
            )
            return None
        return str(path.resolve())

    def language(self, key: Key, value: str) -> str | None:
        """A canonical language tag; None (told) if it is not one."""
        if value == UNKNOWN:
            return None
        made = language_tag(value)
        if made is None:
            meant = language_named(value) or language_tag(value[:2])
            self.tell(
                key,
                "unknown-language",
                f'"{value[:40]}" is not the tag of a language.',
                f'Did you mean "{meant}"?' if meant else 'Tags are like "en", "fr", "pt-BR" or "zh-Hant".',
            )
        return made

    def languages(self, key: Key, tags: Iterable[str]) -> tuple[str, ...]:
        made: list[str] = []
        for index, value in enumerate(tags):
            tag = self.language((*key, index), value)
            if tag in made:
                self.tell((*key, index), "repeated", f'"{tag}" stands twice in {toml.dotted(key)}.', "Delete one.")
            elif tag:
                made.append(tag)
        return tuple(made)


# --- the issuer ------------------------------------------------------------------------------


class _IssuerBuilder(_Builder):
    def build(self, raw: IssuerFile) -> Issuer:
        logos = [raw.logo] if isinstance(raw.logo, str) else raw.logo or []
        keys: list[Key] = [("logo",)] if isinstance(raw.logo, str) else [("logo", n) for n in range(len(logos))]
        fonts = raw.fonts or FontsEntry()
        roles = {role: self.text(("fonts", role), getattr(fonts, role)) for role in ("heading", "name", "body")}
        colours = raw.colours or ColoursEntry()
        words: dict[str, dict[str, str]] = {}
        for tag, labels in raw.words.items():
            canonical = self.language(("words", tag), tag)
            if canonical:
                words.setdefault(canonical, {}).update(
                    {
                        label: text
                        for label, phrase in labels.items()
                        if (text := self.text(("words", tag, label), phrase))
                    }
                )
        return Issuer(
            name=self.text(("name",), raw.name) or "",
            folder=str(self.folder),
            verify_url=self.verify_url(raw.verify_url),
            legal_name=self.text(("legal_name",), raw.legal_name),
            url=self.url(("url",), raw.url),
            contact=self.text(("contact",), raw.contact),
            privacy_url=self.url(("privacy_url",), raw.privacy_url),
            logos=tuple(
                path for key, logo in zip(keys, logos, strict=True) if (path := self.file(key, logo, PICTURES))
            ),
            primary=self.colour(("colours", "primary"), colours.primary, "#1f3a5f"),
            accent=self.colour(("colours", "accent"), colours.accent, "#b08d57"),
            fonts={role: family for role, family in roles.items() if family},
            font_folder=self.file(("fonts", "folder"), fonts.folder, (), folder=True),
            words=words,
            file=self.document.file,
        )

    def verify_url(self, value: str) -> str:
        key: Key = ("verify_url",)
        url = self.url(key, value)
        if not url:
            return ""
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        local = host in ("localhost", "127.0.0.1", "::1")
        if parts.query or parts.fragment or "?" in url or "#" in url:
            self.tell(key, "bad-address", "verify_url may not have ? or # in it.", f'"{re.split("[?#]", url)[0]}"')
        elif not url.isascii():
            self.tell(
                key,
                "bad-address",
                "verify_url has letters that QR readers do not open surely.",
                "Write it in ASCII, as the browser's address bar copies it.",
            )
        elif parts.scheme != "https" and not local:
            self.tell(key, "insecure-address", "verify_url must begin with https://.", f'"https{url[4:]}"')
        elif local or _PLACEHOLDERS.search(host):
            self.tell(
                key,
                "placeholder-domain",
                f"{host} is a placeholder: nobody can verify a certificate there.",
                "Put in the address of your own verification site before you issue.",
                "warning",
            )
        return url.rstrip("/")

    def colour(self, key: Key, value: str | None, default: str) -> str:
        value = self.text(key, value)
        if value is None:
            return default
        if re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
            return value.lower()
        if re.fullmatch(r"#[0-9A-Fa-f]{3}", value):
            return "#" + "".join(digit * 2 for digit in value[1:].lower())
        hint = f'"#{value}"' if re.fullmatch(r"[0-9A-Fa-f]{6}", value) else 'For example "#0b3d62".'
        self.tell(
            key, "bad-colour", f'{toml.dotted(key)} must be a colour such as #0b3d62; here it is "{value[:40]}".', hint
        )
        return default


# --- the course ------------------------------------------------------------------------------


class _CourseBuilder(_Builder):
    def build(self, raw: CourseFile) -> Course:
        languages = self.languages(("languages",), raw.languages)
        if not languages and not raw.languages:
            self.tell(("languages",), "no-language", "languages is an empty list.", 'languages = ["en"]')
        languages = languages or ("en",)
        self.dates(raw)
        awards, assumed = self.awards(raw)
        section_ids = self.ids(("sections",), [entry.id for entry in raw.sections], "section")
        signatory_ids = self.ids(("signatories",), [entry.id for entry in raw.signatories], "signatory")
        first = self.edition(raw, languages[0], section_ids, signatory_ids)
        translations = self.translations(raw, languages)
        editions = {languages[0]: first}
        for tag in languages[1:]:
            name, entry = translations.get(tag, (tag, TranslationEntry()))
            editions[tag] = _Translator(self, ("translation", name), raw, entry, first).edition(tag)
        return Course(
            code=self.text(("code",), raw.code) or "",
            editions=editions,
            languages=languages,
            awards=awards,
            expires=self.expires(raw),
            issued=raw.issued,
            hours=raw.hours,
            start=raw.start,
            end=raw.end,
            number=self.text(("number",), raw.number),
            taught_in=self.languages(("taught_in",), raw.taught_in),
            layout=self.layout(raw.layout),
            awards_assumed=assumed,
            file=self.document.file,
            sheet=getattr(self.document, "sheet", None),
        )

    def dates(self, raw: CourseFile) -> None:
        if raw.start and raw.end and raw.end < raw.start:
            self.tell(
                ("end",),
                "end-before-start",
                f"The course ends ({raw.end}) before it starts ({raw.start}).",
                "Mend one of the two dates.",
            )
        elif raw.issued and raw.end and raw.issued < raw.end:
            self.tell(
                ("issued",),
                "issued-before-end",
                f"The certificates are issued ({raw.issued}) before the course ends ({raw.end}).",
                "Check both dates; the certificates will say so.",
                "warning",
            )

    def expires(self, raw: CourseFile) -> Expiry:
        if raw.expires == UNKNOWN:
            return Expiry()
        made = expiry(raw.expires)
        if made is None:
            self.tell(
                ("expires",),
                "bad-expiry",
                f'expires = "{raw.expires[:40]}" is not understood.',
                'Write "never", a date such as 2028-04-10, or a time such as "2 years" or "18 months".',
            )
            return Expiry()
        if made.on and raw.issued and made.on <= raw.issued:
            self.tell(
                ("expires",),
                "expires-before-issued",
                f"The certificates expire ({made.on}) before they are issued ({raw.issued}).",
                "Mend one of the two dates.",
            )
        return made

    def layout(self, value: str) -> str:
        value = self.text(("layout",), value) or "classic"
        if re.fullmatch(r"[A-Za-z0-9_-]+", value) and not (self.folder / value / "layout.toml").is_file():
            return value
        return self.file(("layout",), value, (), folder=True) or "classic"

    def ids(self, key: Key, given: list[str | None], kind: str) -> list[str]:
        made: list[str] = []
        for index, value in enumerate(given):
            name = self.text((*key, index, "id"), value) or f"{kind}-{index + 1}"
            if name in made:
                self.tell(
                    (*key, index, "id"),
                    "repeated-id",
                    f'The id "{name}" stands twice among {key[0]}.',
                    "Give each its own.",
                )
            made.append(name)
        return made

    def awards(self, raw: CourseFile) -> tuple[tuple[AwardRule, ...], bool]:
        made: list[AwardRule] = []
        always: int | None = None
        for index, entry in enumerate(raw.awards):
            key: Key = ("awards", index)
            if always is not None:
                self.tell(
                    key,
                    "unreachable-award",
                    f"Nobody can get this {entry.kind}: everyone meets the one above it.",
                    f"Give awards[{always + 1}] a condition (when = ...), or put it last.",
                    "warning",
                )
            rule = AwardRule(kind=entry.kind, when=self.conditions((*key, "when"), entry.when))
            if rule.when is None and always is None and not (entry.when is None and "when" in self.raw_award(index)):
                always = index
            made.append(rule)
        kinds = {rule.kind for rule in made} or {"completion"}
        for index, section in enumerate(raw.sections):
            for at, kind in enumerate(section.awards or []):
                if kind not in kinds:
                    self.tell(
                        ("sections", index, "awards", at),
                        "no-such-award",
                        f"This section is for {kind}, which no award of the course is.",
                        f"The course has: {', '.join(sorted(kinds))}.",
                    )
            if section.awards == []:
                self.tell(
                    ("sections", index, "awards"),
                    "no-such-award",
                    "This section is for no award at all.",
                    "Delete the line to print it for all.",
                )
        return (tuple(made), False) if made else ((AwardRule(kind="completion"),), True)

    def raw_award(self, index: int) -> dict[str, Any]:
        """The award as typed: one whose conditions were wrong is not one without conditions."""
        awards = self.document.get("awards")
        found = awards[index] if isinstance(awards, list) and index < len(awards) else None
        return found if isinstance(found, dict) else {}

    def conditions(self, key: Key, when: WhenEntry | None) -> Conditions | None:
        if when is None:
            return None
        out_of = when.out_of
        if when.score_min is not None:
            out_of = out_of or Decimal(100)
            if when.score_min > out_of:
                self.tell(
                    (*key, "score_min"),
                    "score-above-scale",
                    f"score_min is {when.score_min}, more than {out_of}, the whole of the scale.",
                    "Mend it, or give the scale with out_of.",
                )
        elif out_of is not None:
            self.tell(
                (*key, "out_of"),
                "scale-without-score",
                "out_of stands without score_min.",
                "Add score_min, or delete out_of.",
            )
        if when.completed is False:
            self.tell(
                (*key, "completed"),
                "completed-false",
                "completed = false asks for nothing.",
                "Write completed = true, or delete it.",
            )
        seen: list[str] = []
        for index, name in enumerate(when.assessments):
            column = self.text((*key, "assessments", index), name)
            if column in seen:
                self.tell(
                    (*key, "assessments", index), "repeated", f'"{column}" stands twice in assessments.', "Delete one."
                )
            elif column:
                seen.append(column)
        made = Conditions(
            score_min=when.score_min,
            out_of=out_of if when.score_min is not None else None,
            completed=when.completed or None,
            attendance_min=when.attendance_min,
            hours_min=when.hours_min,
            assessments=tuple(seen),
        )
        return None if made == Conditions() else made

    def skills(self, key: Key, entries: Iterable[str | SkillEntry]) -> tuple[Skill, ...]:
        made = []
        for index, entry in enumerate(entries):
            place = (*key, index)
            if isinstance(entry, str):
                made.append(Skill(name=self.text(place, entry) or ""))
            else:
                name = self.text((*place, "name"), entry.name) or ""
                made.append(Skill(name=name, code=self.url((*place, "code"), entry.code)))
        return tuple(made)

    def edition(self, raw: CourseFile, tag: str, section_ids: list[str], signatory_ids: list[str]) -> Edition:
        return Edition(
            language=tag,
            title=self.text(("title",), raw.title) or "",
            programme=self.text(("programme",), raw.programme),
            venue=self.text(("venue",), raw.venue),
            dated=self.text(("dated",), raw.dated),
            summary=self.prose(("summary",), raw.summary),
            skills=self.skills(("skills",), raw.skills),
            occupations=self.skills(("occupations",), raw.occupations),
            sections=tuple(
                Section(
                    id=section_ids[index],
                    body=self.prose(("sections", index, "body"), entry.body) or Prose(source="", blocks=()),
                    heading=self.text(("sections", index, "heading"), entry.heading),
                    awards=tuple(dict.fromkeys(entry.awards)) if entry.awards else None,
                )
                for index, entry in enumerate(raw.sections)
            ),
            signatories=tuple(
                Signatory(
                    id=signatory_ids[index],
                    name=self.text(("signatories", index, "name"), entry.name) or "",
                    role=self.text(("signatories", index, "role"), entry.role) or "",
                    signature=self.file(("signatories", index, "signature"), entry.signature, PICTURES),
                )
                for index, entry in enumerate(raw.signatories)
            ),
            awards=tuple(
                AwardWords(
                    title=self.text(("awards", index, "title"), entry.title),
                    statement=self.text(("awards", index, "statement"), entry.statement),
                )
                for index, entry in enumerate(raw.awards)
            )
            or (AwardWords(),),
        )

    def translations(self, raw: CourseFile, languages: tuple[str, ...]) -> dict[str, tuple[str, TranslationEntry]]:
        """Translations by canonical tag, each with its name as typed."""
        found: dict[str, tuple[str, TranslationEntry]] = {}
        for name, entry in raw.translation.items():
            key: Key = ("translation", name)
            tag = self.language(key, name)
            if tag is None:
                continue
            if tag == languages[0]:
                self.tell(
                    key,
                    "translation-of-default",
                    f"{tag} is the first language; its words are the course's own.",
                    "Move them to the keys above, or put another language first in languages.",
                )
            elif tag not in languages:
                self.tell(
                    key,
                    "translation-not-asked",
                    f"There is a translation into {tag}, which languages does not list.",
                    f"languages = [{', '.join(repr(item) for item in (*languages, tag))}]".replace("'", '"'),
                )
            else:
                found[tag] = (name, entry)
        return found


class _Translator:
    """One translation laid over the first edition. ``fell_back`` collects what it lacks."""

    def __init__(
        self, course: _CourseBuilder, key: Key, raw: CourseFile, entry: TranslationEntry, first: Edition
    ) -> None:
        self.course = course
        self.key = key
        self.raw = raw
        self.entry = entry
        self.first = first
        self.fell_back: list[str] = []

    def choose(self, name: str, key: Key, mine: Any, default: Any) -> Any:
        """The translation, or what it falls back to."""
        if mine is not None:
            if default is None or default == "":
                self.course.tell(
                    (*self.key, *key),
                    "only-translated",
                    f"{name} is translated, but the course has none.",
                    "Add it in the first language, or delete the translation.",
                    "warning",
                )
            return mine
        if default is not None and default != "":
            self.fell_back.append(name)
        return default

    def text(self, name: str, key: Key, value: str | None, default: str | None) -> str | None:
        made: str | None = self.choose(name, key, self.course.text((*self.key, *key), value), default)
        return made

    def edition(self, tag: str) -> Edition:
        entry, first = self.entry, self.first
        plain = {
            name: self.text(name, (name,), getattr(entry, name), getattr(first, name))
            for name in ("title", "programme", "venue", "dated")
        }
        summary = self.choose(
            "summary", ("summary",), self.course.prose((*self.key, "summary"), entry.summary), first.summary
        )
        return Edition(
            language=tag,
            title=plain["title"] or "",
            programme=plain["programme"],
            venue=plain["venue"],
            dated=plain["dated"],
            summary=summary,
            skills=self.skills("skills", entry.skills, first.skills),
            occupations=self.skills("occupations", entry.occupations, first.occupations),
            sections=self.sections(),
            signatories=self.signatories(),
            awards=self.awards(),
            fell_back=tuple(self.fell_back),
        )

    def skills(self, name: str, mine: list[str | SkillEntry] | None, default: tuple[Skill, ...]) -> tuple[Skill, ...]:
        if mine is None:
            return self.choose(name, (name,), None, default or None) or ()
        if not self.same_length(name, len(mine), len(default)):
            return default
        made = self.course.skills((*self.key, name), mine)
        return tuple(
            Skill(name=new.name or old.name, code=new.code or old.code) for new, old in zip(made, default, strict=True)
        )

    def same_length(self, name: str, mine: int, default: int) -> bool:
        if mine != default:
            self.course.tell(
                (*self.key, name),
                "other-length",
                f"{toml.dotted(self.key)} has {mine} {name}; the course has {default}.",
                "Give the same number, in the same order.",
            )
        return mine == default

    def match(self, name: str, ids: list[str | None], wanted: list[str], typed: list[str | None]) -> dict[str, int]:
        """Where each wanted id stands among the translation's entries. ``typed``: ids in the first language."""
        found: dict[str, int] = {}
        for index, value in enumerate(ids):
            key: Key = (*self.key, name, index)
            if value is None or value == UNKNOWN:
                self.course.tell(
                    key,
                    "missing-id",
                    f"This entry of {toml.dotted(self.key)}.{name} has no id.",
                    f"Add id = ..., one of: {', '.join(wanted)}." if wanted else "Delete it.",
                )
            elif value.strip() not in wanted:
                close = toml.nearest(value, wanted)
                self.course.tell(
                    (*key, "id"),
                    "unknown-id",
                    f'The course has no "{value}" among its {name}.',
                    f'Did you mean "{close}"?'
                    if close
                    else f"Its ids are: {', '.join(wanted)}."
                    if wanted
                    else "Delete it, or add it to the course.",
                )
            elif value.strip() in found:
                self.course.tell((*key, "id"), "repeated-id", f'"{value}" is translated twice.', "Delete one.")
            else:
                found[value.strip()] = index
        for index, own in enumerate(typed):
            if ids and own is None:
                self.course.tell(
                    (name, index),
                    "missing-id",
                    f"{name}[{index + 1}] has no id, so no translation can name it.",
                    'Add a line such as id = "content".',
                )
        return found

    def sections(self) -> tuple[Section, ...]:
        mine = self.entry.sections
        wanted = [section.id for section in self.first.sections]
        places = self.match("sections", [item.id for item in mine], wanted, [item.id for item in self.raw.sections])
        made = []
        for section in self.first.sections:
            at = places.get(section.id)
            words = mine[at] if at is not None else TranslatedSection()
            name, key = f"sections.{section.id}", ("sections", at if at is not None else 0)
            heading = self.text(f"{name}.heading", (*key, "heading"), words.heading, section.heading)
            body = self.course.prose((*self.key, *key, "body"), words.body)
            body = self.choose(f"{name}.body", (*key, "body"), body, section.body)
            made.append(Section(id=section.id, body=body, heading=heading, awards=section.awards))
        return tuple(made)

    def signatories(self) -> tuple[Signatory, ...]:
        mine = self.entry.signatories
        wanted = [person.id for person in self.first.signatories]
        places = self.match("signatories", [item.id for item in mine], wanted, [i.id for i in self.raw.signatories])
        made = []
        for person in self.first.signatories:
            at = places.get(person.id)
            words = mine[at] if at is not None else TranslatedSignatory()
            key: Key = ("signatories", at if at is not None else 0)
            role = self.text(f"signatories.{person.id}.role", (*key, "role"), words.role, person.role)
            # A name is the same in every language, unless it is written in another script.
            name = self.course.text((*self.key, *key, "name"), words.name) or person.name
            made.append(Signatory(id=person.id, name=name, role=role or "", signature=person.signature))
        return tuple(made)

    def awards(self) -> tuple[AwardWords, ...]:
        mine = self.entry.awards
        kinds = [rule.kind for rule in self.raw.awards]
        given = [item.kind for item in mine]
        places: dict[int, int] = {}
        by_kind = bool(mine) and None not in given and len(set(kinds)) == len(kinds)
        if by_kind:
            for index, kind in enumerate(given):
                if kind not in kinds:
                    self.course.tell(
                        (*self.key, "awards", index, "kind"),
                        "unknown-id",
                        f"The course has no award of the kind {kind}.",
                        "Delete it, or add it to the course.",
                    )
                elif kinds.index(kind) in places:
                    self.course.tell(
                        (*self.key, "awards", index, "kind"),
                        "repeated-id",
                        f"{kind} is translated twice.",
                        "Delete one.",
                    )
                else:
                    places[kinds.index(kind)] = index
        elif mine and self.same_length("awards", len(mine), len(kinds)):
            places = {index: index for index in range(len(kinds))}
            for index, kind in enumerate(given):
                if kind is not None and kind != kinds[index]:
                    self.course.tell(
                        (*self.key, "awards", index, "kind"),
                        "other-order",
                        f"This is {kind}, where the course has {kinds[index]}.",
                        "Keep the course's order.",
                    )
        made = []
        for index, words in enumerate(self.first.awards):
            at = places.get(index)
            new = mine[at] if at is not None else TranslatedAward()
            key: Key = ("awards", at if at is not None else 0)
            name = f"awards.{kinds[index]}" if kinds and kinds.count(kinds[index]) == 1 else f"awards[{index + 1}]"
            # A translation may have words of its own where the first language leaves the layout's.
            title = self.course.text((*self.key, *key, "title"), new.title)
            statement = self.course.text((*self.key, *key, "statement"), new.statement)
            self.fell_back += [f"{name}.title"] if title is None and words.title else []
            self.fell_back += [f"{name}.statement"] if statement is None and words.statement else []
            made.append(AwardWords(title=title or words.title, statement=statement or words.statement))
        return tuple(made)
