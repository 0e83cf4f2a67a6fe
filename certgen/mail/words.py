"""What a message says: templates in files, one for each language, as people write them.

The first line is ``Subject: …``, then comes an empty line, then the text in the Markdown of course texts (prose.py)
with the fields of layouts (fields.py) and three of its own, ``{links.verify}``, ``{links.linkedin}`` and
``{mail.replaces}``.
``[words](address)`` is a link; a line that holds only links is a row of buttons. What stands below a line of three
dashes is small print. Values never become Markdown: they are put in when the Markdown has been read.

An academy's own templates lie in a folder ``mail`` beside course.toml or issuer.toml; certgen has some of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from certgen import prose
from certgen.errors import ExitCode, Problem, has_errors
from certgen.fields import FIELDS, Slot, Template, language_name
from certgen.guarded import why
from certgen.model import Block, ListItem, Paragraph, Span

Purpose = Literal["certificate", "expiry-notice"]
PREFIX: dict[Purpose, str] = {"certificate": "", "expiry-notice": "expiry-"}
"""What the names of a purpose's files begin with: mail/fr.txt, mail/expiry-fr.txt."""
FOLDER = "mail"
LARGEST = 100_000  # bytes of a template
LONGEST_SUBJECT = 200  # characters, as it is sent

LINKS = {
    "links.verify": "where the certificate is checked: the whole signed address",
    "links.linkedin": "LinkedIn's page that adds it to a profile, filled in",
}
REPLACES = "mail.replaces"
"""The code of the earlier certificate in whose place this one is; empty for a first one."""
PATHS = (*(path for path in FIELDS if not path.startswith(("page.", "option."))), *LINKS, REPLACES)
"""Every field that a message may hold, besides ``roster.<column>``."""


class Link(NamedTuple):
    """Words that lead somewhere."""

    words: Template
    target: Template


Inline = str | Slot | Link


class Piece(NamedTuple):
    """A part of a paragraph, in one emphasis. Text may hold line breaks."""

    inline: Inline
    strong: bool = False
    emphasis: bool = False


Line = tuple[Piece, ...]


class Part(NamedTuple):
    """A paragraph, a heading (``level`` 1 to 6) or an item of a list. ``lines``: one, or the item's paragraphs."""

    kind: Literal["paragraph", "heading", "item"]
    lines: tuple[Line, ...]
    level: int = 0
    depth: int = 0
    marker: str = ""
    ordered: bool = False


_Tell = Callable[..., None]  # (code, message, hint, line)
_Hold = Callable[[Inline], str]  # what is put aside becomes a mark in its place
_Opened = Callable[[Sequence[Span]], Line]  # spans with marks in them become pieces


class Words(NamedTuple):
    """A template that was read. ``file``: where, "" for certgen's own."""

    language: str
    subject: Template
    body: tuple[Part, ...]
    small: tuple[Part, ...]
    file: str = ""

    @property
    def paths(self) -> set[str]:
        """All fields that it uses."""
        found = set(self.subject.paths)
        for piece in self._pieces():
            if isinstance(piece.inline, Slot):
                found.add(piece.inline.path)
            elif isinstance(piece.inline, Link):
                found.update(piece.inline.words.paths + piece.inline.target.paths)
        return found

    def _pieces(self) -> Iterator[Piece]:
        for part in (*self.body, *self.small):
            for line in part.lines:
                yield from line


# --- choosing --------------------------------------------------------------------------------


def languages(purpose: Purpose) -> tuple[str, ...]:
    """Those that certgen has words of its own in."""
    prefix = PREFIX[purpose]
    names = (path.stem for path in _BUNDLED.glob(f"{prefix}*.txt"))
    return tuple(sorted(name.removeprefix(prefix) for name in names if prefix or "-" not in name))


