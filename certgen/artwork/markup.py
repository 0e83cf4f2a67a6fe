"""SVG markup: elements and style sheets, read without expanding, fetching or running anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from xml.parsers import expat

from certgen.artwork.sheet import Report

LARGEST_FILE = 8 * 2**20  # bytes
MOST_ELEMENTS = 50_000
DEEPEST = 64
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"

Style = dict[str, str]


class Node:
    """An element; ``content`` holds its texts and children in order."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.content: list[Node | str] = []

    @property
    def children(self) -> list[Node]:
        return [item for item in self.content if isinstance(item, Node)]

    @property
    def text(self) -> str:
        return "".join(item for item in self.content if isinstance(item, str))

    def all(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.all()


class Refused(Exception):
    """Reading stops; the report has been told why."""


def read(data: bytes, report: Report) -> Node | None:
    """The element tree. DTDs define nothing here: no entity is expanded, nothing outside is read."""
    if len(data) > LARGEST_FILE:
        report("large-file", f"The SVG has {len(data) / 2**20:.0f} MB; the limit is {LARGEST_FILE // 2**20} MB.")
        return None
    top, stack, count = Node("", {}), [], 0
    stack.append(top)

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS or len(stack) > DEEPEST:
            report("large-svg", "The SVG has too many parts.", "Ask the designer to simplify it.")
            raise Refused
        space, _, tag = name.rpartition(" ")
        node = Node(tag if space in ("", _SVG) else f"{{{space}}}", {})
        for key, value in attributes.items():
            outside, _, local = key.rpartition(" ")
            if outside in ("", _XLINK):
                node.attributes[local] = value
        stack[-1].content.append(node)
        stack.append(node)

    def entity(*_: Any) -> int:
        report(
            "entity-in-svg",
            "The SVG defines entities (abbreviations in its DOCTYPE); certgen does not expand them.",
            "Export it as plain SVG; in Illustrator, without “Preserve Illustrator Editing Capabilities”.",
        )
        raise Refused

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop() and None
    parser.CharacterDataHandler = lambda text: stack[-1].content.append(text)
    parser.EntityDeclHandler = entity
    parser.ExternalEntityRefHandler = entity
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        report("damaged-svg", f"The SVG cannot be read: {error}.", "Ask the designer to export it again.")
        return None
    root = top.children[0]
    if root.tag != "svg":
        report("damaged-svg", "The file is XML, but not an SVG.", "Ask the designer to export it again.")
        return None
    return root


class Rule(NamedTuple):
    weight: tuple[int, int, int]
    matches: Callable[[Node], bool]
    values: Style


def declarations(text: str) -> Style:
    pairs = (part.partition(":") for part in text.split(";"))
    return {key.strip().lower(): value.replace("!important", "").strip() for key, _, value in pairs if value.strip()}


_SELECTOR = re.compile(r"([A-Za-z]+|\*)?([.#][\w-]+)*\Z")


def style_sheet(text: str, report: Report) -> list[Rule]:
    """A style sheet of type, class and id selectors, weakest first (CSS 2.2, 6.4.3)."""
    text = re.sub(r"/\*.*?\*/|<!--|-->", "", text, flags=re.S)
    rules = []
    if "@" in text:
        report(
            "style-in-svg", "The SVG's style sheet imports fonts or other styles.", "Export it with plain attributes."
        )
        return []
    for selectors, body in re.findall(r"([^{}]*)\{([^{}]*)\}", text):
        for selector in selectors.split(","):
            selector = selector.strip()
            if not _SELECTOR.match(selector) or not selector:
                report(
                    "style-in-svg",
                    f"The SVG's style sheet has a rule that certgen does not understand: “{selector[:40]}”.",
                    "Export it with plain attributes (“presentation attributes”) instead of CSS.",
                )
                continue
            names = re.findall(r"[.#][\w-]+", selector)
            tag = re.match(r"[A-Za-z]*", selector)[0]  # type: ignore[index]
            ids, classes = ([n[1:] for n in names if n[0] == mark] for mark in "#.")

            def matches(node: Node, tag: str = tag, ids: list[str] = ids, classes: list[str] = classes) -> bool:
                own = node.attributes.get("class", "").split()
                return (
                    tag in ("", node.tag)
                    and all(name == node.attributes.get("id") for name in ids)
                    and all(name in own for name in classes)
                )

            rules.append(Rule((len(ids), len(classes), bool(tag)), matches, declarations(body)))
    return sorted(rules, key=lambda rule: rule.weight)
