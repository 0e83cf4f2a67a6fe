"""A course's words in a further language, laid over the first; what is missing falls back and is listed."""

from __future__ import annotations

from typing import Any

from certgen import toml
from certgen.course.checks import Builder
from certgen.course.entries import (
    CourseFile,
    SkillEntry,
    TranslatedAward,
    TranslatedSection,
    TranslatedSignatory,
    TranslationEntry,
)
from certgen.model import AwardWords, Edition, Section, Signatory, Skill
from certgen.toml import UNKNOWN, Key


class Translator:
    """One translation laid over the first edition. ``fell_back`` collects what it lacks."""

    def __init__(self, course: Builder, key: Key, raw: CourseFile, entry: TranslationEntry, first: Edition) -> None:
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
                f"{name} has {mine} {'entry' if mine == 1 else 'entries'} in {toml.dotted(self.key)}; "
                f"the course has {default}.",
                "Give the same number, in the same order.",
            )
        return mine == default

    def match(self, name: str, ids: list[str | None], wanted: list[str], typed: list[str | None]) -> dict[str, int]:
        """Where each wanted id stands among the translation's entries. ``typed``: ids in the first language."""
        found: dict[str, int] = {}
        named = [item.strip() for item in typed if item and item != UNKNOWN]
        for index, value in enumerate(ids):
            key: Key = (*self.key, name, index)
            if value is None or value == UNKNOWN:
                self.course.tell(
                    key,
                    "missing-id",
                    f"This entry of {toml.dotted(self.key)}.{name} has no id.",
                    f"Add id = ..., one of: {', '.join(named)}." if named else "Give both an id.",
                )
            elif value.strip() not in wanted:
                close = toml.nearest(value, wanted)
                self.course.tell(
                    (*key, "id"),
                    "unknown-id",
                    f'The course has no "{value}" among its {name}.',
                    f'Did you mean "{close}"?'
                    if close
                    else f"Its ids are: {', '.join(named)}."
                    if named
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
