"""Words of a roster's cells, as people write them: kinds of award, languages, and what stands where a name should."""

from __future__ import annotations

from collections.abc import Sequence

from certgen import values
from certgen.model import AwardKind

_AWARDS: dict[AwardKind, tuple[str, ...]] = {
    "achievement": ("achievement", "logro", "aprovechamiento", "aprobación", "réussite", "إنجاز"),
    "participation": ("participation", "participación", "مشاركة"),
    "attendance": ("attendance", "asistencia", "assiduité", "présence", "حضور"),
    "completion": ("completion", "finalización", "culminación", "achèvement", "fin de formation", "إتمام"),
}
_CERTIFICATE = (
    "",
    "certificate of ",
    "certificado de ",
    "certificat de ",
    "certificat d'",
    "attestation de ",
    "diploma de ",
    "شهادة ",
)
AWARD_WORDS: dict[str, AwardKind] = {
    values.key(before + word): kind for kind, words in _AWARDS.items() for word in words for before in _CERTIFICATE
}
"""Keys of words to kinds of award, alone or after “certificate of”."""

NO_NAME = frozenset(
    {"null", "none", "nan", "n/a", "#n/a", "test", "tbd", "?", "0", "-", "–", "—", "--", ".", "x", "xx", "xxx"}
)
"""What stands in a column of names for nobody."""

SUFFIXES = frozenset(
    ["jr", "jnr", "sr", "snr", "ii", "iii", "iv", "phd", "dphil", "md", "mba", "msc", "ma", "bsc", "ba", "esq", "eng"]
)
"""Keys of what follows a name after a comma and is no given name."""


def language_words(languages: Sequence[str]) -> dict[str, str]:
    """Tags, and names in English, Spanish, French and the language itself, to the tag as the course writes it."""
    import icu

    words: dict[str, str] = {}
    for tag in languages or ("en", "es", "fr", "ar", "pt", "ru", "zh"):
        locale = icu.Locale.forLanguageTag(tag)
        for text in (tag, tag.split("-")[0], *_displayed(locale)):
            words.setdefault(values.key(text), tag)
    return words


def _displayed(locale: object) -> list[str]:
    import icu

    shown = []
    for tongue in (icu.Locale("en"), icu.Locale("es"), icu.Locale("fr"), locale):
        shown += [locale.getDisplayName(tongue), locale.getDisplayLanguage(tongue)]  # type: ignore[attr-defined]
    return shown
