"""Reads ``course.toml``, ``issuer.toml`` and a workbook's Course sheet into a Course and an Issuer.

A file is read into the Structs of :mod:`certgen.course.entries`, then built and checked; a Course sheet is
first turned into the same shape (:mod:`certgen.course.sheet`), so that every rule holds for both.
With errors among ``problems``, what these functions return is good for further checks only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import msgspec

from certgen import toml
from certgen.course.builder import CourseBuilder, expiry, expiry_date
from certgen.course.checks import language_named, language_tag
from certgen.course.entries import FILES, CourseFile, IssuerFile, schemas
from certgen.course.issuer import IssuerBuilder
from certgen.course.mail import without_secrets
from certgen.course.sheet import document_from
from certgen.errors import Problem
from certgen.model import Course, Edition, Issuer
from certgen.workbook import Sheet

__all__ = [
    "FILES",
    "course_from_sheet",
    "expiry",
    "expiry_date",
    "find_issuer",
    "language_named",
    "language_tag",
    "load_course",
    "load_issuer",
    "located",
    "misnamed",
    "schemas",
    "where",
]

COURSE_FILE = "course.toml"
ISSUER_FILE = "issuer.toml"


def _of_issuer() -> dict[str, str]:
    return {name: ISSUER_FILE for name in IssuerFile.__struct_fields__ if name not in CourseFile.__struct_fields__}


def _of_course() -> dict[str, str]:
    return {name: COURSE_FILE for name in CourseFile.__struct_fields__ if name not in IssuerFile.__struct_fields__}


def load_course(path: Path, problems: list[Problem]) -> Course | None:
    """The course in a ``course.toml``."""
    found: list[Problem] = []
    document = toml.read(path, found)
    course = None
    if document is not None:
        raw = toml.convert(document, CourseFile, path, found, elsewhere=_of_issuer())
        course = CourseBuilder(document, path.parent, found).build(raw) if raw else None
    problems += _in_order(found)
    return course


def load_issuer(path: Path, problems: list[Problem]) -> Issuer | None:
    """The issuer in an ``issuer.toml``."""
    found: list[Problem] = []
    document = toml.read(path, found)
    issuer = None
    if document is not None:
        words: Any = document.get("words")
        for tag, labels in list(words.items()) if isinstance(words, dict) else ():
            if isinstance(labels, dict):  # [words.fr.achievement] title, as well as [words.fr] "achievement.title"
                words[tag] = {label: phrase for name, value in labels.items() for label, phrase in _flat(name, value)}
        without_secrets(document, found)
        raw = toml.convert(document, IssuerFile, path, found, elsewhere=_of_course())
        issuer = IssuerBuilder(document, path.parent, found).build(raw) if raw else None
    problems += _in_order(found)
    return issuer


def _flat(name: str, value: object) -> Iterator[tuple[str, object]]:
    if not isinstance(value, dict):
        yield name, value
        return
    for key, inner in value.items():
        yield from _flat(f"{name}.{key}", inner)


def _in_order(problems: list[Problem]) -> list[Problem]:
    """By line, each once. A path with backslashes that leads nowhere is one mistake: it is to be written first."""
    spoilt = {problem.line for problem in problems if problem.code == "backslash"}
    told = [problem for problem in problems if problem.code != "no-file" or problem.line not in spoilt]
    return list(dict.fromkeys(sorted(told, key=lambda problem: problem.line or 0)))


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
        near = next(((at, found) for at in (folder, folder.parent) if (found := misnamed(at, ISSUER_FILE))), None)
        problems.append(
            Problem(
                code="no-issuer",
                message=f"There is no {ISSUER_FILE} in {folder} or any folder above it.",
                hint=f"There is {near[0] / near[1]}: is it meant? Then rename it {ISSUER_FILE}."
                if near
                else f'Create {folder.parent / ISSUER_FILE} with two lines: name = "Your academy" and '
                'verify_url = "https://verify.your-academy.org"; it serves all courses below it.',
            )
        )
    return None


def located(problem: Problem) -> Problem:
    """A finding that names a file and a key of it, with the key's line; for what is found out after the reading."""
    if problem.line or not problem.key or not (problem.file or "").endswith(".toml"):
        return problem
    try:
        text = Path(problem.file or "").read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return problem
    found = {toml.dotted(key): line for key, line in toml.lines(text).items()}
    return msgspec.structs.replace(problem, line=found.get(problem.key))


def where(characters: Collection[str], course: Course, issuer: Issuer, language: str) -> dict[str, Any]:
    """The place, as fields of a Problem, of the first text of a course in one language that has one of the characters;
    empty where none has. What the translation lacks stands in the first language, and so does its place."""
    for key, text in _texts(course.editions[language]):
        if not text or not any(character in text for character in characters):
            continue
        first = course.languages[0]
        same = language == first or (key, text) in _texts(course.editions[first])
        own = f"translation.{language}.{key.split('[')[0]}"  # whose entries are matched by id, not by place
        return {"file": course.file, "sheet": course.sheet, "key": key if same else own}
    names = (("name", issuer.name), ("legal_name", issuer.legal_name), ("contact", issuer.contact))
    for key, text in names:
        if text and any(character in text for character in characters):
            return {"file": issuer.file, "key": key}
    return {}


def _texts(edition: Edition) -> list[tuple[str, str | None]]:
    """Everything that an edition prints, with its keys."""
    found = [(key, getattr(edition, key)) for key in ("title", "programme", "venue", "dated")]
    found += [("summary", edition.summary.source if edition.summary else None)]
    found += [(kind, skill.name) for kind in ("skills", "occupations") for skill in getattr(edition, kind)]
    for at, section in enumerate(edition.sections, 1):
        found += [(f"sections[{at}].heading", section.heading), (f"sections[{at}].body", section.body.source)]
    for at, one in enumerate(edition.signatories, 1):
        found += [(f"signatories[{at}].name", one.name), (f"signatories[{at}].role", one.role)]
    for at, words in enumerate(edition.awards, 1):
        found += [(f"awards[{at}].title", words.title), (f"awards[{at}].statement", words.statement)]
    return found


def misnamed(folder: Path, name: str) -> str | None:
    """A file in a folder that was probably meant to be called ``name``: ``course.toml.txt``, ``Course.toml``."""
    try:
        there = sorted(item.name for item in folder.iterdir() if item.is_file() and item.name != name)
    except OSError:
        return None
    same = [item for item in there if item.casefold() in (name, f"{name}.txt")]
    return same[0] if same else toml.nearest(name, [item for item in there if item.casefold().endswith(".toml")])


def course_from_sheet(sheet: Sheet, file: str | Path, problems: list[Problem]) -> Course | None:
    """The course on a workbook's Course sheet; paths on it start at the workbook's folder."""
    found: list[Problem] = []
    document = document_from(sheet, str(file), found)
    course = None
    if document is not None:
        raw = toml.convert(document, CourseFile, file, found)
        course = CourseBuilder(document, Path(file).parent, found).build(raw) if raw else None
    problems += dict.fromkeys(found)
    return course
