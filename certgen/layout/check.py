"""What the types of a layout cannot say: names that must exist, sizes that must leave room, files within the folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PureWindowsPath
from typing import Any

from certgen.errors import ExitCode, Problem
from certgen.fields import FIELDS, Template
from certgen.layout.spec import (
    MM,
    SIZES,
    ImageBox,
    Layout,
    LogosBox,
    Paper,
    QrBox,
    SealBox,
    Sides,
    TextBox,
    Tint,
    sides,
)

SMALLEST, LARGEST = 20, 5000  # mm; ISO 32000-1, annex C, ends at 5080
OWN_COLOURS = ("primary", "accent", "ink", "paper", "white", "black")
_HEX = re.compile("#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


def problem(code: str, message: str, hint: str = "", **place: Any) -> Problem:
    """A Problem of a layout."""
    return Problem(code=code, message=message, hint=hint, exit_code=ExitCode.LAYOUT, **place)


def check(layout: Layout) -> Iterator[Problem]:
    """What types cannot say: names that must exist, boxes that hold themselves, fields that are unknown."""

    def wrong(code: str, key: str, message: str, hint: str = "") -> Problem:
        return problem(code, message, hint, file=layout.file, key=key)

    if not layout.pages:
        yield wrong("no-pages", "pages", "The layout has no page.", 'Add a table [pages.certificate] with box = "…".')
    known_styles = set(layout.styles)
    for name, style in layout.styles.items():
        if style.like and style.like not in known_styles:
            yield wrong(
                "unknown-style",
                f"styles.{name}.like",
                f"There is no style “{style.like}”.",
                nearest(style.like, known_styles),
            )
        seen, at = {name}, style.like
        while at in layout.styles:
            if at in seen:
                yield wrong(
                    "style-loop", f"styles.{name}.like", f"The style “{name}” is like itself, by way of “{at}”."
                )
                break
            seen.add(at)
            at = layout.styles[at].like
    for key, colour in _colours(layout):
        if colour.startswith("#"):
            if not _HEX.fullmatch(colour):
                message = f"“{colour}” is not a colour."
                yield wrong("wrong-value", key, message, 'Write # and six digits of 0-9 and a-f, as in "#0b3d62".')
        elif colour not in OWN_COLOURS and colour not in layout.colours:
            hint = nearest(colour, [*layout.colours, *OWN_COLOURS])
            yield wrong("unknown-colour", key, f"There is no colour “{colour}”.", hint)
    for name in layout.colours:
        if name in _made_of(layout, name, set()):
            yield wrong("colour-loop", f"colours.{name}", f"The colour “{name}” is made of itself.")
    for name, page in layout.pages.items():
        if page.box not in layout.boxes:
            yield wrong(
                "unknown-box", f"pages.{name}.box", f"There is no box “{page.box}”.", nearest(page.box, layout.boxes)
            )
        else:
            yield from (wrong(*found) for found in _loops(layout, page.box, ()))
    for key, file in _files(layout):
        if not _inside(file):
            message = f"“{file}” is not in the layout's folder."
            yield wrong("outside-folder", key, message, "Copy the file into the layout's folder, and give its name.")
    yield from (wrong(*found) for found in _papers(layout))
    yield from (wrong(*found) for found in _art(layout))
    labels = {label for words in layout.phrases.values() for label in words}
    for name, box in layout.boxes.items():
        key = f"boxes.{name}"
        for child in getattr(box, "boxes", ()):
            if child not in layout.boxes:
                yield wrong("unknown-box", f"{key}.boxes", f"There is no box “{child}”.", nearest(child, layout.boxes))
        for attribute in ("style", "name_style", "role_style", "heading", "subheading", "minor"):
            value = getattr(box, attribute, None)
            for style_name in (value if isinstance(value, list) else [value]) if value else ():
                if style_name not in known_styles and not (
                    isinstance(box, LogosBox | SealBox) and attribute == "style"
                ):
                    yield wrong(
                        "unknown-style",
                        f"{key}.{attribute}",
                        f"There is no style “{style_name}”.",
                        nearest(style_name, known_styles),
                    )
        asked = [box.when.lstrip("!")] if box.when else []
        if isinstance(box, TextBox):
            for text in box.text if isinstance(box.text, list) else [box.text]:
                template = Template.parse(text)
                asked += template.paths
                for fault in template.faults:
                    yield wrong("template", f"{key}.text", f"{fault[:1].upper()}{fault[1:]}.")
        for path in asked:
            if path.startswith("words."):
                if path[6:] not in labels and "{" not in path:
                    yield wrong("unknown-phrase", key, f"No phrase is called “{path[6:]}”.", nearest(path[6:], labels))
            elif path not in FIELDS and not path.startswith("roster."):
                yield wrong("unknown-field", key, f"There is no field {{{path}}}.", nearest(path, FIELDS))
        if message := _sides(box.pad):
            yield wrong("wrong-value", f"{key}.pad", message)


def _files(layout: Layout) -> Iterator[tuple[str, str]]:
    """Every file that the layout names, with its key."""
    for name, page in layout.pages.items():
        if isinstance(page.background, dict):
            yield from ((f"pages.{name}.background.{tag}", file) for tag, file in page.background.items())
        elif page.background is not None:
            yield f"pages.{name}.background", page.background
        yield from ((f"pages.{name}.art", art.file) for art in page.art if art.file is not None)
    yield from ((f"boxes.{name}.file", box.file) for name, box in layout.boxes.items() if isinstance(box, ImageBox))


def _inside(file: str) -> bool:
    """Whether a path stays below the folder it counts from, on every system: a layout comes from anywhere."""
    if PureWindowsPath(file).drive or file.startswith(("/", "\\")):
        return False
    return ".." not in file.replace("\\", "/").split("/")


def _made_of(layout: Layout, name: str, found: set[str]) -> set[str]:
    """The colours that a colour is made of, or depends on as its ground."""
    colour = layout.colours.get(name)
    for part in (colour.of, colour.on) if isinstance(colour, Tint) else (colour,):
        if part and part not in found:
            found.add(part)
            _made_of(layout, part, found)
    return found


def _colours(layout: Layout) -> Iterator[tuple[str, str]]:
    """Every colour that the layout names, with its key."""
    for name, colour in layout.colours.items():
        parts = (
            [(f".{key}", getattr(colour, key)) for key in ("of", "on")] if isinstance(colour, Tint) else [("", colour)]
        )
        yield from ((f"colours.{name}{key}", part) for key, part in parts if part)
    yield from ((f"styles.{name}.colour", style.colour) for name, style in layout.styles.items() if style.colour)
    for name, box in layout.boxes.items():
        for key in ("background", "colour", "tile", "colours"):
            value = getattr(box, key, None)
            if key != "tile" or isinstance(box, QrBox):
                yield from ((f"boxes.{name}.{key}", c) for c in (value if isinstance(value, list) else [value]) if c)
    yield from (
        (f"pages.{name}.art", c) for name, page in layout.pages.items() for art in page.art for c in art.colours
    )


def _sides(value: Sides) -> str:
    """What is wrong with margins, padding or insets."""
    try:
        sides(value)
    except ValueError as error:
        return f"{error}".capitalize() + "."
    return ""


def _papers(layout: Layout) -> Iterator[tuple[str, str, str, str]]:
    """Sheets that no page can be made on."""
    papers = {"paper": layout.paper}
    papers |= {f"pages.{name}.paper": page.paper for name, page in layout.pages.items() if page.paper is not None}
    for key, paper in papers.items():
        size = paper.size
        if isinstance(size, str) and size not in SIZES:
            hint = f"{nearest(size, SIZES)} Or give [width, height] in mm."
            yield "wrong-value", f"{key}.size", f"There is no size of paper “{size}”.", hint
        elif isinstance(size, list) and (len(size) != 2 or not all(SMALLEST <= side <= LARGEST for side in size)):
            message = f"A size is [width, height] in mm, each from {SMALLEST} to {LARGEST}, not {size}."
            yield "wrong-value", f"{key}.size", message, "A4 is [210, 297]."
        elif message := _sides(paper.margin):
            yield "wrong-value", f"{key}.margin", message, ""
        elif not _room(paper, paper.margin):
            yield "wrong-value", f"{key}.margin", "The margins leave no room on the page.", "They are in mm."


def _room(paper: Paper, around: Sides) -> bool:
    """Whether the page has something left within these distances from its edges."""
    width, height = (side / MM for side in paper.points())
    top, end, bottom, start = sides(around)
    return width > start + end and height > top + bottom


def _art(layout: Layout) -> Iterator[tuple[str, str, str, str]]:
    """Art that cannot be placed, or is of no kind. What its parameters are, its maker knows."""
    for name, page in layout.pages.items():
        paper = page.paper or layout.paper
        for at, art in enumerate(page.art, 1):
            key = f"pages.{name}.art[{at}]"
            if art.kind == "image" and art.file is None:
                yield "no-file", f"{key}.file", "An image among a page's art needs a file.", 'Add file = "…".'
            if message := _sides(art.inset):
                yield "wrong-value", f"{key}.inset", message, ""
            elif not any(_papers(layout)) and not _room(paper, art.inset):
                yield "wrong-value", f"{key}.inset", "The inset leaves no room on the page.", "It is in mm."
            radius = art.parameters.get("radius", 0.0)
            if art.kind == "panel" and (isinstance(radius, bool | str) or radius < 0):
                yield "wrong-value", f"{key}.parameters.radius", "A panel's radius is a number of mm.", ""


def _loops(layout: Layout, name: str, above: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    if name in above:
        yield ("box-loop", f"boxes.{name}", f"The box “{name}” is inside itself.")
        return
    for child in getattr(layout.boxes.get(name), "boxes", ()):
        yield from _loops(layout, child, (*above, name))


def nearest(word: str, known: Any) -> str:
    import difflib

    close = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(sorted(known))}."
