"""The structure tree and the link annotations that hang on it.

Source: ISO 32000-1, 14.7 and 14.8 (tagged PDF), 12.5.6.5 (links); ISO 14289-1, 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from certgen.errors import CertgenError, ExitCode, Problem
from certgen.page import Element, Link, Mark
from certgen.pdf.syntax import Body, literal, name, nums, refs, text_string

# Standard structure types (14.8.4); a role beyond them would need a role map.
_ROLES = """Document Part Art Sect Div BlockQuote Caption TOC TOCI Index NonStruct Private P H H1 H2 H3 H4 H5 H6
L LI Lbl LBody Table TR TH TD THead TBody TFoot Span Quote Note Reference BibEntry Code Link Annot
Ruby RB RT RP Warichu WT WP Figure Formula Form"""
ROLES = frozenset(_ROLES.split())
# Which owner an attribute belongs to (14.8.5); everything else is layout.
_OWNERS = {"ListNumbering": b"List"} | dict.fromkeys(("RowSpan", "ColSpan", "Headers", "Scope", "Summary"), b"Table")


class Malformed(CertgenError):
    """A document that cannot be engraved, or a filling that does not fit it."""

    exit_code = ExitCode.LAYOUT


def malformed(code: str, message: str, hint: str = "") -> Malformed:
    return Malformed(Problem(code=code, message=message, hint=hint, exit_code=ExitCode.LAYOUT))


@dataclass
class Leaf:
    """A mark with its place: ``mcid`` counts on its page in the tree's order."""

    mark: Mark
    mcid: int
    role: str


@dataclass
class Node:
    element: Element
    parent: Node | None
    kids: list[Node | Leaf] = field(default_factory=list)
    number: int = 0
    annotation: int = 0  # the link's annotation
    key: int = 0  # the link's key in the parent tree

    @property
    def in_tail(self) -> bool:
        return self.element.language_slot is not None

    @property
    def link(self) -> Link | None:
        return self.element.link


