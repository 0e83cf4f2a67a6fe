"""What a text may say: the fields that are known when a batch starts, and the layout's words.

Words may hold fields, so they are put into a text before its fields are looked at. What is fixed
is then written out; what is left is a recipient's and becomes a slot.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property
from pathlib import PurePath
from urllib.parse import urlsplit

from certgen.errors import ExitCode, Problem
from certgen.fields import Slot, Template, varies
from certgen.layout import Layout
from certgen.model import Course, Edition, Issuer
from certgen.signing import PublicKey

Lookup = Callable[[str], object | None]


def language_chain(language: str) -> list[str]:
    """The tag and its ever shorter beginnings: fr-CA, fr. Source: BCP 47 (RFC 4647, 3.4)."""
    parts = language.split("-")
    return ["-".join(parts[:n]) for n in range(len(parts), 0, -1)]


def words_for(layout: Layout, issuer: Issuer, language: str) -> dict[str, str]:
    """The layout's phrases in a language, replaced label by label by the issuer's own; empty if there are none."""
    words: dict[str, str] = {}
    for tag in reversed(language_chain(language)):
        words |= layout.phrases.get(tag, {})
    for tag in reversed(language_chain(language)):
        words |= issuer.words.get(tag, {})
    return words


def host(verify_url: str) -> str:
    """What is printed beside the code: "verify.example.org/v"."""
    parts = urlsplit(verify_url)
    return f"{parts.netloc}{parts.path.rstrip('/')}/v"


def fingerprint(issuer: Issuer) -> str | None:
    """Of the key that signs, as the verification page shows it; None before there is one."""
    return PublicKey.from_multikey(issuer.key).fingerprint if issuer.key else None


def initials(name: str) -> str:
    """Up to three letters of an issuer's name, for its seal."""
    heads = [word[0] for word in name.replace("-", " ").split() if word[0].isupper() or not word[0].isascii()]
    return "".join(heads[:3]) or name[:1].upper()


class Context:
    """Fixed fields of one edition and award, and the phrases of its language."""

    def __init__(
        self,
        layout: Layout,
        course: Course,
        edition: Edition,
        issuer: Issuer,
        award: int,
        issued: date,
        expires: date | None,
        present: frozenset[str],
        record: bool,
    ) -> None:
        self.layout, self.course, self.edition, self.issuer = layout, course, edition, issuer
        self.award, self.issued, self.expires, self.present, self.record = award, issued, expires, present, record
        self.language = edition.language
        self.words = words_for(layout, issuer, edition.language)
        self.kind = course.awards[award].kind
        self.missing_words: set[str] = set()

    @cached_property
    def _fields(self) -> dict[str, object]:
        course, edition, issuer = self.course, self.edition, self.issuer
        own = edition.awards[self.award] if self.award < len(edition.awards) else None
        return {
            "course.code": course.code,
            "course.title": edition.title,
            "course.programme": edition.programme,
            "course.venue": edition.venue,
            "course.dated": edition.dated or self.issued,
            "course.issued": self.issued,
            "course.languages": course.languages,
            "course.taught_in": course.taught_in,
            "course.skills": tuple(skill.name for skill in edition.skills),
            "course.occupations": tuple(item.name for item in edition.occupations),
            "course.summary": edition.summary.source if edition.summary else None,
            "course.sections": tuple(s.heading or s.id for s in edition.sections if self.shows(s.awards)),
            "course.signatories": tuple(item.name for item in edition.signatories),
            "issuer.name": issuer.name,
            "issuer.legal_name": issuer.legal_name,
            "issuer.url": issuer.url,
            "issuer.contact": issuer.contact,
            "issuer.privacy_url": issuer.privacy_url,
            "issuer.verify_url": issuer.verify_url,
            "issuer.fingerprint": fingerprint(issuer),
            "issuer.logos": tuple(PurePath(logo).name for logo in issuer.logos),
            "issuer.initials": initials(issuer.name),
            "award.kind": self.kind,
            "award.title": (own and own.title) or f"{{words.{self.kind}.title}}",
            "award.statement": (own and own.statement) or f"{{words.{self.kind}.statement}}",
            "credential.issued": self.issued,
            "credential.expires": self.expires,
            "credential.host": host(issuer.verify_url),
            "credential.kind": self.kind,
            "credential.language": self.language,
            "option.record": "yes" if self.record else None,
            "option.dated": "yes" if edition.dated else None,
        }

    def shows(self, awards: tuple[str, ...] | None) -> bool:
        """Whether a section restricted to some kinds of award is printed here."""
        return awards is None or self.kind in awards

    def has(self, when: str) -> bool:
        """Whether a box with this condition is there."""
        path = when.lstrip("!")
        if not path:
            return True
        value = path in self.present if varies(path) else self._fields.get(path) not in (None, "", ())
        return value != when.startswith("!")

    def expand(self, text: str, **more: object) -> Template:
        """A text with words and fixed fields written out; its remaining fields are the recipient's."""
        template = Template.parse(text)
        for _ in range(4):  # a phrase may use a phrase
            if not any(
                path.startswith("words.") or path in ("award.title", "award.statement") for path in template.paths
            ):
                break
            template = Template.parse("".join(self._words(part) for part in template.parts))
        fixed = {**self._fields, **more}
        return Template.parse("".join(self._fixed(part, fixed) for part in template.parts))

    def _words(self, part: str | Slot) -> str:
        if isinstance(part, str):
            return _literal(part)
        if part.path.startswith("words."):
            label = part.path.removeprefix("words.")
            if label not in self.words:
                self.missing_words.add(label)
            return self.words.get(label, "")
        if part.path in ("award.title", "award.statement"):
            return str(self._fields[part.path])
        return _field(part)

    def _fixed(self, part: str | Slot, fixed: dict[str, object]) -> str:
        if isinstance(part, str):
            return _literal(part)
        if varies(part.path) or part.path not in fixed:
            return _field(part)
        return _literal(Template("", (part,), ()).render(fixed.get, self.language))

    def word(self, label: str, **more: object) -> str:
        """A phrase with its fields written out."""
        if label not in self.words:
            self.missing_words.add(label)
            return ""
        return self.expand(f"{{words.{label}}}", **more).render(lambda path: more.get(path), self.language)

    def problems(self) -> list[Problem]:
        """The words that the layout needs and does not have in this language."""
        if not self.missing_words:
            return []
        labels = ", ".join(sorted(self.missing_words))
        return [
            Problem(
                code="no-words",
                message=f"The layout “{self.layout.name}” has no words in “{self.language}” for: {labels}.",
                hint=f"Add them to issuer.toml below [words.{self.language}], or to the layout’s phrases/"
                f"{self.language}.toml.",
                file=self.layout.file,
                exit_code=ExitCode.LAYOUT,
            )
        ]


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _field(part: Slot) -> str:
    return f"{{{part.path}:{part.fmt}}}" if part.fmt else f"{{{part.path}}}"
