"""What a personal name may be: cleaned for print, folded for comparison, put together in its own order.

A name is printed as it was given: nothing here changes case, drops accents or guesses a surname. Only
spaces are collapsed and characters composed (NFC, UAX 15). Characters that would print nothing, or
print something else than they say, are refused by code point; sources: UTS 39 and UTR 36 (what can
deceive), RFC 5892 appendix A (where joiners belong).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher

from msgspec import Struct


class Cleaned(Struct, frozen=True):
    """A text fit for print, and what there is to say: ``refused`` are characters such as "U+202E …"."""

    text: str
    refused: tuple[str, ...] = ()
    breaks: bool = False  # a line break or tab inside was made a space


# Whitespace and what looks like nothing: none of it means anything at either end of a name.
_ENDS = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\u200b\u200e\u200f\u061c\u2060\ufeff"
_BREAKS = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]")
# Printable for Python, yet blank or broken on paper: fillers, Braille blank, grapheme joiner, U+FFFD.
_BLANKS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffd]")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
# Scripts in which a joiner or non-joiner changes the spelling (RFC 5892, appendices A.1 and A.2).
_JOINING = re.compile(
    "[\u0600-\u08ff\ufb50-\ufdff\ufe70-\ufeff\u0900-\u0dff\u0e80-\u109f\u1700-\u18af\u1a00-\u1aaf\u1b00-\u1c4f\ua840-\ua9df"
    "\U00010d00-\U00010fff\U00011000-\U00011fff\U0001e900-\U0001e95f]"
)


def clean(text: str) -> Cleaned:
    """Text of a cell in NFC, trimmed, with one space between words; O(n), fast for plain names."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return Cleaned(text.strip(" "))
    text = text.strip(_ENDS)
    breaks = _BREAKS.search(text) is not None
    words = _BREAKS.sub(" ", text).split() if breaks else text.split()  # splits at every Unicode space
    text = unicodedata.normalize("NFC", " ".join(words))
    if text.isprintable() and not _BLANKS.search(text):
        return Cleaned(text, (), breaks)
    refused = [_named(c) for i, c in enumerate(text) if _refused(text, i)]
    return Cleaned(text, tuple(dict.fromkeys(refused)), breaks)


def _refused(text: str, i: int) -> bool:
    character = text[i]
    if _BLANKS.match(character):
        return True
    if character.isprintable():
        return False
    if character in "\u200c\u200d":
        near = text[i - 1 : i] + text[i + 1 : i + 2] if i else text[1:2]
        emoji = any(unicodedata.category(c) in ("So", "Sk", "Mn") and ord(c) > 0x2000 for c in near)
        return not (_JOINING.search(near) or (character == "\u200d" and emoji))
    if "\U000e0020" <= character <= "\U000e007f":  # tags are legal only after a waving flag (UTS 51, ED-14a)
        return "\U0001f3f4" not in text[:i]
    if unicodedata.category(character) == "Cn":
        return not _assigned(character)
    return True


def _assigned(character: str) -> bool:
    """Whether ICU knows a character that this Python's older tables do not."""
    import icu

    return bool(icu.Char.isdefined(character))


def _named(character: str) -> str:
    kind = unicodedata.category(character)
    if character in _BIDI:
        what = "it reverses the text around it"
    elif kind == "Cc":
        what = "a control character"
    elif kind == "Cs":
        what = "half of a character"
    elif kind == "Co":
        what = "a private character that only some computers can show"
    elif character == "\ufffd":
        what = "what is left of a character that was lost"
    elif kind == "Cn":
        what = "not a character"
    else:
        what = "it is invisible"
    return f"U+{ord(character):04X} ({what})"


_SEPARATORS = re.compile(r"[\s\-‐‑‒–—,;.·_]+")
_DROPPED = re.compile("['’‘ʼʻ`´\"“”\u200b-\u200f\u2060\u2066-\u2069\u202a-\u202e\u00ad\u034f\ufeff]")


class _Unaccented(dict[int, int | None]):
    """Character to itself, accents to nothing; filled as characters come."""

    def __missing__(self, character: int) -> int | None:
        kept = character if unicodedata.combining(chr(character)) < 200 else None
        self[character] = kept
        return kept


_UNACCENTED = _Unaccented()


def folded(name: str) -> str:
    """One spelling for names that a reader would take for the same person.

    Case, accents, width, punctuation and the order of words do not count: "Grinius, DOMINYKAS" and
    "Dominykas Grinius" fold alike. For comparing the rows of a roster only: it may learn, as what a code is made of
    (certgen.credential.identity) has a folding of its own, which must never change.
    """
    if not name.isascii():
        name = unicodedata.normalize("NFKD", name).translate(_UNACCENTED)
    words = _SEPARATORS.split(_DROPPED.sub("", name).casefold())
    return unicodedata.normalize("NFC", " ".join(sorted(word for word in words if word)))