class Tree:
    """The elements of a document, flat and in order, and what each page's marks are called."""

    def __init__(self, root: Iterable[Element], pages: int) -> None:
        self.nodes: list[Node] = []
        self.leaves: list[list[Leaf]] = [[] for _ in range(pages)]
        self.owners: list[list[Node]] = [[] for _ in range(pages)]  # of each page's marks, by MCID
        self.top = Node(Element(role="Document"), None)
        self.nodes.append(self.top)
        for element in root:
            self.top.kids.append(self._node(element, self.top))

    def _node(self, element: Element, parent: Node) -> Node:
        if element.role not in ROLES:
            raise malformed("unknown-role", f"“{element.role}” is not a standard structure type.")
        if element.role == "Figure" and not element.alt:
            raise malformed("figure-without-text", "A figure has no alternative text.", "Say what it shows.")
        if element.role == "Link" and element.link is None:
            raise malformed("link-without-target", "A Link element has no link.")
        node = Node(element, parent)
        self.nodes.append(node)
        for kid in element.kids:
            if isinstance(kid, Element):
                node.kids.append(self._node(kid, node))
            else:
                page = self._page(kid.page)
                leaf = Leaf(kid, len(self.leaves[page]), element.role)
                self.leaves[page].append(leaf)
                self.owners[page].append(node)
                node.kids.append(leaf)
        if node.link is not None:
            self._page(node.link.page)
            if (node.link.url is None) == (node.link.slot is None):
                raise malformed("link-without-target", f"The link “{node.link.contents}” needs a url or a slot.")
        return node

    def _page(self, page: int) -> int:
        if not 0 <= page < len(self.leaves):
            raise malformed("no-such-page", f"Something stands on page {page + 1} of {len(self.leaves)}.")
        return page

    def links(self) -> list[Node]:
        return [node for node in self.nodes if node.link is not None]

    def write(self, body: Body, pages: Sequence[int], tree_root: int) -> list[tuple[bytes, str, bytes]]:
        """Puts every fixed element, the parent tree and the root; numbers are assigned already.

        Returns the elements whose language is filled in: (start, slot, end), with the language
        as a text string between.
        """
        late = []
        for node in self.nodes:
            start, end = self._element(node, pages, tree_root)
            if node.element.language_slot is not None:
                start = b"%d 0 obj\n%b/Lang" % (node.number, start)
                late.append((start, node.element.language_slot, end + b"\nendobj\n"))
            else:
                language = b"" if node.element.language is None else b"/Lang" + text_string(node.element.language)
                body.put(node.number, start + language + end)
        keys = [
            b"%d %d 0 R" % (index, body.add(b"[%b]" % refs([owner.number for owner in owners])))
            for index, owners in enumerate(self.owners)
        ]
        keys += [b"%d %d 0 R" % (node.key, node.number) for node in self.links()]
        body.put(
            tree_root,
            b"<</Type/StructTreeRoot/K %d 0 R/ParentTree<</Nums[%b]>>/ParentTreeNextKey %d>>"
            % (self.top.number, b" ".join(keys), len(keys)),
        )
        return late

    def _element(self, node: Node, pages: Sequence[int], tree_root: int) -> tuple[bytes, bytes]:
        """An element up to its language, and after it (14.7.2)."""
        element = node.element
        parent = tree_root if node.parent is None else node.parent.number
        first = next((kid.mark.page for kid in node.kids if isinstance(kid, Leaf)), None)
        if first is None and node.link is not None:
            first = node.link.page
        kids = []
        for kid in node.kids:
            if isinstance(kid, Node):
                kids.append(b"%d 0 R" % kid.number)
            elif kid.mark.page == first:
                kids.append(b"%d" % kid.mcid)
            else:
                kids.append(b"<</Type/MCR/Pg %d 0 R/MCID %d>>" % (pages[kid.mark.page], kid.mcid))
        if node.link is not None:
            kids.append(b"<</Type/OBJR/Obj %d 0 R/Pg %d 0 R>>" % (node.annotation, pages[node.link.page]))
        start = b"<</Type/StructElem/S%b/P %d 0 R" % (name(element.role), parent)
        if first is not None:
            start += b"/Pg %d 0 R" % pages[first]
        end = b"/K %b" % kids[0] if len(kids) == 1 else b"/K[%b]" % b" ".join(kids)
        if element.alt is not None:
            end += b"/Alt" + text_string(element.alt)
        return start, end + _attributes(element) + b">>"


def _attributes(element: Element) -> bytes:
    """Attribute objects, one for each owner (14.7.5)."""
    owned: dict[bytes, bytes] = {}
    if element.bbox is not None:
        owned[b"Layout"] = b"/BBox[%b]" % nums(element.bbox)
    for key, value in element.attributes.items():
        owner = _OWNERS.get(key, b"Layout")
        owned[owner] = owned.get(owner, b"") + name(key) + (b" " + value.encode() if value.isdigit() else name(value))
    objects = [b"<</O/%b%b>>" % item for item in owned.items()]
    if not objects:
        return b""
    return b"/A" + (objects[0] if len(objects) == 1 else b"[%b]" % b"".join(objects))


def annotation(link: Link, key: int, actions: Mapping[str, int]) -> bytes:
    """A link annotation (12.5.6.5); ``actions`` are the numbers of those that are filled in. F 4: it prints."""
    if link.slot is not None:
        target = b" %d 0 R" % actions[link.slot]
    else:
        assert link.url is not None
        target = action(link.url)
    return b"<</Type/Annot/Subtype/Link/Rect[%b]/F 4/Border[0 0 0]/StructParent %d/Contents%b/A%b>>" % (
        nums(link.rect),
        key,
        text_string(link.contents),
        target,
    )


def action(url: str) -> bytes:
    """What opens an address (12.6.4.7)."""
    return b"<</Type/Action/S/URI/URI%b>>" % address(url)


def address(url: str) -> bytes:
    """A URI as a string of ASCII (12.6.4.7); other characters are percent-encoded as in an IRI (RFC 3987, 3.1)."""
    return literal(quote(url, safe="!#$%&'()*+,/:;=?@[]~").encode("ascii"))
