"""Markdown as people type and paste it: headings, paragraphs, lists, emphasis; line breaks kept.

CommonMark, with three differences. Lists also begin with what word processors leave behind: ``(a)``,
``a)``, ``(i)``, ``i.``, ``•``, ``–``; their depth is their indentation, and markers stay as typed.
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

LONGEST = 200_000  # characters; some seventy pages


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
_MARKER = re.compile(
    rf"""(?P<indent>{_GAP}*)
    (?: (?P<bullet>[•‣⁃◦▪▫■□●○➢➤✓✔·∙\uf0b7\uf0a7\uf0d8\uf0fc]) {_GAP}*
      | (?P<dash>[-*+–—‐‑−]) (?:{_GAP}+|$)
      | (?P<o>o) (?:\t|{_GAP}{{2,}}) {_GAP}*
      | (?P<closed>\( (?:[A-Za-z]|\d{{1,2}}|{_ROMAN}|{_ROMAN.upper()}) \)
          | (?:[A-Za-z]|{_ROMAN}|{_ROMAN.upper()})\) ) (?:{_GAP}+|$)
      | (?P<dotted>(?:[a-z]|{_ROMAN})\.) {_GAP}+
      | (?P<number>\d{{1,3}}[.)]) (?:{_GAP}+|$)
      | (?P<levels>\d{{1,2}}(?:\.\d{{1,2}})+\.?) \t {_GAP}*
    )(?P<rest>.*)$""",
    re.VERBOSE,
)
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}([ \t]|$)")
_DEEPEST = 8  # levels of a list
# Bullets of Word's Symbol and Wingdings fonts, which exist in no other font
_SYMBOLS = {"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf0fc": "✓"}


class _Reader:
    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.refused: list[Refused] = []

    def refuse(self, words: str, hint: str, line: int) -> None:
        self.refused.append(Refused(words, hint, line))

    def canonical(self, source: str) -> str:
        """The source with every list written as ``- `` and two spaces a level, line for line."""
        source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
        source = source.replace(_OPEN, "").replace(_CLOSE, "")
        out: list[str] = []
        levels: list[int] = []  # the indentation of each open list
        blank = True  # whether the line before was blank, a heading or a list item
        fence: str | None = None
        for number, row in enumerate(source.split("\n")):
            stripped = row.strip(" \t\u00a0")
            fenced = _FENCE.match(row)
            if fence is not None or fenced:
                if fence is None and fenced:
                    fence = fenced[1][:3]
                elif fenced and fence == fenced[1][:3]:
                    fence = None
                out.append(row)
                continue
            if not stripped:
                out.append("")
                blank = True
                continue
            if stripped.startswith(">"):
                self.refuse("A line begins with >; quotations are not a part of course texts.", "Delete the >.", number)
            found = None if _RULE.match(row) else _MARKER.match(row)
            # A number begins a list where CommonMark lets it: not in the middle of a paragraph, unless it is 1.
            if found and found["number"] and not (blank or levels or found["number"][:-1].lstrip("0") == "1"):
                found = None
            if found:
                indent = _columns(found["indent"])
                while levels and indent < levels[-1] + 2 and not (len(levels) == 1 and indent <= levels[0] + 1):
                    if indent >= levels[-1] - 1:
                        break
                    levels.pop()
                if not levels:
                    levels = [indent]
                elif indent >= levels[-1] + 2 and len(levels) < _DEEPEST:
                    levels.append(indent)
                marker = next(found[name] for name in _KINDS if found[name])
                marker = "•" if marker in "-*+" else _SYMBOLS.get(marker, marker)
                out.append("  " * (len(levels) - 1) + f"- {_OPEN}{marker}{_CLOSE} {found['rest'].strip()}")
                blank = True
                continue
            if levels and (blank or _HEADING.match(row)):
                indent = _columns(row[: len(row) - len(row.lstrip(" \t\u00a0"))])
                after_item = out and out[-1] != ""
                if not after_item or _HEADING.match(row):
                    while levels and indent < levels[-1] + 1:
                        levels.pop()
            if levels:
                out.append("  " * len(levels) + stripped + ("  " if row.endswith("  ") else ""))
            else:
                out.append(row.lstrip(" \t\u00a0") if not _RULE.match(row) else row)
            blank = bool(_HEADING.match(row))
        return "\n".join(out)

    # --- tokens to blocks --------------------------------------------------------------------

    def walk(self, tokens: list[Any]) -> None:
        depth = -1
        level = 0  # of the heading being read
        place: list[int] = []  # for each open item, its index in blocks
        for token in tokens:
            line = token.map[0] if token.map else 0
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
                        token.map[1] - 1,
                    )
            elif kind == "hr":
                self.refuse("A line of dashes or stars is not printed.", "Delete it; a heading begins with ##.", line)
            elif kind in ("fence", "code_block"):
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
                ordered = marker[:1] == "(" or marker[-1:] in ".)"
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

    # Nested lists reach a nesting of 2 a level; "code" off: an indented text is a text.
    return MarkdownIt("commonmark", {"maxNesting": 200}).disable(["code", "blockquote", "reference"])
