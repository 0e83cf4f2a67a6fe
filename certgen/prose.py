"""Markdown as people type and paste it: headings, paragraphs, lists, emphasis; line breaks kept.

CommonMark, with three differences. Lists also begin with what word processors leave behind: ``(a)``,
``a)``, ``(i)``, ``i.``, ``(أ)``, ``•``, ``–``; their depth is their indentation, and markers stay as typed.
Markdown's own bullets print as bullets, below a bullet as dashes.
Indented text is text, never code. A line of dashes below a paragraph does not make it a heading.
HTML, images, code and links to files are refused; their words stay in the text.

Source: CommonMark 0.31 (markdown-it-py).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from certgen.model import Block, Heading, ListItem, Paragraph, Prose, Span

LONGEST = 100_000  # characters; some thirty pages
_BRACKETS = 2_000  # the parser's time grows with their square


class Refused(str):
    """What was refused, in words. ``line`` counts from 0 inside the text; ``hint`` says how to mend it."""

    line: int
    hint: str

    def __new__(cls, words: str, hint: str, line: int) -> Refused:
        made = super().__new__(cls, words)
        made.hint = hint
        made.line = line
        return made


def parse(source: str) -> tuple[Prose, list[str]]:
    """The blocks of a Markdown text, and what of it was refused (:class:`Refused`). Never raises."""
    source = unicodedata.normalize("NFC", source)
    if len(source) > LONGEST:
        words = f"This text has {len(source):,} characters; {LONGEST:,} are the most."
        return Prose(source=source, blocks=()), [Refused(words, "Shorten it.", 0)]
    if source.count("[") > _BRACKETS:
        return Prose(source=source, blocks=()), [Refused("This text has thousands of brackets.", "Take them out.", 0)]
    reader = _Reader()
    text = reader.canonical(source)
    reader.walk(_markdown().parse(text))
    refused = sorted(reader.refused, key=lambda item: item.line)
    return Prose(source=source, blocks=tuple(reader.blocks)), list(dict.fromkeys(refused))


def plain(prose: Prose) -> str:
    """The words alone: a line per list item, a blank line between other blocks."""
    out: list[str] = []
    before: Block | None = None
    for block in prose.blocks:
        if isinstance(block, ListItem):
            text = "\n".join([block.marker, *map(_text, block.paragraphs)]).replace("\n", " ", 1)
            text = "  " * block.depth + text
        else:
            text = _text(block.spans)
        if before is not None:
            out.append("\n" if isinstance(before, ListItem) and isinstance(block, ListItem) else "\n\n")
        out.append(text)
        before = block
    return "".join(out)


def _text(spans: tuple[Span, ...]) -> str:
    return "".join(span.text for span in spans)


# --- lists as they are typed and pasted ------------------------------------------------------

# Noncharacters around a marker carry it through the parser; typed ones are dropped.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_GAP = r"[ \t\u00a0\u2000-\u200b\u202f\u3000]"
_ROMAN = r"(?:x{0,3}(?:ix|iv|v?i{1,3}|v)|x{1,3})"
# A letter of any script, with the tatweel that keeps an Arabic heh from looking like a five: (هـ)
_LETTER = r"(?:[^\W\d_]ـ?)"
_ARABIC = r"(?:[\u0621-\u064a]ـ?)"
_MARKER = re.compile(
    rf"""(?P<indent>{_GAP}*)
    (?: (?P<bullet>[•‣⁃◦▪▫■□●○➢➤✓✔·∙\uf0b7\uf0a7\uf0d8\uf0fc]) {_GAP}*
      | (?P<dash>[-*+–—‐‑−]) (?:{_GAP}+|$)
      | (?P<o>o) (?:\t|{_GAP}{{2,}}) {_GAP}*
      | (?P<closed>\( (?:{_LETTER}|\d{{1,2}}|{_ROMAN}|{_ROMAN.upper()}) \)
          | (?:{_LETTER}|{_ROMAN}|{_ROMAN.upper()})\)
          | {_ARABIC}[-–] ) (?:{_GAP}+|$)
      | (?P<dotted>(?:[a-z]|{_ROMAN})\.) {_GAP}+
      | (?P<number>\d{{1,3}}[.)]) (?:{_GAP}+|$)
      | (?P<levels>\d{{1,2}}(?:\.\d{{1,2}})+\.?) \t {_GAP}*
    )(?P<rest>.*)$""",
    re.VERBOSE,
)
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}([ \t]|$)")
_SPACES = " \t\u00a0"
_DEEPEST = 8  # levels of a list
# Bullets of Word's Symbol and Wingdings fonts, which exist in no other font
_SYMBOLS = {"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf0fc": "✓"}


class _Reader:
    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.refused: list[Refused] = []
        self.lines: list[int] = []  # for each line of the canonical text, the source's
        self.levels: list[int] = []  # the indentation of each open list, in columns
        self.shown: list[str] = []  # the last marker of each open list
        self.pasted = False  # whether the last item's marker is not one of Markdown's

    def refuse(self, words: str, hint: str, line: int) -> None:
        self.refused.append(Refused(words, hint, line))

    # --- lists made canonical ----------------------------------------------------------------

    def canonical(self, source: str) -> str:
        """The source with every list item written as ``- ``, indented by two spaces a level."""
        source = re.sub("\r\n?|\u2028|\u2029", "\n", source).replace(_OPEN, "").replace(_CLOSE, "")
        out: list[str] = []
        fence = ""
        interrupts = True  # whether a number may begin a list here: after a blank line, a heading, an item
        for number, row in enumerate(source.split("\n")):
            fenced = _FENCE.match(row)
            if fence or fenced:
                mark = fenced[1][:3] if fenced else ""
                fence = mark if not fence else "" if mark == fence else fence
                out.append(row)
            elif not (stripped := row.strip(_SPACES)):
                out.append("")
                interrupts = True
            elif _RULE.match(row):
                self.levels = []
                out.append(row)
            elif found := self.marker(row, interrupts):
                self.item(_columns(found["indent"]))
                typed = next(found[name] for name in _KINDS if found[name])
                self.pasted = typed not in "-*+" and not found["number"]
                del self.shown[len(self.levels) - 1 :]
                bullet = "–" if self.shown[-1:] == ["•"] else "•"
                marker = bullet if typed in "-*+" else _SYMBOLS.get(typed, typed)
                self.shown.append(marker)
                rest = found["rest"].strip(_SPACES)
                out.append("  " * (len(self.levels) - 1) + f"- {_OPEN}{marker}{_CLOSE} {rest}")
                interrupts = True
            else:
                if stripped.startswith(">"):
                    self.refuse(
                        "A line begins with >; quotations are not a part of course texts.", "Delete the >.", number
                    )
                heading = bool(_HEADING.match(row))
                if self.levels and self.leaves(row, out[-1], heading):
                    self.lines.append(number)
                    out.append("")
                out.append("  " * len(self.levels) + stripped)
                interrupts = heading
            self.lines.append(number)
        return "\n".join(out)

    def marker(self, row: str, interrupts: bool) -> re.Match[str] | None:
        """The marker of a list item, if the row begins with one."""
        found = _MARKER.match(row)
        if found and found["number"] and not (interrupts or self.levels):
            # CommonMark 5.3: in the middle of a paragraph only 1 begins a list, for the sake of "in the year\n1998."
            return found if int(found["number"][:-1]) == 1 else None
        return found

    def item(self, indent: int) -> None:
        """Puts an item of an indentation into its level; one column more or less is the same level."""
        while len(self.levels) > 1 and indent < self.levels[-1] - 1:
            self.levels.pop()
        if not self.levels or (len(self.levels) == 1 and indent < self.levels[0] - 1):
            self.levels = [indent]
        elif indent >= self.levels[-1] + 2 and len(self.levels) < _DEEPEST:
            self.levels.append(indent)

    def leaves(self, row: str, before: str, heading: bool) -> bool:
        """Whether a row without a marker ends the list, in part or whole, although no blank line says so.

        After a blank line, and for a heading, the indentation decides. Directly below an item a row goes on with
        it (CommonMark 5.2, "laziness"), but for what a word processor leaves: an item that ended its
        sentence, then a new sentence that is not indented.
        """
        indent = _columns(row[: len(row) - len(row.lstrip(_SPACES))])
        if not before.strip() or heading:
            while self.levels and indent <= self.levels[-1]:
                self.levels.pop()
            return False
        first = row.strip(_SPACES)[0]
        ended = re.search(r"[.!?…。؟۔।][\"'”’»)*_]*$", before)
        if self.pasted and ended and indent <= self.levels[0] and first.isalpha() and not first.islower():
            self.levels = []
            return True
        return False

    # --- tokens to blocks --------------------------------------------------------------------

    def walk(self, tokens: list[Any]) -> None:
        depth = -1
        level = 0  # of the heading being read
        place: list[int] = []  # for each open item, its index in blocks
        for token in tokens:
            line = self.lines[token.map[0]] if token.map else 0
            kind = token.type
            if kind == "bullet_list_open":
                depth += 1
            elif kind == "bullet_list_close":
                depth -= 1
            elif kind == "list_item_open":
                place.append(len(self.blocks))
                self.blocks.append(ListItem(depth=depth, marker="•", paragraphs=()))
            elif kind == "list_item_close":
                place.pop()
            elif kind == "heading_open":
                level = int(token.tag[1])
                if token.markup == "-":
                    level = 0
                    self.refuse(
                        "A line of dashes below a text is not printed.",
                        "For a heading, begin the line above with ##; otherwise delete the dashes.",
                        self.lines[token.map[1] - 1],
                    )
            elif kind == "hr":
                self.refuse("A line of dashes or stars is not printed.", "Delete it; a heading begins with ##.", line)
            elif kind == "fence":  # indented text arrives without its indentation, so it is never code
                self.refuse("Text between ``` is code, which course texts do not have.", "Delete the ```.", line)
                self.add(_spans([(f"{token.info}\n{token.content}".strip("\n"), False, False)]), 0, place)
            elif kind == "html_block":
                self.refuse(
                    f"HTML is not printed: {_short(token.content)}",
                    "Write *slanted* or **bold**, and a heading with ##.",
                    line,
                )
                self.add(_spans([(token.content.strip(), False, False)]), 0, place)
            elif kind == "inline":
                self.add(self.inline(token.children or [], line), level, place)
            elif kind == "heading_close":
                level = 0

    def add(self, spans: tuple[Span, ...], level: int, place: list[int]) -> None:
        if place:
            at = place[-1]
            found = self.blocks[at]
            assert isinstance(found, ListItem)
            marker, ordered = found.marker, found.ordered
            if not found.paragraphs and spans and spans[0].text.startswith(_OPEN):
                marker, _, rest = spans[0].text[1:].partition(_CLOSE)
                ordered = marker[:1] == "(" or (len(marker) > 1 and marker[-1] in ".)-–")
                first = Span(rest.lstrip(" "), spans[0].strong, spans[0].emphasis)
                spans = ((first,) if first.text else ()) + spans[1:]
            paragraphs = (*found.paragraphs, spans) if _text(spans).strip() else found.paragraphs
            if at == len(self.blocks) - 1:
                self.blocks[at] = ListItem(found.depth, marker, paragraphs, ordered)
            else:  # after a list inside the item: a further item without a marker
                self.blocks.append(ListItem(found.depth, "", (spans,), found.ordered))
                place[-1] = len(self.blocks) - 1
        elif _text(spans).strip():
            self.blocks.append(Heading(level, spans) if level else Paragraph(spans))

    def inline(self, tokens: list[Any], line: int) -> tuple[Span, ...]:
        strong = emphasis = 0
        parts: list[tuple[str, bool, bool]] = []
        for token in tokens:
            kind = token.type
            text = ""
            if kind == "strong_open":
                strong += 1
            elif kind == "strong_close":
                strong -= 1
            elif kind == "em_open":
                emphasis += 1
            elif kind == "em_close":
                emphasis -= 1
            elif kind in ("softbreak", "hardbreak"):
                text = "\n"
                line += 1
            elif kind == "code_inline":
                self.refuse(
                    f"`{_short(token.content)}` is code, which course texts do not have.",
                    "Delete the ` on either side.",
                    line,
                )
                text = token.content
            elif kind == "html_inline":
                if not token.content.startswith("</"):  # one sentence for a pair
                    self.refuse(f"HTML is not printed: {_short(token.content)}", "Write *slanted* or **bold**.", line)
                text = token.content
            elif kind == "image":
                self.refuse(
                    f"Images are not a part of course texts: {_short(str(token.attrs.get('src', '')))}",
                    "Put a picture into the layout, or take it out.",
                    line,
                )
                text = token.content
            elif kind == "link_open":
                target = str(token.attrs.get("href", ""))
                if not re.match(r"(?:https?|mailto|tel):", target, re.IGNORECASE):
                    self.refuse(
                        f"There is a link to a file: {_short(target)}",
                        "Only addresses that begin with https:// can be linked to; take it out.",
                        line,
                    )
            elif token.content:
                text = token.content
            if text:
                parts.append((text, strong > 0, emphasis > 0))
        return _spans(parts)


_KINDS = ("bullet", "dash", "o", "closed", "dotted", "number", "levels")


def _spans(parts: list[tuple[str, bool, bool]]) -> tuple[Span, ...]:
    """Neighbours of one emphasis joined."""
    made: list[Span] = []
    for text, strong, emphasis in parts:
        text = text.replace("\t", " ")
        if made and (made[-1].strong, made[-1].emphasis) == (strong, emphasis):
            made[-1] = Span(made[-1].text + text, strong, emphasis)
        else:
            made.append(Span(text, strong, emphasis))
    return tuple(made)


def _columns(indent: str) -> int:
    """The width of an indentation; a tab reaches the next multiple of four."""
    at = 0
    for character in indent:
        at = at // 4 * 4 + 4 if character == "\t" else at + 1
    return at


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text[:40] + "…" if len(text) > 40 else text


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    # Lists nest two deep a level; blockquotes and references would take words out of the text.
    markdown = MarkdownIt("commonmark", {"maxNesting": 200}).disable(["blockquote", "reference"])
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]  # judged above, so that it is told
    return markdown
