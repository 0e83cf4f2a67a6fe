"""The course facts that are published: what a certificate says of its course, and nothing of any person.

One file for each running of a course and each language, JSON in its canonical form (RFC 8785), named by its SHA-256.
The signed payload holds the first 12 bytes of that, so that nobody who hosts the file can change it. docs/proofs.md
lists the keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from hashlib import sha256

from certgen.canonical import Json, jcs
from certgen.fields import format_value
from certgen.model import AwardRule, AwardWords, Conditions, Course, Edition, Issuer, Section, Skill
from certgen.payload import FACTS

FORMAT = "certgen-facts-1"

_ASKED = {  # language -> least score, least attendance, least hours
    "en": ("A score of at least {} out of {}", "Attendance of at least {} %", "At least {}"),
    "es": ("Una puntuación de al menos {} sobre {}", "Una asistencia de al menos el {} %", "Al menos {}"),
    "fr": ("Une note d’au moins {} sur {}", "Une assiduité d’au moins {} %", "Au moins {}"),
    "ar": ("درجة لا تقل عن {} من {}", "حضور لا يقل عن {} %", "{} على الأقل"),
}


def facts(course: Course, issuer: Issuer, language: str) -> bytes:
    """The file of one edition. The same course gives the same bytes."""
    edition = course.editions[language]
    return jcs(
        _present(
            {
                "format": FORMAT,
                "language": language,
                "code": course.code,
                "title": edition.title,
                "programme": edition.programme,
                "venue": edition.venue,
                "start": _day(course.start),
                "end": _day(course.end),
                "taught_in": list(course.taught_in),
                "summary": edition.summary.source if edition.summary else None,
                "sections": [_section(section) for section in edition.sections],
                "awards": _awards(course, edition),
                "skills": _named(edition.skills),
                "occupations": _named(edition.occupations),
                "signatories": [_present({"name": person.name, "role": person.role}) for person in edition.signatories],
                "issuer": _present(
                    {
                        "name": issuer.name,
                        "legal_name": issuer.legal_name,
                        "url": issuer.url,
                        "contact": issuer.contact,
                        "privacy_url": issuer.privacy_url,
                    }
                ),
            }
        )
    )


def mark(data: bytes) -> bytes:
    """What a signed payload holds of a file: 12 bytes."""
    return sha256(data).digest()[:FACTS]


def file_name(data: bytes) -> str:
    """The file's name on a verification site."""
    return f"{mark(data).hex()}.json"


def asked(when: Conditions | None, language: str) -> list[str]:
    """The conditions of an award, in words of the certificate's language (of English, where there are none)."""
    told: list[str] = []
    if when is not None:
        score, attendance, hours = _ASKED.get(language.partition("-")[0], _ASKED["en"])
        if when.score_min is not None:
            told.append(score.format(figure(when.score_min), figure(when.out_of or Decimal(100))))
        if when.attendance_min is not None:
            told.append(attendance.format(figure(when.attendance_min)))
        if when.hours_min is not None:
            told.append(hours.format(format_value(when.hours_min, "hours", language)))
    return told


def figure(value: Decimal) -> str:
    """A number with a point and no zeros at its end."""
    return format_value(value, "plain", "en")


def _awards(course: Course, edition: Edition) -> Json:
    """By kind; of two of a kind the first."""
    found: dict[str, Json] = {}
    for index, rule in enumerate(course.awards):
        words = edition.awards[index] if index < len(edition.awards) else AwardWords()
        found.setdefault(rule.kind, _award(rule, words, edition.language))
    return found


def _award(rule: AwardRule, words: AwardWords, language: str) -> Json:
    return _present({"title": words.title, "statement": words.statement, "asked": asked(rule.when, language)})


def _section(section: Section) -> Json:
    awards = None if section.awards is None else list(section.awards)
    return _present({"heading": section.heading, "body": section.body.source.strip(), "awards": awards})


def _named(skills: Iterable[Skill]) -> list[Json]:
    return [_present({"name": skill.name, "code": skill.code}) for skill in skills]


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _present(values: dict[str, Json]) -> Json:
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}
