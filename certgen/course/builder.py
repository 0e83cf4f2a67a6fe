"""A course as written, checked, becomes a Course."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from certgen import values
from certgen.course.checks import PICTURES, Builder
from certgen.course.entries import CourseFile, TranslationEntry, WhenEntry
from certgen.course.translation import Translator
from certgen.model import (
    AwardRule,
    AwardWords,
    Conditions,
    Course,
    Edition,
    Expiry,
    Prose,
    Section,
    Signatory,
)
from certgen.toml import UNKNOWN, Key

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


# --- the course ------------------------------------------------------------------------------


class CourseBuilder(Builder):
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
            editions[tag] = Translator(self, ("translation", name), raw, entry, first).edition(tag)
        return Course(
            code=self.text(("code",), raw.code) or "",
            editions=editions,
            languages=languages,
            awards=awards,
            expires=self.expires(raw),
            issued=raw.issued,
            hours=raw.hours,
            attendance_of=self.meeting_hours(raw.attendance_of),
            start=raw.start,
            end=raw.end,
            number=self.text(("number",), raw.number),
            taught_in=self.languages(("taught_in",), raw.taught_in),
            layout=self.layout(raw.layout),
            record=raw.record,
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

    def meeting_hours(self, text: str | None) -> Decimal | None:
        """ "12 h", "22.5 hours", "90 min" or "1h 30m" as hours; a bare number is hours."""
        text = self.text(("attendance_of",), text)
        if text is None:
            return None
        read = values.as_hours(text)
        if not isinstance(read, Decimal):
            minutes = values.as_minutes(text)
            read = minutes / 60 if isinstance(minutes, Decimal) else None
        if read is None or read <= 0:
            self.tell(
                ("attendance_of",),
                "bad-attendance-of",
                f'attendance_of = "{text[:40]}" is not understood.',
                'Write how long the course met, such as "12 h" or "90 min".',
            )
            return None
        return read

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
        understood = all(self.raw_award(index).get("kind") == rule.kind for index, rule in enumerate(made))
        for index, section in enumerate(raw.sections if understood else []):
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
