"""Courses and issuers: every rule of course.toml, issuer.toml and the Course sheet, told with its place."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen import course as courses
from certgen import prose
from certgen.errors import Problem, has_errors
from certgen.model import AwardRule, AwardWords, Conditions, Course, Expiry, Issuer, ListItem, Skill
from certgen.workbook import Cell, Sheet

BASIC = 'code = "A1"\ntitle = "Fair recruitment"\n'
ISSUER = 'name = "Academy of the Three Rivers"\nverify_url = "https://verify.three-rivers.org"\n'


def load(folder: Path, text: str) -> tuple[Course | None, list[Problem]]:
    path = folder / "course.toml"
    path.write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    return courses.load_course(path, problems), problems


def load_issuer(folder: Path, text: str) -> tuple[Issuer | None, list[Problem]]:
    path = folder / "issuer.toml"
    path.write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    return courses.load_issuer(path, problems), problems


def good(folder: Path, text: str) -> Course:
    made, problems = load(folder, text)
    assert problems == []
    assert made is not None
    return made


WHOLE = '''code = "A9015210"
title = "E-learning on fair recruitment"
programme = "Labour migration"
hours = 22.5
start = 2026-03-02
end = 2026-03-27
venue = "Online"
number = "{roster.number}"
issued = 2026-04-10
dated = "Turin, 27 March 2026"
expires = "2 years"
languages = ["en", "es", "FR"]
taught_in = ["es", "pt-br"]
skills = ["Policy analysis", { name = "Negotiation", code = "http://data.europa.eu/esco/skill/1" }]
occupations = [{ name = "Labour inspector", code = "http://data.europa.eu/esco/occupation/2" }]
summary = """
First paragraph
with a break.