def slips(name: str) -> Iterator[tuple[str, ...]]:
    """Keys of which two names share one when they may be one name and a slip: one word is spelt otherwise and begins or
    ends alike, or is missing in one of them while two others agree. For finding; :func:`alike` decides."""
    words = tuple(folded(name).split())
    if len(words) > 1:
        yield words
    for at, word in enumerate(words):
        rest = words[:at] + words[at + 1 :]
        yield (*rest, "", word[0])
        yield (*rest, "", "", word[-1])
        if len(rest) > 1:
            yield rest


def alike(name: str, other: str) -> bool:
    """Whether two names may be one, misspelt: see :func:`slips`. Equal ones are."""
    ours, theirs = set(folded(name).split()), set(folded(other).split())
    mine, yours = ours - theirs, theirs - ours
    if len(mine) + len(yours) < 2:
        return not (mine or yours) or len(ours & theirs) > 1
    if len(mine) != 1 or len(yours) != 1:
        return False
    return SequenceMatcher(None, mine.pop(), yours.pop(), autojunk=False).ratio() >= _ALIKE


_ALIKE = 0.6  # Díaz and Diez, Silva and Silvia, Mueller and Müller are; Kim and Lim too, Bo and Li are not
_TWICE = re.compile(r"([^()]+?)\s*\(([^()]+)\)")


def fuller(name: str) -> str | None:
    """Of two names of one person as Zoom writes them, "Zoë (Zoë Ward)", the one that has every word of the other; the
    first, which the person chose for the meeting, where they are alike. None where the brackets hold something else."""
    if (found := _TWICE.fullmatch(name)) is None:
        return None
    shown, original = (set(folded(part).split()) for part in found.groups())
    if original and original <= shown:
        return found[1]
    return found[2] if shown and shown < original else None


_HAN = re.compile("[\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")


def shares_a_word(name: str, other: str) -> bool:
    """Whether two names have a word in common but for case and accents; true where their scripts cannot be compared."""
    if _alphabet(name) != _alphabet(other):
        return True
    return not set(folded(name).split()).isdisjoint(folded(other).split()) or folded(other) in folded(name)


def _alphabet(text: str) -> str:
    return next((unicodedata.name(char, "").split(" ")[0] for char in text if char.isalpha()), "")


def full_name(given: str, family: str, language: str | None) -> str:
    """Given and family name in the order and spacing of their script and language.

    Chinese and Korean script: family first, no space. Japanese (kana, or Chinese characters in a
    Japanese certificate): family first, with a space. Hungarian and Vietnamese certificates: family
    first. All others: given first. A full name in one column is never rearranged.
    """
    if not (given and family):
        return given or family
    tongue = language.split("-")[0] if language else ""
    if family < "\u1100" and given < "\u1100":  # no letter of East Asia comes first: the common case
        return f"{family} {given}" if tongue in ("hu", "vi") else f"{given} {family}"
    both = given + family
    if _KANA.search(both) or (_HAN.search(family) and _HAN.search(given) and tongue == "ja"):
        return f"{family} {given}"
    if (_HAN.search(family) and _HAN.search(given)) or (_HANGUL.search(family) and _HANGUL.search(given)):
        return f"{family}{given}"
    return f"{family} {given}" if tongue in ("hu", "vi") else f"{given} {family}"


_ODD = re.compile("[\u0080-\u00ff\u0152-\u2122]{2,}")


def looks_misdecoded(name: str) -> bool:
    """Whether UTF-8 was read as something else on the way ("FranÃ§ois", "Jos? Garc?a")."""
    if "?" in name and re.search(r"(?<=[^\W\d_])\?(?=[^\W\d_])|(?<=[^\W\d_])\? ", name):
        return True
    if name.isascii():
        return False
    if "ï»¿" in name:
        return True
    for part in _ODD.findall(name):
        for encoding in ("cp1252", "latin-1"):
            try:
                part.encode(encoding).decode("utf-8")
            except UnicodeError:
                continue
            return True
    return False


_MIXED = re.compile("[Ͱ-Ͽἀ-῿Ѐ-ԯ԰-֏]")
_LATIN = re.compile("[A-Za-zÀ-ɏ]")


def look_alikes(name: str) -> str | None:
    """The first word that mixes Latin letters with Greek, Cyrillic or Armenian ones, which look like them."""
    if not (_MIXED.search(name) and _LATIN.search(name)):
        return None
    return next((w for w in re.split(r"[\s\-(),.]+", name) if _MIXED.search(w) and _LATIN.search(w)), None)


_REMARK = re.compile(
    r"(?i)\((?:he|she|they|ze|him|her|ta|host|co-host|organizer|guest|me|elle?|il|ella|él|invité|invitado)(?:\s*[/,]\s*\w+)*\)"
    r"|\b(?:she/her|he/him|they/them|ella/ella|elle/elle|il/lui)\b"
    r"|\bi(?:phone|pad)\b|\bgalaxy\b|\b(?:android|zoom user|huawei|samsung|redmi)\b"
)
_BRACKETED = re.compile(r"[(\[][^)\]]*[)\]]")


def remark(name: str, *, anything: bool = False) -> str | None:
    """What stands in a name and is hardly part of it: "(she/her)", "(TA)", "iPhone"; or ``anything`` in brackets."""
    found = _REMARK.search(name) or (_BRACKETED.search(name) if anything else None)
    return found[0] if found else None
