"""Containers: they ask their boxes how much room they need, share out what there is, and place them.

The pass is one way: ``wanted`` (width a box would like), ``height`` (at a width), ``place``. No box
looks at its neighbours, and a recipient's text never moves one.
"""

from __future__ import annotations

from abc import abstractmethod

from certgen.compose.desk import Desk, Frame, Overfull, Sheet
from certgen.layout import MM, Box, Overlay, Row, Space, Stack, sides

SLACK = 0.01  # points: below what any device shows


class Node:
    """A box with its settings. Subclasses say what is inside the padding; units are points."""

    def __init__(self, desk: Desk, name: str, spec: Box) -> None:
        self.desk, self.name, self.spec = desk, name, spec
        top, end, bottom, start = (side * MM for side in sides(spec.pad))
        self.pad = Frame(start, top, start + end, top + bottom)

    def wanted(self, available: float) -> float:
        """The width this box would like, at most ``available`` unless it cannot be had in less."""
        if self.spec.width is not None:
            return self.spec.width * MM
        return self.inner_wanted(available - self.pad.width) + self.pad.width

    def height(self, width: float) -> float:
        if self.spec.height is not None:
            return self.spec.height * MM
        return self.inner_height(width - self.pad.width) + self.pad.height

    def place(self, sheet: Sheet, frame: Frame) -> None:
        if self.spec.background is not None:
            self.desk.fill_behind(sheet, frame, self.desk.colour(self.spec.background), stationery=True)
        inner = Frame(
            frame.x + self.pad.x, frame.y + self.pad.y, frame.width - self.pad.width, frame.height - self.pad.height
        )
        if self.spec.height is not None:
            needed = self.inner_height(inner.width)
            if needed > self.height(frame.width) - self.pad.height + SLACK:
                raise Overfull(self.name, self.text(), needed, inner.height, across=False)
        self.inner_place(sheet, inner)

    def text(self) -> str:
        """What is in it, for a problem."""
        return ""

    def tallest(self, width: float) -> tuple[float, Node]:
        """The leaf that takes the most height: the one to name when a page is too full."""
        return (self.height(width), self)

    @abstractmethod
    def inner_wanted(self, available: float) -> float: ...

    @abstractmethod
    def inner_height(self, width: float) -> float: ...

    @abstractmethod
    def inner_place(self, sheet: Sheet, frame: Frame) -> None: ...


class Blankness(Node):
    """A space."""

    spec: Space

    def inner_wanted(self, available: float) -> float:
        return 0.0

    def height(self, width: float) -> float:
        natural = (self.spec.height or 0.0) * MM
        least = natural if self.spec.height_min is None else self.spec.height_min * MM
        return natural - self.desk.tight * (natural - least)

    def inner_height(self, width: float) -> float:
        return 0.0

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        pass


class Container(Node):
    spec: Stack | Row | Overlay

    def __init__(self, desk: Desk, name: str, spec: Box, children: list[Node]) -> None:
        super().__init__(desk, name, spec)
        self.children = children

    def gap(self) -> float:
        spec = self.spec
        if isinstance(spec, Overlay):
            return 0.0
        least = spec.gap if spec.gap_min is None else spec.gap_min
        return (spec.gap - self.desk.tight * (spec.gap - least)) * MM

    def gaps(self) -> float:
        return self.gap() * max(0, len(self.children) - 1)

    def tallest(self, width: float) -> tuple[float, Node]:
        inner = width - self.pad.width
        return max((child.tallest(inner) for child in self.children), key=lambda found: found[0], default=(0.0, self))


