"""Names in capitals, written as names are: only on request, and only where all is capitals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.casing import title_case
from certgen.names import folded


@pytest.mark.parametrize(
    ("name", "language", "wanted"),
    [
        ("ANA PÉREZ", None, "Ana Pérez"),
        ("MCDONALD", "en", "McDonald"),
        ("ANGUS MACDONALD", "en", "Angus MacDonald"),
        ("ANA MACHADO", "pt", "Ana Machado"),
        ("JAN VAN DER BERG", "nl", "Jan van der Berg"),
        ("VAN DER BERG", "nl", "van der Berg"),
        ("IJSSELSTEIN", "nl", "IJsselstein"),
        ("IŞIK", "tr", "Işık"),
        ("AYŞE YILMAZ", "tr", "Ayşe Yılmaz"),
        ("İPEK ÇELİK", None, "İpek Çelik"),
        ("LIZ ILIC", "en", "Liz Ilic"),
        ("O'BRIEN-SMITH", "en", "O'Brien-Smith"),
        ("MARÍA DE LA CRUZ", "es", "María de la Cruz"),
        ("JOSÉ ORTEGA Y GASSET", "es", "José Ortega y Gasset"),
        ("LA FONTAINE", "fr", "La Fontaine"),
        ("NGUYEN VAN AN", "vi", "Nguyen Van An"),
        ("J.R.R. TOLKIEN", "en", "J.R.R. Tolkien"),
        ("HENRY VIII", "en", "Henry VIII"),
        ("MARTIN LUTHER KING, JR.", "en", "Martin Luther King, Jr."),
        ("ΓΙΩΡΓΟΣ ΠΑΠΑΣ", "el", "Γιωργος Παπας"),
        ("КОВАЛЬ ОЛЕНА", "uk", "Коваль Олена"),
        ("GROßE", "de", "Große"),
        ("Ana PÉREZ", None, "Ana PÉREZ"),
        ("van der Berg", None, "van der Berg"),
        ("王小明", "zh", "王小明"),
        ("", None, ""),
    ],
)
def test_names_in_capitals(name: str, language: str | None, wanted: str) -> None:
    assert title_case(name, language) == wanted


@given(st.text(st.characters(categories=("Lu", "Ll", "Lo", "Zs"), include_characters="'-., "), max_size=30))
def test_only_case_changes_and_only_once(name: str) -> None:
    made = title_case(name, "en")
    assert title_case(made, "en") == made or made.upper() == made
    if name.isascii():
        assert folded(made) == folded(name) and len(made) == len(name)
    if name.upper() != name.replace("ß", "SS"):
        assert made == name
