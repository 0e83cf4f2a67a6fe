"""The structure tree of a PDF as pikepdf reads it, with the text that pdfium finds in its marked content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pikepdf
from ink import Words, pages


@dataclass
class Node:
    """A structure element. ``lines`` are its own marked content's, with the page each is on; not its kids'."""

    role: str
    alt: str | None = None
    numbering: str | None = None
    language: str | None = None
    links: int = 0
    kids: list[Node] = field(default_factory=list)
    lines: list[tuple[int, Words]] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for kid in self.kids:
            yield from kid.walk()

    def roles(self, *roles: str) -> list[Node]:
        return [node for node in self.walk() if node.role in roles]

    @property
    def text(self) -> str:
        own = " ".join(line.text for _, line in self.lines)
        return " ".join(part for part in (own, *(kid.text for kid in self.kids)) if part)


def tree(pdf: bytes) -> Node:
    """The Document element."""
    marked: dict[tuple[int, int], list[Words]] = {}
    for number, page in enumerate(pages(pdf)):
        for line in page.lines:
            marked.setdefault((number, line.marked), []).append(line)
    with pikepdf.open(BytesIO(pdf)) as document:
        numbers = {page.obj.objgen: number for number, page in enumerate(document.pages)}
        root = document.Root.StructTreeRoot.K
        return _node(root[0] if isinstance(root, pikepdf.Array) else root, None, numbers, marked)


def _node(element: Any, page: int | None, numbers: dict[Any, int], marked: dict[tuple[int, int], list[Words]]) -> Node:
    if "/Pg" in element:
        page = numbers[element.Pg.objgen]
    attributes = element.get("/A")
    many = list(attributes) if isinstance(attributes, pikepdf.Array) else [attributes] if attributes is not None else []
    numbering = next((str(each.ListNumbering)[1:] for each in many if "/ListNumbering" in each), None)
    alt, language = element.get("/Alt"), element.get("/Lang")
    node = Node(
        role=str(element.S)[1:],
        alt=None if alt is None else str(alt),
        numbering=numbering,
        language=None if language is None else str(language),
    )
    kids = element.get("/K", pikepdf.Array())
    for kid in list(kids) if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            node.kids.append(_node(kid, page, numbers, marked))
        elif isinstance(kid, pikepdf.Dictionary) and str(kid.get("/Type")) == "/OBJR":
            node.links += 1
        else:
            on = numbers[kid.Pg.objgen] if isinstance(kid, pikepdf.Dictionary) and "/Pg" in kid else page
            number = int(kid.MCID) if isinstance(kid, pikepdf.Dictionary) else int(kid)
            assert on is not None
            node.lines.extend((on, line) for line in marked.get((on, number), ()))
    return node
