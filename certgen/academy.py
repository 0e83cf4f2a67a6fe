"""A folder to begin with: issuer.toml, a course with its roster, and for Windows a file to drop rosters on.

What is made is read back by certgen's own readers before anything is put in place, so that it works as it stands.
Nothing that is already there is written over.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from certgen import course as courses
from certgen import output
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.roster import empty_roster

if TYPE_CHECKING:
    from certgen.keys.passphrase import Ask

FLAGS = {
    "name": "--name",
    "url": "--url",
    "verify_url": "--verify-url",
    "languages": "--languages",
    "code": "--code",
    "title": "--title",
    "hours": "--hours",
    "start": "--start",
    "end": "--end",
    "issued": "--issued",
}


class Answers(Struct, frozen=True, kw_only=True):
    """What the files are filled with. ``name`` and ``verify_url`` are not asked where there is an issuer.toml."""

    name: str = ""
    verify_url: str = ""
    url: str | None = None
    languages: tuple[str, ...] = ("en",)
    code: str = ""
    title: str = ""
    hours: Decimal | None = None
    start: date | None = None
    end: date | None = None
    issued: date | None = None


class Begun(Struct, kw_only=True):
    """What was made and what was there already, in the order of the reading. ``told``: sentences about what a new
    academy signs with."""

    made: list[Path] = []
    kept: list[Path] = []
    told: list[str] = []
    roster: Path
    problems: list[Problem] = []


def issuer_of(folder: Path) -> Path | None:
    """The issuer.toml that certificates in this folder have already."""
    return courses.find_issuer(folder)


def begin(folder: Path, answers: Answers, *, windows: bool, ask: Ask | None = None) -> Begun:
    """Make the folders and files, and what a new academy signs with. ``ask``: for the key's passphrase. Raises
    :class:`CertgenError` for answers that certgen itself would refuse."""
    folder = folder.absolute()
    there = issuer_of(folder)
    course = folder / output.file_stem(answers.title, output.file_stem(answers.code, "course")).lower()
    files: dict[Path, bytes] = {}
    if there is None:
        files[folder / "issuer.toml"] = _issuer(answers).encode("utf-8")
    files[course / "course.toml"] = _course(answers).encode("utf-8")
    files[course / "roster.xlsx"] = empty_roster(answers.languages)
    if windows:
        files[folder / "Make certificates.cmd"] = command_file(sys.executable)
    warnings = _tried(files, folder, there)
    begun = Begun(roster=course / "roster.xlsx", problems=warnings, kept=[there] if there else [])
    with output.told("The folder cannot be made"):
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("xb") as file:
                    file.write(data)
            except FileExistsError:
                begun.kept.append(path)
            else:
                begun.made.append(path)
    if there is None:
        _sign_with(folder, begun, ask)
    return begun


def _sign_with(folder: Path, begun: Begun, ask: Ask | None) -> None:
    """The registry, the secret and the signing key of a new academy."""
    from certgen import keys
    from certgen.registry import Registry

    issuer = courses.load_issuer(folder / "issuer.toml", [])
    registry = Registry.open(folder, begun.problems, create=True)
    if issuer is None or registry is None:
        return
    with registry, registry.writing():
        secret = keys.secret(folder, registry, begun.problems, create=True)
        key = keys.signing_key(folder, issuer, registry, begun.problems, create=True, ask=ask) if secret else None
    begun.told += [made.made for made in (secret, key) if made and made.made]


def _tried(files: dict[Path, bytes], folder: Path, there: Path | None) -> list[Problem]:
    """Whether certgen itself takes what it would write; mistakes are told by the flag that they came from."""
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix="certgen-") as place:
        trial = Path(place)
        for path, data in files.items():
            if path.suffix == ".toml":
                copy = trial / path.name
                copy.write_bytes(data)
                if path.name == "issuer.toml":
                    courses.load_issuer(copy, problems)
                else:
                    courses.load_course(copy, problems)
    told = [
        replace(problem, file=None, line=None, key=_flag(problem), exit_code=ExitCode.USAGE) for problem in problems
    ]
    errors = [problem for problem in told if problem.severity == "error"]
    if errors:
        raise CertgenError(errors)
    return told


def _flag(problem: Problem) -> str | None:
    key = re.split(r"[.\[]", problem.key or "")[0]
    return FLAGS.get(key, problem.key)


# --- the two TOML files ----------------------------------------------------------------------


def quoted(text: str) -> str:
    """A TOML basic string, whatever the text holds. Source: TOML 1.0, "String"."""
    clean = "".join("\ufffd" if unicodedata.category(character) == "Cs" else character for character in text)
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007F")


def _key(name: str, value: Any, comment: str, example: str = "") -> str:
    """One line with its comment; without a value, an example that is commented out."""
    if value in (None, "", ()):
        return f"{f'# {name} = {example}':<44} # {comment}\n"
    if isinstance(value, str):
        shown = quoted(value)
    elif isinstance(value, tuple):
        shown = f"[{', '.join(map(quoted, value))}]"
    else:
        shown = str(value)
    return f"{f'{name} = {shown}':<44} # {comment}\n"


def _issuer(answers: Answers) -> str:
    return (
        "# Who issues the certificates. It holds for every course in the folders below.\n"
        "# Lines that begin with # are notes, or examples to take the # from. docs/course.md explains every key.\n\n"
        + _key("name", answers.name, "as printed")
        + _key("verify_url", answers.verify_url, "where anyone can look a code up")
        + _key("url", answers.url, "your website", '"https://www.your-academy.org"')
        + _key("legal_name", None, "if it differs from the name", '"Your Academy Foundation"')
        + _key("contact", None, "for questions about certificates", '"certificates@your-academy.org"')
        + _key("privacy_url", None, "your privacy notice", '"https://www.your-academy.org/privacy"')
        + "\n"
        + _key("logo", None, "SVG, PDF, PNG or JPEG, beside this file", '"logo.svg"')
        + _key("colours", None, "of your house", '{ primary = "#0b3d62", accent = "#c8a45a" }')
        + _key("fonts", None, "of your house", '{ heading = "EB Garamond", name = "Great Vibes" }')
        + "\n# To send certificates by e-mail: docs/sending.md. A password never stands here.\n# [mail]\n"
        '# from = "Your Academy <certificates@your-academy.org>"\n# host = "smtp.office365.com"\n'
        '# user = "certificates@your-academy.org"\n'
    )


def _course(answers: Answers) -> str:
    languages = answers.languages
    head = (
        "# One running of one course; its people are in roster.xlsx beside this file.\n"
        "# Lines that begin with # are notes, or examples to take the # from. docs/course.md explains every key.\n\n"
        + _key("code", answers.code, "the course's code")
        + _key("title", answers.title, "as printed")
        + _key("hours", answers.hours, "of study", "40")
        + _key("start", answers.start, "first day: year, month, day", "2026-03-02")
        + _key("end", answers.end, "last day", "2026-03-27")
        + _key("issued", answers.issued, "the day on the certificates; without it certgen asks", "2026-04-10")
        + _key("languages", languages, "of the certificates; the first is for whoever chooses none")
        + _key("venue", None, "where it was held", '"Online"')
        + _key("expires", None, "certificates never expire unless it says so", '"2 years"')
        + _key("layout", "classic", "classic, modern or record: see certgen layouts")
        + _key("record", None, "pages with the summary and [[sections]] after the first", "true")
        + _key("skills", None, "what was learnt", '["Policy analysis", "Negotiation"]')
        + _key("summary", None, "about the course", '"Why recruitment goes wrong, and what to do about it."')
    )
    awards = (
        "\n# Who gets what. Tried in order: the first award whose conditions are all met is given.\n"
        "# Whoever meets none gets no certificate, and certgen says why.\n"
        '[[awards]]\nkind = "achievement"\nwhen = { completed = true, score_min = 60, out_of = 100 }\n\n'
        '[[awards]]\nkind = "participation"\nwhen = { completed = true }\n'
    )
    signing = (
        '\n# Who signs: none to four.\n# [[signatories]]\n# id = "director"\n# name = "Ana Moreira"\n'
        '# role = "Director"\n# signature = "signature.png"   # ink on white paper, photographed, will do\n'
    )
    translations = "".join(
        f"\n# The course's words in this language; what is missing is printed in {languages[0]}.\n"
        f"[translation.{tag}]\n# title = {quoted(answers.title)}\n"
        for tag in languages[1:]
    )
    return head + signing + awards + translations


# --- Windows ---------------------------------------------------------------------------------


def command_file(python: str) -> bytes:
    """A batch file on which a roster is dropped. It calls the Python that certgen runs in, else certgen by its name.

    Paths with spaces and of any script go through. Explorer puts no quotation marks around a path without spaces, so
    that cmd.exe cuts one with & in two; that is told.
    """
    escaped = python.replace("%", "%%")
    lines = [
        "@echo off",
        "rem Drag a roster (.xlsx or .csv) onto this file. Made by certgen init.",
        "setlocal DisableDelayedExpansion",
        "chcp 65001 >nul",
        "title Make certificates",
        f'set "PYTHON={escaped}"',
        'set "PYTHONUTF8=1"',
        'set "ROSTER=%~1"',
        "if not defined ROSTER goto none",
        'if not exist "%ROSTER%" goto cut',
        'if exist "%PYTHON%" goto own',
        'certgen batch "%ROSTER%"',
        "goto end",
        ":own",
        '"%PYTHON%" -m certgen batch "%ROSTER%"',
        "goto end",
        ":none",
        "echo Drag your roster onto this file to make its certificates.",
        "goto end",
        ":cut",
        "echo This file cannot be found by its name. Take any ^& out of its name and its folders' names.",
        ":end",
        "echo.",
        "pause",
    ]
    return "\r\n".join([*lines, ""]).encode("utf-8")