def choose(
    purpose: Purpose, language: str, default: str, folders: Sequence[Path], problems: list[Problem]
) -> Words | None:
    """The words for a language: the academy's own from the first of ``folders`` (of the course, of the issuer) that has
    them, else certgen's own. A language that neither has falls back to ``default``, the course's first, and to English,
    with a warning. None with Problems."""
    prefix = PREFIX[purpose]
    for tag in dict.fromkeys([*_chain(language), *_chain(default), "en"]):
        for folder in (*(place / FOLDER for place in folders), _BUNDLED):
            path = folder / f"{prefix}{tag}.txt"
            if not path.is_file():
                continue
            if tag not in _chain(language):
                problems.append(_fell_back(prefix, language, tag))
            own = folder != _BUNDLED
            if not own and any((place / FOLDER).is_dir() and _has_own(place / FOLDER, prefix) for place in folders):
                problems.append(_not_own(prefix, tag, folders[0]))
            return load(path, tag, problems, own=own)
    raise AssertionError("certgen has no words in English")


def _chain(language: str) -> list[str]:
    """fr-CA, fr. Source: RFC 4647, 3.4."""
    parts = language.split("-")
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _has_own(folder: Path, prefix: str) -> bool:
    others = [other for other in PREFIX.values() if other and not prefix]
    return any(not path.name.startswith(tuple(others)) for path in folder.glob(f"{prefix}*.txt"))


def bundled(purpose: Purpose) -> dict[str, bytes]:
    """certgen's own templates, by the names of their files: something to begin with."""
    return {
        f"{PREFIX[purpose]}{tag}.txt": (_BUNDLED / f"{PREFIX[purpose]}{tag}.txt").read_bytes()
        for tag in languages(purpose)
    }


_BUNDLED = Path(__file__).parent / "templates"


# --- reading ---------------------------------------------------------------------------------


def load(path: Path, language: str, problems: list[Problem], *, own: bool = True) -> Words | None:
    """A template. None with Problems, each with its line."""
    found: list[Problem] = []

    def tell(code: str, message: str, hint: str, line: int | None = None) -> None:
        found.append(
            Problem(code=code, message=message, hint=hint, file=str(path), line=line, exit_code=ExitCode.ROSTER)
        )

    text = _text(path, tell)
    words = None if text is None else _read(text, language, str(path) if own else "", tell)
    problems += found
    return None if has_errors(found) else words


def _text(path: Path, tell: _Tell) -> str | None:
    try:
        if path.stat().st_size > LARGEST:
            tell("file-too-large", f"{path.name} is larger than {LARGEST // 1000} KB.", "Is it the right file?")
            return None
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        tell("unreadable-file", f"{path.name} cannot be opened ({why(error)}).", "Close it in other programs.")
        return None
    except UnicodeDecodeError:
        tell("not-utf8", f"{path.name} is not saved as UTF-8.", "Save it again, and choose the encoding UTF-8.")
        return None
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]", "", re.sub("\r\n?", "\n", text))


_SUBJECT = re.compile(r"\s*subject\s*[:：]\s*(.*?)\s*", re.IGNORECASE)
_SMALL = re.compile(r"[ \t]*-{3,}[ \t]*")


def _read(text: str, language: str, file: str, tell: _Tell) -> Words | None:
    rows = text.split("\n")
    first = next((at for at, row in enumerate(rows) if row.strip()), None)
    if first is None:
        tell("empty-template", "There is nothing in it.", "Begin with a line such as: Subject: Your certificate", 1)
        return None
    found = _SUBJECT.fullmatch(rows[first])
    if found is None or not found[1]:
        message = "The first line must say the subject."
        tell("no-subject", message, "Such as: Subject: Your certificate: {course.title}", first + 1)
        return None
    subject = _checked(found[1], first + 1, tell)
    start = first + 1
    cut = next((at for at in range(start, len(rows)) if _SMALL.fullmatch(rows[at])), len(rows))
    body = _parts(rows[start:cut], start + 1, tell)
    small = _parts(rows[cut + 1 :], cut + 2, tell)
    if not body:
        tell("empty-template", "There is nothing below the subject.", "Write the text below an empty line.", start + 1)
    return Words(language, subject, body, small, file)