class StackNode(Container):
    spec: Stack

    def inner_wanted(self, available: float) -> float:
        return max((child.wanted(available) for child in self.children), default=0.0)

    def child_width(self, child: Node, width: float) -> float:
        align = child.spec.align or self.spec.items
        if child.spec.width is not None:
            return min(child.spec.width * MM, width)
        return width if align == "stretch" else min(child.wanted(width), width)

    def inner_height(self, width: float) -> float:
        return sum(child.height(self.child_width(child, width)) for child in self.children) + self.gaps()

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        widths = [self.child_width(child, frame.width) for child in self.children]
        heights = [child.height(width) for child, width in zip(self.children, widths, strict=True)]
        spare = frame.height - sum(heights) - self.gaps()
        if spare < -SLACK:
            tallest = self.tallest(frame.width + self.pad.width)[1]
            raise Overfull(tallest.name, tallest.text(), frame.height - spare, frame.height, across=False)
        growth = sum(child.spec.grow for child in self.children)
        gap, y = self.gap(), frame.y
        if growth:
            heights = [h + spare * child.spec.grow / growth for h, child in zip(heights, self.children, strict=True)]
        elif self.spec.justify == "between" and len(self.children) > 1:
            gap += spare / (len(self.children) - 1)
        else:
            y += {"start": 0.0, "center": spare / 2, "end": spare}.get(self.spec.justify, 0.0)
        for child, width, height in zip(self.children, widths, heights, strict=True):
            align = child.spec.align or self.spec.items
            x = frame.x + {"center": (frame.width - width) / 2, "end": frame.width - width}.get(align, 0.0)
            child.place(sheet, Frame(x, y, width, height))
            y += height + gap


class RowNode(Container):
    spec: Row

    def inner_wanted(self, available: float) -> float:
        if any(child.spec.grow for child in self.children):
            return available
        return sum(child.wanted(available) for child in self.children) + self.gaps()

    def widths(self, width: float) -> list[float]:
        room = width - self.gaps()
        wanted = [0.0 if child.spec.grow else child.wanted(room) for child in self.children]
        growth = sum(child.spec.grow for child in self.children)
        spare = room - sum(wanted)
        if growth:
            wanted = [
                w + max(spare, 0.0) * child.spec.grow / growth for w, child in zip(wanted, self.children, strict=True)
            ]
            spare = min(spare, 0.0)
        if spare < 0:  # what has no width of its own gives way, in proportion
            soft = sum(w for w, child in zip(wanted, self.children, strict=True) if child.spec.width is None)
            if soft > 0:
                share = max(0.0, (soft + spare) / soft)
                wanted = [
                    w * share if child.spec.width is None else w for w, child in zip(wanted, self.children, strict=True)
                ]
        return wanted

    def inner_height(self, width: float) -> float:
        return max((c.height(w) for c, w in zip(self.children, self.widths(width), strict=True)), default=0.0)

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        widths = self.widths(frame.width)
        gap, x = self.gap(), frame.x
        spare = frame.width - sum(widths) - self.gaps()
        if spare < -SLACK:
            raise Overfull(self.name, "", frame.width - spare, frame.width, across=True)
        if self.spec.justify == "between" and len(self.children) > 1:
            gap += spare / (len(self.children) - 1)
        else:
            x += {"start": 0.0, "center": spare / 2, "end": spare}.get(self.spec.justify, 0.0)
        for child, width in zip(self.children, widths, strict=True):
            align = child.spec.align or self.spec.items
            height = frame.height if align == "stretch" else child.height(width)
            if height > frame.height + SLACK:
                tallest = child.tallest(width)[1]
                raise Overfull(tallest.name, tallest.text(), height, frame.height, across=False)
            y = frame.y + {"center": (frame.height - height) / 2, "end": frame.height - height}.get(align, 0.0)
            child.place(sheet, Frame(x, y, width, height))
            x += width + gap


class OverlayNode(Container):
    spec: Overlay

    def inner_wanted(self, available: float) -> float:
        return max((child.wanted(available) for child in self.children), default=0.0)

    def child_width(self, child: Node, width: float) -> float:
        stretched = child.spec.align in (None, "stretch") and child.spec.width is None
        return width if stretched else min(child.wanted(width), width)

    def inner_height(self, width: float) -> float:
        return max((child.height(self.child_width(child, width)) for child in self.children), default=0.0)

    def inner_place(self, sheet: Sheet, frame: Frame) -> None:
        for child in self.children:
            align, width = child.spec.align or "stretch", self.child_width(child, frame.width)
            x = frame.x + {"center": (frame.width - width) / 2, "end": frame.width - width}.get(align, 0.0)
            height = max(frame.height, child.height(width)) if child.spec.height is None else child.spec.height * MM
            if height > frame.height + SLACK:
                tallest = child.tallest(width)[1]
                raise Overfull(tallest.name, tallest.text(), height, frame.height, across=False)
            child.place(sheet, Frame(x, frame.y, width, height))
