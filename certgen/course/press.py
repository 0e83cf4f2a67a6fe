"""The table [press] of an issuer.toml, checked."""

from __future__ import annotations

import re

from certgen import toml
from certgen.course.checks import Builder
from certgen.course.entries import PressEntry
from certgen.model import PROFILES, PressSpec, Spot
from certgen.toml import UNKNOWN, Key

ROLES = ("primary", "accent")
_RESERVED = ("all", "none", "cyan", "magenta", "yellow", "black")  # ISO 32000-1, 8.6.6.4
_LONGEST_NAME = 60  # characters of an ink's name
_COLOUR = re.compile(r"#([0-9A-Fa-f]{3}){1,2}")


def press(builder: Builder, raw: PressEntry) -> PressSpec:
    """How an academy prints on a press; what cannot be used is told and left out."""
    spots: dict[str, Spot] = {}
    for colour, entry in raw.spots.items():
        key: Key = ("press", "spots", colour)
        named = _colour(builder, key, colour)
        name = _name(builder, (*key, "name"), entry.name)
        if not named or not name:
            continue
        spot = Spot(name, entry.cmyk)
        twin = next((other for other in spots.values() if other.name == name and other != spot), None)
        if named in spots:
            builder.tell(key, "repeated", f"The colour {named} stands twice in [press.spots].", "Delete one.")
        elif twin:
            message = f"The ink “{name}” has two different mixtures (cmyk) in [press.spots]."
            builder.tell((*key, "cmyk"), "two-mixtures", message, toml.literal(list(twin.cmyk)))
        else:
            spots[named] = spot
    return PressSpec(profile=_profile(builder, raw.profile), spots=spots)


def _profile(builder: Builder, value: str | None) -> str | None:
    """A bundled profile's name, or the path of a file. What is in the file is looked at when something is printed."""
    key: Key = ("press", "profile")
    value = builder.text(key, value)
    if value is None:
        return None
    known = next((name for name in PROFILES if name.casefold() == value.casefold()), None)
    if known:
        return known
    if value.lower().endswith((".icc", ".icm")):
        return builder.file(key, value, ())
    close = toml.nearest(value, list(PROFILES))
    builder.tell(
        key,
        "unknown-profile",
        f"There is no profile “{value[:60]}”.",
        f'Did you mean "{close}"?' if close else f'It is {" or ".join(PROFILES)}, or a file such as "printer.icc".',
    )
    return None


def _colour(builder: Builder, key: Key, value: str) -> str | None:
    if value in ROLES:
        return value
    if _COLOUR.fullmatch(value):
        digits = value[1:].lower()
        return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))
    close = toml.nearest(value, list(ROLES))
    builder.tell(
        key,
        "unknown-colour",
        f"There is no colour “{value[:40]}” that could have an ink of its own.",
        f'Did you mean "{close}"?' if close else 'It is primary, accent, or a colour such as "#0b3d62".',
    )
    return None


def _name(builder: Builder, key: Key, value: str) -> str | None:
    if value == UNKNOWN:
        return None
    name = builder.text(key, value)
    if not name or "\n" in name or len(name) > _LONGEST_NAME:
        message = f"An ink's name is one line of at most {_LONGEST_NAME} characters."
        builder.tell(key, "bad-ink", message, '"PANTONE 541 C"')
        return None
    if name.casefold() in _RESERVED:
        message = f"“{name}” is not an ink of its own: every press file has that name already."
        builder.tell(key, "bad-ink", message, "Give the name on the printer's order.")
        return None
    return name
