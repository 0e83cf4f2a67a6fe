"""The page's modules as one script, without what only people read: comments, spaces, long names.

Not for any JavaScript, but for the style of ``certgen/site/page``: every statement ends with a semicolon or a brace,
and no name is declared at the top of two modules. Source of the grammar: ECMA-262, 12 and 13.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<number>0x[0-9a-f]+|\d[\d.]*(?:e\d+)?n?|\.\d+)
    |(?P<word>[A-Za-z_$][\w$]*)
    |(?P<sign>\.\.\.|=>|[=!]==|\*\*|<<|>>=?|\?\?|\?\.|&&|\|\||\+\+|--|[-+*|<>]=|[][{}();,.:?<>=!+\-*/%&|^~])""",
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_PIECE = re.compile(r"[`}](?:[^`\\$]|\\.|\$(?!\{))*(`|\$\{)", re.DOTALL)  # of a template
_IMPORT = re.compile(r'^import [^;]*?from "\./([a-z0-9]+\.(?:js|json))"[^;]*;', re.MULTILINE)
_KEYWORDS = """
    async await break case catch class const continue default delete do else export extends false finally for function
    if import in instanceof let new null of return static super switch this throw true try typeof undefined var void
    while with yield
"""
_PLATFORM = """
    JSON URL atob caches createImageBitmap crypto decodeURIComponent document fetch globalThis history isSecureContext
    isNaN location navigator parseInt scrollTo self setTimeout trustedTypes window
"""
_RESERVED = frozenset(_KEYWORDS.split())
_OTHERS = _RESERVED | frozenset(_PLATFORM.split())  # and names such as TextDecoder, which are told by their look
_VALUE = "( , = : [ ! && || ?? ? { } ; => + - * / % & | ^ < > return typeof of in ..."
_BEFORE_VALUE = frozenset(_VALUE.split())
_OBJECT = "( , = : [ ! && || ?? ? + ... return const let of"
_BEFORE_OBJECT = frozenset(_OBJECT.split())


class Token(NamedTuple):
    """A word, text, number, regular expression, sign, or a piece of a template."""

    kind: str
    text: str


def imports(source: str) -> list[str]:
    """The files that a module imports."""
    return _IMPORT.findall(source)


def joined(sources: Iterable[str]) -> str:
    """Modules in the order in which they must run. Raises ValueError for what is not in the style that is read here."""
    tokens = [
        token for source in sources for token in _tokens(_IMPORT.sub("", source)) if token != Token("word", "export")
    ]
    return _written(_renamed(tokens))


def _tokens(source: str) -> Iterator[Token]:
    """What a script consists of, without spaces and comments."""
    at, before = 0, ";"
    templates: list[int] = []  # for each template that is open, how many braces are open in its expression
    while at < len(source):
        within = bool(templates) and templates[-1] == 0 and source[at] == "}"
        if source[at] == "`" or within:
            piece = _PIECE.match(source, at)
            if piece is None:
                raise ValueError(f"a template without an end: {source[at : at + 40]!r}")
            if within:
                templates.pop()
            if piece[1] == "${":
                templates.append(0)
            yield Token("template", piece[0])
            at, before = piece.end(), "(" if piece[1] == "${" else ")"
            continue
        regex = _REGEX.match(source, at) if before in _BEFORE_VALUE and source[at + 1 : at + 2] not in "/*" else None
        found = regex or _TOKEN.match(source, at)
        if found is None:
            raise ValueError(f"not read here: {source[at : at + 40]!r}")
        kind, text, at = "regex" if regex else str(found.lastgroup), found[0], found.end()
        if kind == "space":
            continue
        if templates and text in "{}":
            templates[-1] += 1 if text == "{" else -1
        before = text if kind in ("sign", "word") else ")"
        yield Token(kind, text)


# --- names -----------------------------------------------------------------------------------


def _renamed(tokens: list[Token]) -> Iterator[Token]:
    """Short names for what the modules declare; properties and keys keep theirs ("{ name }" becomes "{ name: a }")."""
    roles = list(_roles(tokens))
    often = Counter(token.text for token, role in zip(tokens, roles, strict=True) if role)
    free = (name for name in _names() if name not in _OTHERS)
    short = dict(zip(sorted(often, key=lambda name: -often[name]), free, strict=False))
    for token, role in zip(tokens, roles, strict=True):
        if role == "both":
            yield token
            yield Token("sign", ":")
        yield token if not role else Token("word", short[token.text])


def _roles(tokens: list[Token]) -> Iterator[str]:
    """Of each token: "name" is a name of the modules' own, "both" a key and such a name at once, "" anything else."""
    brackets: list[bool] = []  # whether each open bracket is an object's brace
    texts = [token.text if token.kind in ("sign", "word") else "" for token in tokens]
    for index, token in enumerate(tokens):
        before, after = texts[index - 1] if index else ";", texts[index + 1] if index + 1 < len(texts) else ""
        if token.kind == "sign" and token.text in "([{":
            brackets.append(token.text == "{" and before in _BEFORE_OBJECT)
        elif token.kind == "sign" and token.text in ")]}":
            brackets.pop()
        role = ""
        if token.kind == "word" and not _others(token.text) and before not in (".", "?."):
            first = bool(brackets) and brackets[-1] and before in ("{", ",")
            role = "name" if not first else "both" if after in (",", "}", "=") else ""
        yield role


def _others(name: str) -> bool:
    return name in _OTHERS or bool(re.match("[A-Z]+[a-z]", name))


def _names() -> Iterator[str]:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for size in (1, 2):
        yield from map("".join, product(letters, repeat=size))


# --- writing ---------------------------------------------------------------------------------


def _written(tokens: Iterable[Token]) -> str:
    """Tokens with a space only where two would become one, and declarations that follow each other as one."""
    out: list[str] = []
    begun = [""]  # for each open bracket, the word that the statement inside began with
    last = ";"
    for token in tokens:
        text = "let" if token == Token("word", "const") else token.text
        goes_on = text == "let" and last == ";" and begun[-1] == "let"
        if last in (";", "{", "}"):
            begun[-1] = text
        if goes_on or (text == "}" and last == ";"):
            out.pop()
        if goes_on:
            text = ","
        elif (token.kind in ("word", "number") and re.search(r"[\w$]$", last)) or (
            last[-1:] == text[:1] and text[:1] in ("+", "-", "/")
        ):
            out.append(" ")
        if token.kind == "sign" and text in "([{":
            begun.append("")
        elif token.kind == "sign" and text in ")]}":
            begun.pop()
        out.append(text)
        last = text
    return "".join(out)
