"""Shapes one stretch of text in one face with HarfBuzz."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import uharfbuzz as hb

from certgen.font import CJK_SCRIPTS, NOWHERE, Face
from certgen.page import Glyph
from certgen.text.style import Style

LATIN_LIKE = frozenset({"Latn", "Grek", "Cyrl"})
# Scripts whose letters stand apart, so that tracking may go between them.
APART = LATIN_LIKE | {"Armn", "Geor", "Hebr", "Ethi"} | CJK_SCRIPTS
# Scripts whose marks are placed by mark and mkmk alone; the others have features of their own.
_MARKED = LATIN_LIKE | {"Armn", "Geor", "Hebr", "Arab"}

_NO_IGNORABLES = hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
_MONOTONE = hb.BufferClusterLevel.MONOTONE_GRAPHEMES

_glyph = partial(tuple.__new__, Glyph)  # without a call into Python for every glyph
_gid, _cluster, _position = attrgetter("codepoint"), attrgetter("cluster"), attrgetter("position")


class Manner(NamedTuple):
    """What HarfBuzz is told besides the text. An odd ``level`` runs right to left; ``script`` is ISO 15924."""

    level: int
    script: str
    language: str
    style: Style


class Run(NamedTuple):
    """Glyphs of a stretch in one face, in visual order; ``advance`` and ``box`` (of the ink) in font units."""

    glyphs: tuple[Glyph, ...]
    advance: int
    box: tuple[int, int, int, int] | None
    plain: bool  # a glyph per character


def shape(face: Face, text: str, typed: str, start: int, end: int, manner: Manner) -> Run | None:
    """Shapes ``text[start:end]`` in its context; None if the face lacks a glyph or does not attach a mark.

    ``typed`` runs parallel to ``text`` and is what the glyphs copy as.
    """
    level, script, _, style = manner
    features = _features(style.caps, style.figures, style.tracking != 0.0 and script in APART and not face.joined)
    infos, positions = _harfbuzz(face, text, start, end, manner, features)
    gids = list(map(_gid, infos))
    if 0 in gids:
        return None
    if not gids:  # nothing but joiners and marks of direction
        return Run((), 0, None, True)
    clusters = list(map(_cluster, infos))
    shares: Sequence[str]
    if not level & 1 and clusters == list(range(start, end)):
        shares, plain = typed[start:end], True
    else:
        shares, plain = _shares(clusters, typed, start, end, bool(level & 1)), False
        if (
            script in _MARKED
            and len(set(clusters)) < len(clusters)
            and any(map(unicodedata.combining, unicodedata.normalize("NFD", text[start:end])))
            and _unattached(face, text, start, end, manner, features, clusters, positions)
        ):
            return None
    dxs, dys, advances, _ = zip(*map(_position, positions), strict=True)
    glyphs: tuple[Glyph, ...] = tuple(map(_glyph, zip(gids, shares, advances, dxs, dys, strict=True)))
    return Run(glyphs, sum(advances), ink(face, gids, advances, dxs, dys), plain)


def ink(
    face: Face, gids: Sequence[int], advances: Sequence[int], dxs: Sequence[int], dys: Sequence[int]
) -> tuple[int, int, int, int] | None:
    """The box of all outlines, from the pen's first place, in font units; None where nothing shows."""
    marks = face.marks
    pen = 0
    x0 = y0 = NOWHERE
    x1 = y1 = -NOWHERE
    for gid, advance, dx, dy in zip(gids, advances, dxs, dys, strict=True):
        left, bottom, right, top = marks[gid]
        at = pen + dx
        if at + left < x0:
            x0 = at + left
        if at + right > x1:
            x1 = at + right
        if dy + bottom < y0:
            y0 = dy + bottom
        if dy + top > y1:
            y1 = dy + top
        pen += advance
    return (x0, y0, x1, y1) if x0 < NOWHERE // 2 else None


def _harfbuzz(
    face: Face, text: str, start: int, end: int, manner: Manner, features: dict[str, bool]
) -> tuple[list[hb.GlyphInfo], list[hb.GlyphPosition]]:
    buffer = hb.Buffer()
    buffer.cluster_level = _MONOTONE
    buffer.flags = _NO_IGNORABLES
    buffer.add_str(text, start, end - start)
    buffer.direction = "rtl" if manner.level & 1 else "ltr"
    buffer.script = manner.script
    buffer.language = manner.language
    hb.shape(face.hb, buffer, features)
    return buffer.glyph_infos, buffer.glyph_positions or []


@lru_cache(maxsize=64)
def _features(caps: str, figures: str, apart: bool) -> dict[str, bool]:
    """OpenType features that differ from what is on by itself. Not to be changed by who gets it."""
    on = {"small": ("smcp",), "all-small": ("smcp", "c2sc")}.get(caps, ())
    on += {"old": ("onum", "pnum"), "lining": ("lnum", "pnum"), "tabular": ("lnum", "tnum")}.get(figures, ())
    off = ("liga", "clig", "dlig", "hlig") if apart else ()
    return {**dict.fromkeys(on, True), **dict.fromkeys(off, False)}


def _shares(clusters: Sequence[int], typed: str, start: int, end: int, backwards: bool) -> list[str]:
    """Each glyph's share of the characters of its cluster, in glyph order. The first glyph (in reading order) takes
    what is over; where glyphs are more than characters, the last ones go empty."""
    order = clusters[::-1] if backwards else clusters
    starts = sorted(set(order))
    ends = dict(zip(starts, [*starts[1:], end], strict=True))
    shares: list[str] = []
    for cluster, group in groupby(order):
        first = start if cluster == starts[0] else cluster  # a leading joiner without a glyph joins the first cluster
        part, glyphs = typed[first : ends[cluster]], len(list(group))
        over = max(0, len(part) - glyphs)
        shares.append(part[: over + 1])
        shares.extend(part[at] if at < len(part) else "" for at in range(over + 1, over + glyphs))
    return shares[::-1] if backwards else shares


def _unattached(
    face: Face,
    text: str,
    start: int,
    end: int,
    manner: Manner,
    features: dict[str, bool],
    clusters: Sequence[int],
    positions: Sequence[hb.GlyphPosition],
) -> bool:
    """Whether a mark stays where it falls: its place is the same without mark and mkmk. OpenType, "GPOS"."""
    without = {**features, "mark": False, "mkmk": False}
    infos, unmoved = _harfbuzz(face, text, start, end, manner, without)
    if len(infos) != len(clusters):
        return False
    for at, info in enumerate(infos):
        beside = at + 1 if manner.level & 1 else at - 1  # the letter: before its marks in reading order
        if not 0 <= beside < len(clusters) or clusters[beside] != clusters[at]:
            continue
        box = face.extents(info.codepoint)
        place, other = positions[at], unmoved[at]
        if box[3] != box[1] and (place.x_offset, place.y_offset) == (other.x_offset, other.y_offset):
            return True
    return False