def _checked(text: str, line: int, tell: _Tell) -> Template:
    """A text with its fields, all of which must be known."""
    template = Template.parse(text)
    for fault in template.faults:
        tell("bad-field", f"{fault[:1].upper()}{fault[1:]}.", "", line)
    for path, near in template.unknown([*PATHS, *(path for path in template.paths if path.startswith("roster."))]):
        hint = f"Did you mean {{{near}}}?" if near else "docs/sending.md lists the fields that there are."
        tell("unknown-field", f"There is no field {{{path}}}.", hint, line)
    return template


_OPEN, _CLOSE = "\ufdd2", "\ufdd3"  # noncharacters around a number stand for a field or a link while Markdown is read
_HELD = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_LINK = re.compile(
    r"(?<!!)\[(?P<words>[^\[\]\n]+)\]\(\s*(?P<target>\{[^{}\n]*\}|(?:https?://|mailto:)[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)\s*\)"
)
_BARE = re.compile(r"(?<![\w@/.])https?://[^\s<>()\[\]{}“”\"]*[^\s<>()\[\]{}“”\".,;:!?'’»…]")


def _parts(rows: list[str], line: int, tell: _Tell) -> tuple[Part, ...]:
    """The Markdown of some lines, the first of which has the number ``line``."""
    kept: list[Inline] = []

    def hold(inline: Inline) -> str:
        kept.append(inline)
        return f"{_OPEN}{len(kept) - 1}{_CLOSE}"

    masked = [_masked(row, number, hold, tell) for number, row in enumerate(rows, line)]
    made, refused = prose.parse("\n".join(masked))
    for words in refused:
        if isinstance(words, prose.Refused):
            message = _HELD.sub("{…}", str(words)).replace("course texts", "messages")
            tell("markdown", message, words.hint, line + words.line)

    def opened(spans: Sequence[Span]) -> Line:
        return tuple(_opened(spans, kept))

    return tuple(_part(block, opened) for block in made.blocks)


def _masked(row: str, number: int, hold: _Hold, tell: _Tell) -> str:
    """A line with its links and fields put aside."""

    def link(found: re.Match[str]) -> str:
        return hold(Link(_checked(found["words"], number, tell), _checked(found["target"], number, tell)))

    row = _LINK.sub(link, row)
    row = _BARE.sub(lambda found: hold(Link(*[Template("", (found[0],), ())] * 2)), row)
    if "{" not in row and "}" not in row:
        return row
    out: list[str] = []
    for part in _checked(row, number, tell).parts:
        out.append(part if isinstance(part, str) else hold(part))
    return "".join(out)


def _part(block: Block, opened: _Opened) -> Part:
    if isinstance(block, ListItem):
        lines = tuple(map(opened, block.paragraphs))
        return Part("item", lines, depth=block.depth, marker=block.marker, ordered=block.ordered)
    if isinstance(block, Paragraph):
        return Part("paragraph", (opened(block.spans),))
    return Part("heading", (opened(block.spans),), level=block.level)


def _opened(spans: Iterable[Span], kept: Sequence[Inline]) -> Iterator[Piece]:
    for span in spans:
        for at, text in enumerate(_HELD.split(span.text)):
            if at % 2:
                yield Piece(kept[int(text)], span.strong, span.emphasis)
            elif text:
                yield Piece(text, span.strong, span.emphasis)


# --- told ------------------------------------------------------------------------------------


def _fell_back(prefix: str, language: str, tag: str) -> Problem:
    return Problem(
        code="mail-language",
        severity="warning",
        message=f"There are no words for mail in {language_name(language, 'en')}, so it is in "
        f"{language_name(tag, 'en')}.",
        hint=f"Write {FOLDER}/{prefix}{language}.txt beside course.toml or issuer.toml.",
    )


def _not_own(prefix: str, tag: str, folder: Path) -> Problem:
    return Problem(
        code="mail-own-words",
        severity="warning",
        message=f"You have words of your own for mail, but none in {language_name(tag, 'en')}: certgen's are used.",
        hint=f"Write {folder.name}/{FOLDER}/{prefix}{tag}.txt as well, if you want.",
    )
