"""In which order certificates are printed, and what is printed together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from certgen.fields import language_name
from certgen.printing.imposition import Size, alike
from certgen.selection import Chosen, ordered

Sort = Literal["family", "roster", "code"]

OTHERS = "Others"  # those whose group is not known


class Section(NamedTuple):
    """Certificates of one trim size, and of one group where they are grouped. ``pages``: how many of each are
    printed."""

    label: str
    size: Size
    members: list[Chosen]
    pages: list[int]


def sorted_for_print(chosen: Sequence[Chosen], sort: Sort, language: str | None = None) -> list[Chosen]:
    """By names as the dictionaries of a language have them: that of ``language``, or the one language of all these
    certificates, or else as is right for all scripts alike."""
    tags = {one.language for one in chosen}
    return ordered(chosen, sort, language or (tags.pop() if len(tags) == 1 else None))


def sections(
    chosen: Sequence[Chosen],
    sizes: Sequence[Size],
    pages: Sequence[int],
    *,
    by_language: bool,
    grouped: bool,
    as_they_come: bool,
) -> list[Section]:
    """Sorted certificates, with the size and number of their pages, in sections: by size, the commonest first; within
    each size by group or language, in the order of the first of each (``as_they_come``) or of their names. Certificates
    of no page are left out."""
    leaders: list[Size] = []  # a size for all that differ by rounding
    found: dict[tuple[int, str], Section] = {}
    for one, size, count in zip(chosen, sizes, pages, strict=True):
        if not count:
            continue
        known = next((at for at, other in enumerate(leaders) if _same(size, other)), None)
        if known is None:
            known = len(leaders)
            leaders.append(size)
        label = one.group or OTHERS if grouped else one.language if by_language else ""
        section = found.setdefault((known, label), Section(label, leaders[known], [], []))
        section.members.append(one)
        section.pages.append(count)
    totals = [sum(len(s.members) for (at, _), s in found.items() if at == known) for known in range(len(leaders))]
    done = []
    for known in sorted(range(len(leaders)), key=lambda known: -totals[known]):
        some = [section for (at, _), section in found.items() if at == known]
        if by_language and not grouped:
            some = [section._replace(label=_endonym(section.label)) for section in some]
        done += some if as_they_come else _by_label(some)
    return done


def _by_label(found: Sequence[Section]) -> list[Section]:
    """As a dictionary has them, those of no group last."""
    import icu

    key = icu.Collator.createInstance(icu.Locale.getRoot()).getSortKey
    return sorted(found, key=lambda section: (section.label == OTHERS, key(section.label)))


def _same(one: Size, other: Size) -> bool:
    """Sizes that are the same place on a sheet: portrait and landscape are not."""
    return alike(one, other) and (one[0] > one[1]) == (other[0] > other[1])


def _endonym(tag: str) -> str:
    name = language_name(tag, tag)
    return name[:1].upper() + name[1:]