(a) one
(b) two
"""
layout = "classic"
[[sections]]
id = "content"
heading = "Content"
body = "Modules"
awards = ["achievement"]
[[sections]]
id = "notes"
body = "Notes"
[[signatories]]
id = "manager"
name = "Ana Moreira"
role = "Programme manager"
signature = "signature.png"
[[awards]]
kind = "achievement"
title = "Certificate of achievement"
statement = "has passed all assessments of"
when = { score_min = 59.5, completed = true, attendance_min = 80, hours_min = 20, assessments = ["Quiz 1", "Quiz 2"] }
[[awards]]
kind = "participation"
[translation.fr]
title = "Recrutement équitable"
skills = ["Analyse", { name = "Négociation", code = "http://data.europa.eu/esco/skill/fr" }]
[[translation.fr.sections]]
id = "notes"
body = "Remarques"
[[translation.fr.signatories]]
id = "manager"
role = "Responsable"
[[translation.fr.awards]]
kind = "participation"
title = "Attestation"
'''


@pytest.fixture
def whole(tmp_path: Path) -> Course:
    (tmp_path / "signature.png").write_bytes(b"")
    return good(tmp_path, WHOLE)


def test_a_whole_course(whole: Course, tmp_path: Path) -> None:
    assert (whole.code, whole.hours, whole.number) == ("A9015210", Decimal("22.5"), "{roster.number}")
    assert (whole.start, whole.end, whole.issued) == (date(2026, 3, 2), date(2026, 3, 27), date(2026, 4, 10))
    assert whole.expires == Expiry(years=2)
    assert whole.languages == ("en", "es", "fr")
    assert whole.taught_in == ("es", "pt-BR")
    assert list(whole.editions) == ["en", "es", "fr"]
    assert whole.layout == "classic"
    assert whole.awards == (
        AwardRule(
            "achievement",
            Conditions(Decimal("59.5"), Decimal(100), True, Decimal(80), Decimal(20), ("Quiz 1", "Quiz 2")),
        ),
        AwardRule("participation"),
    )
    assert not whole.awards_assumed
    english = whole.editions["en"]
    assert english.dated == "Turin, 27 March 2026"
    assert english.skills == (Skill("Policy analysis"), Skill("Negotiation", "http://data.europa.eu/esco/skill/1"))
    assert english.summary is not None
    assert [block.marker for block in english.summary.blocks if isinstance(block, ListItem)] == ["(a)", "(b)"]
    assert [(s.id, s.heading, s.awards) for s in english.sections] == [
        ("content", "Content", ("achievement",)),
        ("notes", None, None),
    ]
    assert english.signatories[0].signature == str((tmp_path / "signature.png").resolve())
    assert english.fell_back == ()


def test_a_translation_falls_back_and_says_where(whole: Course) -> None:
    french = whole.editions["fr"]
    assert french.title == "Recrutement équitable"
    assert french.programme == "Labour migration"
    assert french.skills == (Skill("Analyse"), Skill("Négociation", "http://data.europa.eu/esco/skill/fr"))
    assert [(s.id, prose.plain(s.body)) for s in french.sections] == [("content", "Modules"), ("notes", "Remarques")]
    assert (french.signatories[0].name, french.signatories[0].role) == ("Ana Moreira", "Responsable")
    assert french.signatories[0].signature == whole.editions["en"].signatories[0].signature
    assert french.awards == (
        AwardWords("Certificate of achievement", "has passed all assessments of"),
        AwardWords("Attestation", None),
    )
    assert french.fell_back == (
        "programme",
        "venue",
        "dated",
        "summary",
        "occupations",
        "sections.content.heading",
        "sections.content.body",
        "awards.achievement.title",
        "awards.achievement.statement",
    )


def test_a_language_without_a_translation_falls_back_whole(whole: Course) -> None:
    spanish, english = whole.editions["es"], whole.editions["en"]
    assert (spanish.title, spanish.summary, spanish.skills) == (english.title, english.summary, english.skills)
    assert {"title", "summary", "skills", "signatories.manager.role"} <= set(spanish.fell_back)


def test_the_least_course(tmp_path: Path) -> None:
    made = good(tmp_path, BASIC)
    assert made.awards == (AwardRule("completion"),)
    assert made.awards_assumed
    assert made.editions["en"].awards == (AwardWords(),)
    assert made.issued is None
    assert made.expires.never
    assert made.languages == ("en",)


def test_blank_texts_are_left_out_and_others_trimmed(tmp_path: Path) -> None:
    made = good(tmp_path, 'code = " A1 "\ntitle = "  Fair \\t recruitment "\nprogramme = " "\nvenue = ""\n')
    assert (made.code, made.editions["en"].title) == ("A1", "Fair recruitment")
    assert made.editions["en"].programme is None and made.editions["en"].venue is None


RULES: list[tuple[str, str, str, int, str]] = [
    # text below the basic two lines, code of the problem, its key, its line, a word of the sentence
    ("start = 2026-03-02\nend = 2026-03-01", "end-before-start", "end", 4, "2026-03-01"),
    ("end = 2026-03-02\nissued = 2026-03-01", "issued-before-end", "issued", 4, "2026-03-01"),
    ("hours = 0", "wrong-value", "hours", 3, "more than 0"),
    ('hours = "60"', "wrong-type", "hours", 3, "number"),
    ('expires = "soon"', "bad-expiry", "expires", 3, "soon"),
    ("issued = 2026-03-02\nexpires = 2026-03-02", "expires-before-issued", "expires", 4, "2026-03-02"),
    ("languages = []", "no-language", "languages", 3, "empty"),
    ('languages = ["en", "english"]', "unknown-language", "languages[2]", 3, "english"),
    ('languages = ["en", "xx"]', "unknown-language", "languages[2]", 3, "xx"),
    ('languages = ["en", "EN"]', "repeated", "languages[2]", 3, "en"),
    ('taught_in = ["en-XQ"]', "unknown-language", "taught_in[1]", 3, "en-XQ"),
    ('skills = [{ name = "a", code = "esco" }]', "bad-address", "skills[1].code", 3, "esco"),
    ('skills = [{ name = "a", code = "file:///x" }]', "bad-address", "skills[1].code", 3, "file"),
    ('skills = [{ name = "a", code = "http://a b" }]', "bad-address", "skills[1].code", 3, "space"),
    ('skills = [""]', "wrong-value", "skills[1]", 3, "empty"),
    ('summary = "<b>x</b>"', "markdown", "summary", 3, "HTML"),
    ('summary = """\na\n\n![x](y.png)\n"""', "markdown", "summary", 6, "Images"),
    ("summary = '''a\n`x`'''", "markdown", "summary", 4, "code"),
    ('layout = "mine/layout"', "no-file", "layout", 3, "folder"),
    ('layout = "https://x.org/layout"', "network-path", "layout", 3, "network"),
    ('[[sections]]\nheading = "x"', "missing-key", "sections[1].body", 3, "body"),
    (
        '[[sections]]\nbody = "x"\nid = "a"\n[[sections]]\nbody = "x"\nid = "a"',
        "repeated-id",
        "sections[2].id",
        8,
        '"a"',
    ),
    ('[[sections]]\nbody = "x"\nawards = ["attendance"]', "no-such-award", "sections[1].awards[1]", 5, "attendance"),
    ('[[sections]]\nbody = "x"\nawards = []', "no-such-award", "sections[1].awards", 5, "no award"),
    ('[[signatories]]\nrole = "x"', "missing-key", "signatories[1].name", 3, "name"),
    ('[[signatories]]\nname = "x"\n' * 5, "too-many", "signatories[5]", 11, "4"),
    ('[[signatories]]\nname = "x"\nsignature = "none.png"', "no-file", "signatories[1].signature", 5, "none.png"),
    ('[[signatories]]\nname = "x"\nsignature = "course.toml"', "file-kind", "signatories[1].signature", 5, ".toml"),
    ("[[signatories]]\nname = 'x'\nsignature = '\\\\nas\\x.png'", "network-path", "signatories[1].signature", 5, "net"),
    ('[[awards]]\nkind = "completion"\n[[awards]]\nkind = "attendance"', "unreachable-award", "awards[2]", 5, "Nobody"),
    (
        '[[awards]]\nkind = "completion"\nwhen = { score_min = 101 }',
        "score-above-scale",
        "awards[1].when.score_min",
        5,
        "101",
    ),
    (
        '[[awards]]\nkind = "completion"\nwhen = { out_of = 20 }',
        "scale-without-score",
        "awards[1].when.out_of",
        5,
        "out_of",
    ),
    (
        '[[awards]]\nkind = "completion"\nwhen = { completed = false }',
        "completed-false",
        "awards[1].when.completed",
        5,
        "no",
    ),
    (
        '[[awards]]\nkind = "completion"\nwhen = { attendance_min = 101 }',
        "wrong-value",
        "awards[1].when.attendance_min",
        5,
        "100",
    ),
    (
        '[[awards]]\nkind = "completion"\nwhen = { assessments = ["a", "a"] }',
        "repeated",
        "awards[1].when.assessments[2]",
        5,
        "a",
    ),
    ('[translation.de]\ntitle = "x"', "translation-not-asked", "translation.de", 3, "de"),
    ('[translation.en]\ntitle = "x"', "translation-of-default", "translation.en", 3, "en"),
    ('[translation.german]\ntitle = "x"', "unknown-language", "translation.german", 3, "german"),
    (
        'skills = ["a", "b"]\nlanguages = ["en", "de"]\n[translation.de]\nskills = ["a"]',
        "other-length",
        "translation.de.skills",
        6,
        "2",
    ),
    (
        'languages = ["en", "de"]\n[translation.de]\nvenue = "Rom"',
        "only-translated",
        "translation.de.venue",
        5,
        "venue",
    ),
    ('verify_url = "https://x.org"', "unknown-key", "verify_url", 3, "verify_url"),
]


@pytest.mark.parametrize(("text", "code", "key", "line", "said"), RULES, ids=[rule[0][:60] for rule in RULES])
def test_each_rule_has_its_sentence(tmp_path: Path, text: str, code: str, key: str, line: int, said: str) -> None:
    made, problems = load(tmp_path, BASIC + text + "\n")
    assert [(p.code, p.key, p.line) for p in problems] == [(code, key, line)]
    assert said in problems[0].message
    assert problems[0].hint
    assert problems[0].file == str(tmp_path / "course.toml")
    assert made is not None


TRANSLATED = (
    BASIC + 'languages = ["en", "fr"]\n[[sections]]\nid = "content"\nbody = "x"\n[[awards]]\nkind = "attendance"\n'
    'when = { attendance_min = 80 }\n[[awards]]\nkind = "completion"\n'
)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('[[translation.fr.sections]]\nid = "contents"\nbody = "y"', "unknown-id", '"contents"'),
        ('[[translation.fr.sections]]\nbody = "y"', "missing-id", "no id"),
        (
            '[[translation.fr.sections]]\nid = "content"\n[[translation.fr.sections]]\nid = "content"',
            "repeated-id",
            "twice",
        ),
        ('[[translation.fr.awards]]\nkind = "achievement"', "unknown-id", "achievement"),
        ('[[translation.fr.awards]]\ntitle = "a"', "other-length", "1"),
        (
            '[[translation.fr.awards]]\nkind = "completion"\n[[translation.fr.awards]]\ntitle = "a"',
            "other-order",
            "completion",
        ),
        ('[translation.fr.sections]\nid = "content"', "wrong-type", "a list"),
        ('[[translation.fr.sections]]\nid = "content"\nbody = "<b>y"', "markdown", "HTML"),
    ],
)
def test_translations_are_matched_strictly(tmp_path: Path, text: str, code: str, said: str) -> None:
    _, problems = load(tmp_path, f"{TRANSLATED}{text}\n")
    assert [p.code for p in problems] == [code]
    assert said in problems[0].message
    assert problems[0].line is not None and problems[0].line >= 12


def test_a_section_that_a_translation_names_needs_an_id(tmp_path: Path) -> None:
    text = BASIC + 'languages = ["en", "fr"]\n[[sections]]\nbody = "x"\n[[translation.fr.sections]]\nid = "section-1"\n'
    _, problems = load(tmp_path, text)
    assert ("missing-id", 4) in [(p.code, p.line) for p in problems]


def test_awards_of_one_kind_are_translated_in_their_order(tmp_path: Path) -> None:
    two = '[[awards]]\nkind = "achievement"\nwhen = { score_min = 60 }\n[[awards]]\nkind = "achievement"\n'
    words = '[[translation.fr.awards]]\ntitle = "A"\n[[translation.fr.awards]]\ntitle = "B"\n'
    made = good(tmp_path, f'{BASIC}languages = ["en", "fr"]\n{two}{words}')
    assert [words.title for words in made.editions["fr"].awards] == ["A", "B"]


def test_ten_mistakes_are_told_in_one_go_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = (
        'code = 9015210\ntitel = "x"\nhours = 22,5\nstart = 02/03/2026\nvenue = Online\nlanguages = ["english"]\n'
        'expires = "soon"\nsummary = "<b>x</b>"\n[[signatories]]\nname = “Ana”\nsignature = "C:\\Users\\a.png"\n'
        'layout = "modern"\n[[awards]]\nkind = "achievment"\nwhen = { score_min = "60" }\n'
        '[translation.de]\ntitle = "x"\n'
    )
    made, problems = load(tmp_path, text)
    found = [p.line for p in problems]
    assert found == sorted(line for line in found if line is not None)
    assert set(found) == {*range(1, 9), *range(10, 13), 14, 15, 16}
    assert made is not None
    for problem in problems:
        assert problem.message.endswith(".") or ": " in problem.message, problem
        assert problem.hint
        assert "\ufdd0" not in problem.message + problem.hint


def test_a_folder_of_ones_own_is_a_layout(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "layout.toml").touch()
    assert good(tmp_path, BASIC + 'layout = "mine"\n').layout == str((tmp_path / "mine").resolve())
    assert good(tmp_path, BASIC + 'layout = "./mine"\n').layout == str((tmp_path / "mine").resolve())
    assert good(tmp_path, BASIC + 'layout = "modern"\n').layout == "modern"


def test_a_path_with_backslashes_is_one_mistake(tmp_path: Path) -> None:
    text = 'code = "A1"\ntitle = "T"\n[[signatories]]\nname = "Ana"\nsignature = "C:\\Users\\ana\\sig.png"\n'
    _, problems = load(tmp_path, text)
    assert [(p.code, p.line) for p in problems if p.severity == "error"] == [("backslash", 5)]
    _, problems = load(tmp_path, text.replace('"C:\\Users\\ana\\sig.png"', "'C:\\Users\\ana\\sig.png'"))
    (problem,) = (p for p in problems if p.severity == "error")
    assert problem.code == "no-file"
    assert os.name == "nt" or ("a Windows computer" in problem.hint and str(tmp_path) not in problem.hint)


@pytest.mark.parametrize(
    ("character", "language", "key", "line"),
    [
        ("①", "en", "title", 2),
        ("①", "fr", "title", 2),  # which falls back to the first language
        ("②", "fr", "translation.fr.venue", 13),
        ("②", "en", None, None),
        ("③", "en", "skills", 5),
        ("④", "fr", "sections[2].body", 11),
        ("⑤", "en", "name", 1),
        ("⑥", "en", None, None),
    ],
)
def test_a_character_is_found_where_it_was_typed(
    tmp_path: Path, character: str, language: str, key: str | None, line: int | None
) -> None:
    course = good(
        tmp_path,
        'code = "A1"\ntitle = "Fair ①"\nvenue = "Turin"\nlanguages = ["en", "fr"]\nskills = ["Asking", "③"]\n'
        '[[sections]]\nid = "a"\nbody = "What"\n[[sections]]\nid = "b"\nbody = "Why ④"\n'
        '[translation.fr]\nvenue = "Paris ②"\n',
    )
    issuer, _ = load_issuer(tmp_path, 'name = "Academy ⑤"\nverify_url = "https://verify.meridian-training.org"\n')
    assert issuer is not None
    place = courses.where([character], course, issuer, language)
    if key is None:
        assert place == {}
        return
    problem = courses.located(Problem(code="x", message="y", **place))
    assert (problem.key, problem.line, Path(problem.file or "").name) == (
        key,
        line,
        "issuer.toml" if character == "⑤" else "course.toml",
    )


def test_a_nearly_right_file_name_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "signature.png").touch()
    _, problems = load(tmp_path, BASIC + '[[signatories]]\nname = "x"\nsignature = "Signature.PNG"\n')
    # A file system may ignore case; then there is nothing to say.
    assert all('"signature.png"' in p.hint for p in problems)


# --- expiry ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "issued", "expires"),
    [
        ("never", date(2026, 4, 10), None),
        ("2028-01-31", date(2026, 4, 10), date(2028, 1, 31)),
        ("2 years", date(2026, 4, 10), date(2028, 4, 10)),
        ("1 year", date(2024, 2, 29), date(2025, 2, 28)),
        ("4 years", date(2024, 2, 29), date(2028, 2, 29)),
        ("18 months", date(2026, 8, 31), date(2028, 2, 29)),
        ("1 month", date(2026, 1, 31), date(2026, 2, 28)),
        ("1 year and 6 months", date(2026, 4, 10), date(2027, 10, 10)),
        ("2 Years, 1 month", date(2026, 12, 10), date(2029, 1, 10)),
        ("90 days", date(2026, 4, 10), date(2026, 7, 9)),
        ("2 weeks", date(2026, 4, 10), date(2026, 4, 24)),
    ],
)
def test_expiry(text: str, issued: date, expires: date | None) -> None:
    made = courses.expiry(text)
    assert made is not None
    assert courses.expiry_date(made, issued) == expires


@pytest.mark.parametrize(
    "text", ["0 years", "2", "years", "2 years ago", "two years", "999 years", "2026-02-30", "2 y"]
)
def test_what_is_no_expiry(text: str) -> None:
    assert courses.expiry(text) is None


_PERIODS = st.builds(Expiry, years=st.integers(0, 100), months=st.integers(0, 999), days=st.integers(0, 99999))


@given(_PERIODS, st.dates(date(1950, 1, 1), date(2150, 1, 1)))
def test_expiry_is_never_before_issue(period: Expiry, issued: date) -> None:
    made = courses.expiry_date(period, issued)
    assert made is None if period.never else made is not None and made > issued


# --- languages -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("pt_br", "pt-BR"),
        ("zh-hant", "zh-Hant"),
        ("es-419", "es-419"),
        ("fil", "fil"),
        ("eng", "en"),
        ("sr-Latn-RS", "sr-Latn-RS"),
        ("english", None),
        ("xx", None),
        ("en-", None),
        ("", None),
        ("e", None),
        ("en-XQ", None),
        ("xx-yy-zzz", None),
        ("en-FR-US", None),
        ("../en", None),
    ],
)
def test_language_tags(typed: str, tag: str | None) -> None:
    assert courses.language_tag(typed) == tag


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("French", "fr"),
        ("français", "fr"),
        ("FRANCÉS", "fr"),
        ("العربية", "ar"),
        ("Khmer", "km"),
        ("fr", "fr"),
        ("Elvish", None),
    ],
)
def test_languages_by_name(name: str, tag: str | None) -> None:
    assert courses.language_named(name) == tag


# --- the issuer ------------------------------------------------------------------------------


def test_a_whole_issuer(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").touch()
    (tmp_path / "second.PNG").touch()
    (tmp_path / "fonts").mkdir()
    made, problems = load_issuer(
        tmp_path,
        'name = "Three Rivers"\nlegal_name = "Three Rivers e.V."\nurl = "https://three-rivers.org"\n'
        'contact = "certificates@three-rivers.org"\nverify_url = "https://verify.three-rivers.org/c/"\n'
        'logo = ["logo.svg", "second.PNG"]\ncolours = { primary = "#0B3D62", accent = "#c84" }\n'
        'fonts = { heading = "EB Garamond", folder = "fonts" }\n[words.FR]\nissued = "Délivré"\n',
    )
    assert problems == []
    assert made is not None
    assert made.verify_url == "https://verify.three-rivers.org/c"
    assert (made.primary, made.accent) == ("#0b3d62", "#cc8844")
    assert made.logos == (str((tmp_path / "logo.svg").resolve()), str((tmp_path / "second.PNG").resolve()))
    assert made.fonts == {"heading": "EB Garamond"}
    assert made.font_folder == str((tmp_path / "fonts").resolve())
    assert made.words == {"fr": {"issued": "Délivré"}}
    assert made.folder == str(tmp_path)


ISSUER_RULES = [
    ('verify_url = "http://verify.three-rivers.org"', "insecure-address", "https"),
    ('verify_url = "verify.three-rivers.org"', "bad-address", "web address"),
    ('verify_url = "https://v.org/?code="', "bad-address", "?"),
    ('verify_url = "https://v.org/#"', "bad-address", "#"),
    ('verify_url = "https://user@v.org"', "bad-address", "user name"),
    ('verify_url = "https://véri.org"', "bad-address", "QR"),
    ('verify_url = "https://v.org:99999"', "bad-address", "web address"),
    ('verify_url = "https://verify.example.org"', "placeholder-domain", "verify.example.org"),
    ('verify_url = "https://x.test"', "placeholder-domain", "x.test"),
    ('verify_url = "https://verify.academy.example"', "placeholder-domain", "academy.example"),
    ('verify_url = "https://a.invalid/x"', "placeholder-domain", "a.invalid"),
    ('verify_url = "http://localhost:8000"', "placeholder-domain", "localhost"),
    (ISSUER + 'url = "www.x.org"', "bad-address", "www.x.org"),
    (ISSUER + 'privacy_url = "javascript:alert(1)"', "bad-address", "javascript"),
    (ISSUER + 'logo = "logo.png"', "no-file", "logo.png"),
    (ISSUER + 'logo = "https://x.org/logo.png"', "network-path", "network"),
    (ISSUER + 'logo = "//nas/logo.png"', "network-path", "network"),
    (ISSUER + 'logo = "."', "no-file", "not a file"),
    (ISSUER + 'colours = { primary = "blue" }', "bad-colour", "blue"),
    (ISSUER + 'colours = { primary = "0b3d62" }', "bad-colour", "0b3d62"),
    (ISSUER + 'colors = { primary = "#0b3d62" }', "unknown-key", "colors"),
    (ISSUER + 'fonts = { folder = "none" }', "no-file", "none"),
    (ISSUER + 'fonts = { title = "X" }', "unknown-key", "title"),
    (ISSUER + '[words.klingon]\na = "b"', "unknown-language", "klingon"),
    (ISSUER + "[words.fr]\na = 3", "wrong-type", "words.fr.a"),
    (ISSUER + "hours = 3", "unknown-key", "hours"),
]


@pytest.mark.parametrize(("text", "code", "said"), ISSUER_RULES, ids=[rule[0][-50:] for rule in ISSUER_RULES])
def test_each_rule_of_the_issuer(tmp_path: Path, text: str, code: str, said: str) -> None:
    made, problems = load_issuer(tmp_path, text if text.startswith("name") else f'name = "X"\n{text}')
    assert [p.code for p in problems] == [code]
    assert said in problems[0].message
    assert problems[0].severity == ("warning" if code == "placeholder-domain" else "error")
    assert problems[0].hint
    assert made is not None


def test_the_issuer_is_found_by_walking_up(tmp_path: Path) -> None:
    below = tmp_path / "academy" / "course" / "2026"
    below.mkdir(parents=True)
    (below / "roster.xlsx").touch()
    (tmp_path / "issuer.toml").touch()
    assert courses.find_issuer(below) == tmp_path / "issuer.toml"
    assert courses.find_issuer(below / "roster.xlsx") == tmp_path / "issuer.toml"
    (tmp_path / "academy" / "issuer.toml").touch()
    assert courses.find_issuer(below) == tmp_path / "academy" / "issuer.toml"


def test_no_issuer_says_what_to_create(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert courses.find_issuer(tmp_path, problems) is None
    assert [p.code for p in problems] == ["no-issuer"]
    assert "issuer.toml" in problems[0].hint and "verify_url" in problems[0].hint


# --- the Course sheet ------------------------------------------------------------------------


def sheet(*rows: list[Cell], **more: Any) -> Sheet:
    width = max(len(row) for row in rows)
    return Sheet("Course", False, [[*row, *[None] * (width - len(row))] for row in rows], **more)


def from_sheet(folder: Path, *rows: list[Cell], **more: Any) -> tuple[Course | None, list[Problem]]:
    problems: list[Problem] = []
    return courses.course_from_sheet(sheet(*rows, **more), folder / "roster.xlsx", problems), problems


HEAD: list[Cell] = ["Key", "Value", "Français", "es"]
ROWS: list[list[Cell]] = [
    HEAD,
    ["# a remark", "left alone"],
    ["Code", 9015210.0],
    ["title", "Fair recruitment", "Recrutement équitable"],
    [None, None],
    ["hours", "22,5"],
    ["start", datetime(2026, 3, 2)],
    ["end", date(2026, 3, 27)],
    ["Taught in", "Spanish; pt-br"],
    ["expires", "2 years"],
    ["skill", "Policy analysis", "Analyse", "Análisis"],
    ["skill", "Negotiation | http://data.europa.eu/esco/skill/1", "Négociation", "Negociación"],
    ["section.content", "Content\n(a) one\n(b) two", "Contenu\n(a) un"],
    ["section.content.awards", "achievement"],
    ["section", "Only a text"],
    ["signatory", "Ana Moreira | Manager | signature.png", "| Responsable"],
    ["award", "Achievement | score min = 60 | completed = sí | assessments = Quiz 1; Quiz 2", "title = Attestation"],
    ["award.participation.title", "Certificate", "Certificat"],
]


def test_a_course_on_a_sheet(tmp_path: Path) -> None:
    (tmp_path / "signature.png").touch()
    made, problems = from_sheet(tmp_path, *ROWS)
    assert problems == []
    assert made is not None
    assert (made.code, made.hours, made.start, made.end) == (
        "9015210",
        Decimal("22.5"),
        date(2026, 3, 2),
        date(2026, 3, 27),
    )
    assert made.languages == ("en", "fr", "es")
    assert made.taught_in == ("es", "pt-BR")
    assert made.expires == Expiry(years=2)
    assert made.sheet == "Course"
    assert made.awards == (
        AwardRule("achievement", Conditions(Decimal(60), Decimal(100), True, assessments=("Quiz 1", "Quiz 2"))),
        AwardRule("participation"),
    )
    english, french, spanish = (made.editions[tag] for tag in ("en", "fr", "es"))
    assert english.skills[1] == Skill("Negotiation", "http://data.europa.eu/esco/skill/1")
    assert french.skills[1] == Skill("Négociation", "http://data.europa.eu/esco/skill/1")
    assert [(s.heading, prose.plain(s.body), s.awards) for s in english.sections] == [
        ("Content", "(a) one\n(b) two", ("achievement",)),
        (None, "Only a text", None),
    ]
    assert (french.sections[0].heading, prose.plain(french.sections[0].body)) == ("Contenu", "(a) un")
    assert (english.signatories[0].name, english.signatories[0].role) == ("Ana Moreira", "Manager")
    assert english.signatories[0].signature == str((tmp_path / "signature.png").resolve())
    assert french.signatories[0].role == "Responsable"
    assert [words.title for words in english.awards] == [None, "Certificate"]
    assert [words.title for words in french.awards] == ["Attestation", "Certificat"]
    assert french.fell_back == ("sections.section-2.body",)
    assert "title" in spanish.fell_back and "skills" not in spanish.fell_back


@pytest.mark.parametrize(
    ("row", "code", "cell", "said"),
    [
        (["titel", "x"], "unknown-key", "A4", '"titel"'),
        ([None, "x"], "no-key", "A4", "no key"),
        (["code", "B2"], "repeated-key", "A4", "code"),
        (["hours", "many"], "not-a-number", "B4", "many"),
        (["hours", 0.0], "wrong-value", "B4", "more than 0"),
        (["hours", 3.0, 4.0], "not-translated", "C4", "every language"),
        (["start", "02/03/2026"], "unclear-date", "B4", "02/03/2026"),
        (["skill", "a | esco"], "bad-address", "B4", "esco"),
        (["section", "a <b>b</b>"], "markdown", "B4", "HTML"),
        (["signatory", "a | b | c.png | d"], "cell-form", "B4", "signatory"),
        (["signatory", "Ana | Manager", "Responsable"], "cell-form", "C4", "Responsable"),
        (["signatory", "Ana | Manager | none.png"], "no-file", "B4", "none.png"),
        (["award", "achievment"], "wrong-value", "B4", "achievment"),
        (["award", "achievement | 60"], "cell-form", "B4", "60"),
        (["award", "achievement | scoremin = 60"], "unknown-key", "B4", "scoremin"),
        (["award", "achievement | score_min = many"], "not-a-number", "B4", "many"),
        (["languages", "en, fr, es, Elvish"], "unknown-language", "B4", "Elvish"),
        (["languages", "en, fr"], "translation-not-asked", "D1", "es"),
    ],
)
def test_mistakes_on_a_sheet_name_their_cell(tmp_path: Path, row: list[Cell], code: str, cell: str, said: str) -> None:
    _, problems = from_sheet(tmp_path, HEAD, ["code", "A1"], ["title", "T", "T", "T"], row)
    assert [(p.code, p.sheet, p.cell) for p in problems] == [(code, "Course", cell)]
    assert said in problems[0].message
    assert problems[0].hint


def test_a_sheet_that_begins_elsewhere(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        ["Our course"],
        [None, "Key", "Value"],
        [None, "code", "A1"],
        [None, "title", "T"],
        ["note"],
    ]
    made, problems = from_sheet(tmp_path, *rows, [None, "hours", "x"], top=3, left=2)
    assert [p.cell for p in problems] == ["E9"]
    assert made is not None and made.code == "A1"


def test_headings_of_a_sheet(tmp_path: Path) -> None:
    made, problems = from_sheet(tmp_path, ["Kee", "Value"], ["code", "A1"])
    assert made is None
    assert [p.code for p in problems] == ["no-header"]
    _, problems = from_sheet(
        tmp_path, ["Key", "Value", "Elvish", None, "fr", "French"], ["code", "A", "x", "y"], ["title", "T"]
    )
    assert [(p.code, p.cell) for p in problems] == [
        ("unknown-language", "C1"),
        ("unknown-language", "D1"),
        ("repeated", "F1"),
    ]


def test_what_is_missing_on_a_sheet_is_said_for_a_sheet(tmp_path: Path) -> None:
    _, problems = from_sheet(tmp_path, ["Key", "Value"], ["code", "A1"], ["section.x.heading", "Content"])
    assert [(p.code, p.key, p.cell) for p in problems] == [
        ("missing-key", "sections[1].body", "A3"),
        ("missing-key", "title", None),
    ]
    assert "row" in problems[1].hint and "[[" not in problems[0].message + problems[0].hint


def test_cells_that_excel_could_not_work_out(tmp_path: Path) -> None:
    _, problems = from_sheet(
        tmp_path, ["Key", "Value"], ["code", "A1"], ["title", "T"], ["venue", None], faults={"B4": "#N/A"}
    )
    assert [(p.code, p.cell) for p in problems] == [("cell-error", "B4")]


_KEYS = ["skill", "section.a", "award", "signatory", "title", "x = 1 | y", "translation", "languages", "award.x.when"]
_CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.floats(allow_nan=False),
    st.booleans(),
    st.datetimes(),
    st.sampled_from([*_KEYS, "section.a.id", "skill.a.b"]),
)


@given(st.lists(st.lists(_CELLS, min_size=4, max_size=4), max_size=6))
def test_no_sheet_raises(rows: list[list[Cell]]) -> None:
    problems: list[Problem] = []
    made = courses.course_from_sheet(sheet(HEAD, *rows), "roster.xlsx", problems)
    assert made is not None or has_errors(problems)


# --- schemas ---------------------------------------------------------------------------------


def test_schemas_describe_every_key() -> None:
    made = courses.schemas()
    assert set(made) == {"course", "issuer"}
    for schema in made.values():
        json.dumps(schema)
        for name, table in schema["$defs"].items():
            assert table["additionalProperties"] is False, name
            for key, field in table["properties"].items():
                assert field.get("description"), f"{name}.{key}"


# --- the page about it -----------------------------------------------------------------------

DOCS = Path(__file__).resolve().parent.parent / "docs"


def reference() -> Any:
    spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    page = (DOCS / "course.md").read_text(encoding="utf-8")
    assert reference().rewritten(page) == page, "run python docs/reference.py"
    for name in ("CourseFile", "IssuerFile", "SectionEntry", "WhenEntry", "TranslationEntry"):
        assert f"<!-- keys: course.entries.{name} -->" in page


def test_the_examples_of_the_page_work(tmp_path: Path) -> None:
    page = (DOCS / "course.md").read_text(encoding="utf-8")
    examples = dict(re.findall(r"```toml (\w+)\n(.*?)```", page, re.DOTALL))
    made = good(tmp_path, examples["course"])
    assert made.editions["fr"].fell_back
    issuer, problems = load_issuer(tmp_path, examples["issuer"])
    assert issuer is not None and problems == []


def test_the_sheet_of_the_page_works(tmp_path: Path) -> None:
    page = (DOCS / "course.md").read_text(encoding="utf-8")
    table = page[page.index("| Key | Value |") :].split("\n\n")[0]
    rows: list[list[Cell]] = []
    for line in table.splitlines():
        cells = re.split(r"(?<!\\)\|", line.strip("|"))
        rows.append([cell.strip().replace("\\|", "|").replace("⏎", "\n") or None for cell in cells])
    made, problems = from_sheet(tmp_path, rows[0], *rows[2:])
    assert problems == []
    assert made is not None
    assert made.editions["fr"].sections[0].heading == "Contenu"
    assert made.awards[0].when is not None and made.awards[0].when.assessments == ("Quiz 1", "Quiz 2")
