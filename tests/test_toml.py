"""TOML: every slip has its sentence and its line, and hides none of the mistakes behind it."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from certgen import toml
from certgen.errors import ExitCode, Problem
from certgen.toml import mend, slips


def read(tmp_path: Path, content: str | bytes) -> tuple[dict[str, Any] | None, list[Problem]]:
    path = tmp_path / "file.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    problems: list[Problem] = []
    return toml.read(path, problems), problems


# --- reading ---------------------------------------------------------------------------------


def test_a_good_file_has_nothing_to_say(tmp_path: Path) -> None:
    data, problems = read(tmp_path, 'a = 0.1\nb = "C:\\\\new"\n[t]\nc = 2026-03-02\n')
    assert problems == []
    assert data == {"a": Decimal("0.1"), "b": "C:\\new", "t": {"c": date(2026, 3, 2)}}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_byte_order_mark_is_no_mistake(tmp_path: Path, newline: str) -> None:
    data, problems = read(tmp_path, b"\xef\xbb\xbf" + f'title = "É"{newline}x = 1{newline}'.encode())
    assert problems == []
    assert data == {"title": "É", "x": 1}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_of_notepad_is_told_and_read(tmp_path: Path, encoding: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    data, problems = read(tmp_path, mark + 'title = "É"\n'.encode(encoding))
    assert [(p.code, p.exit_code) for p in problems] == [("encoding", ExitCode.ROSTER)]
    assert "UTF-16" in problems[0].message and "UTF-8" in problems[0].hint
    assert data == {"title": "É"}


def test_windows_1252_is_told_with_its_line_and_word_and_read(tmp_path: Path) -> None:
    data, problems = read(tmp_path, 'a = 1\nb = "chez Sébastien"\nc = 22,5\n'.encode("cp1252"))
    assert [(p.code, p.line) for p in problems] == [("encoding", 2), ("decimal-comma", 3)]
    assert "Sébastien" in problems[0].message
    assert data == {"a": 1, "b": "chez Sébastien", "c": Decimal("22.5")}


@pytest.mark.parametrize("content", [b"PK\x03\x04xxxx", b"%PDF-1.7", b"{\\rtf1 x}"])
def test_a_document_of_another_program_is_named_as_such(tmp_path: Path, content: bytes) -> None:
    data, problems = read(tmp_path, content)
    assert data is None
    assert [p.code for p in problems] == ["not-text"]


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert toml.read(tmp_path / "none.toml", problems, exit_code=ExitCode.LAYOUT) is None
    assert toml.read(tmp_path, problems) is None
    (tmp_path / "large.toml").write_bytes(b"#" * (toml.LARGEST_FILE + 1))
    assert toml.read(tmp_path / "large.toml", problems) is None
    assert [p.code for p in problems] == ["no-file", "no-file", "file-too-large"]
    assert problems[0].exit_code is ExitCode.LAYOUT


def test_brackets_without_end_are_no_traceback(tmp_path: Path) -> None:
    data, problems = read(tmp_path, "a = " + "[" * 100_000)
    assert data is None and len(problems) == 1


SLIPS: list[tuple[str, str, str, str, Any]] = [
    # slip, code, in the message, in the hint, what is made of it (BROKEN: not guessed)
    ("x = “curly”", "curly-quotes", "x", 'x = "curly"', "curly"),
    ("x = ‘curly’", "curly-quotes", "x", "", "curly"),
    ("x = „tief“", "curly-quotes", "x", "", "tief"),
    ("x = « ici »", "curly-quotes", "x", "", " ici "),
    ('x = "half”', "curly-quotes", "x", "", "half"),
    ("x = “a “b” c”  # why", "curly-quotes", "x", "", "a “b” c"),
    ("x = [“a”, “b, c”]", "curly-quotes", "x", '["a", "b, c"]', ["a", "b, c"]),
    ("x = { name = “a” }", "curly-quotes", "x", "", {"name": "a"}),
    ("x = 22,5", "decimal-comma", "22,5", "x = 22.5", Decimal("22.5")),
    ("x = { a = 59,5, b = 1 }", "decimal-comma", "59,5", "59.5", {"a": Decimal("59.5"), "b": 1}),
    (r'x = "C:\Users\ana\logo.png"', "backslash", "x", "C:/Users/ana/logo.png", r"C:\Users\ana\logo.png"),
    (r'x = ["C:\Users\a.png", "b"]', "backslash", "x", "C:/Users/a.png", [r"C:\Users\a.png", "b"]),
    (r'x = "50\% off"', "backslash", "x", "", r"50\% off"),
    ("x = yes", "toml-boolean", "yes", "true", True),
    ("x = False", "toml-boolean", "False", "false", False),
    ("x = { a = sí }", "toml-boolean", "sí", "true", {"a": True}),
    ("x = Online", "toml-unquoted", "x", 'x = "Online"', "Online"),
    ("x = [en, es]", "toml-unquoted", "x", '["en", "es"]', ["en", "es"]),
    ('x = "open', "toml-unclosed", "x", 'x = "open"', "open"),
    ("x = 'open", "toml-unclosed", "x", "", "open"),
    ('x = ["a", "b"', "toml-unclosed", "x", "]", ["a", "b"]),
    ('x = ["a" "b"]', "toml-comma", "x", '"a"', ["a", "b"]),
    ("x = 'it's'", "toml-inner-quotes", "x", '"it\'s"', "it's"),
    ('x = "the "best" one"', "toml-inner-quotes", "x", "“", 'the "best" one'),
    ("x = 02/03/2026", "toml-date", "02/03/2026", "2026-03-02 or 2026-02-03", slips.BROKEN),
    ("x = 27/03/2026", "toml-date", "27/03/2026", "2026-03-27", slips.BROKEN),
    ("x = 2026-3-2", "toml-date", "2026-3-2", "2026-03-02", slips.BROKEN),
    ("x = 27.3.2026", "toml-date", "27.3.2026", "2026-03-27", slips.BROKEN),
    ("x = 2026-02-30", "toml-date", "2026-02-30", "ends on 2026-02-28", slips.BROKEN),
    ("x = 2026-13-02", "toml-date", "2026-13-02", "Here: 2026-02-13", slips.BROKEN),
    ("x = 30/02/2026", "toml-date", "30/02/2026", "no such day", slips.BROKEN),
    ("x = 27 March 2026", "toml-date", "27 March 2026", "year-month-day", slips.BROKEN),
    ("x = March 27, 2026", "toml-date", "March", "year-month-day", slips.BROKEN),
    ("x = 60%", "toml-unit", "60%", "x = 60", slips.BROKEN),
    ("x = { a = 60%, b = 1 }", "toml-unit", "60%", "60", {"a": 60, "b": 1}),
    ("x = 22,5 h", "toml-unit", "22,5 h", "x = 22.5", slips.BROKEN),
    ("x = 007", "toml-leading-zero", "007", '"007"', slips.BROKEN),
    ("x = 60,", "toml-trailing", ",", "Delete", 60),
    ('x = "a";', "toml-trailing", ";", "Delete", "a"),
    ("x =", "toml-no-value", "x", "delete the line", slips.BROKEN),
    ("x =   # later", "toml-no-value", "x", "", slips.BROKEN),
    ('x: "a"', "toml-colon", "colon", 'x = "a"', "a"),
    ("x = { a: 1 }", "toml-colon", "colon", "a = 1", {"a": 1}),
    ("x = \u00a060", "toml-invisible", "invisible", "Delete", 60),
    ("x\u00a0= 60", "toml-invisible", "invisible", "Delete", 60),
    ("x = @@@", "toml-unquoted", "x", "", "@@@"),
]


@pytest.mark.parametrize(("slip", "code", "said", "hint", "meant"), SLIPS, ids=[slip[0] for slip in SLIPS])
def test_each_slip_has_its_sentence_and_hides_nothing(
    tmp_path: Path, slip: str, code: str, said: str, hint: str, meant: Any
) -> None:
    # A slip before and a slip behind it must be told as well, with their lines.
    data, problems = read(tmp_path, f'first = 1,5\n\n{slip}\nok = "yes"\n[t]\nlast = 2,5\n')
    assert [(p.code, p.line) for p in problems] == [("decimal-comma", 1), (code, 3), ("decimal-comma", 6)]
    assert said in problems[1].message
    assert hint in problems[1].hint
    assert data == {"first": Decimal("1.5"), "x": meant, "ok": "yes", "t": {"last": Decimal("2.5")}}


def test_a_tabulator_makes_it_a_paste(tmp_path: Path) -> None:
    data, problems = read(tmp_path, "a = 1\nName\tScore\nAna\t60\nb = 2\n")
    assert [(p.code, p.line) for p in problems] == [("toml-pasted", 2)]
    assert data == {"a": 1, "b": 2}


def test_text_without_a_key_is_told_once_for_all_its_lines(tmp_path: Path) -> None:
    data, problems = read(tmp_path, "a = 1\nThe course is\nabout many things\n\nb = 2\n")
    assert [(p.code, p.line) for p in problems] == [("toml-no-equals", 2)]
    assert '"""' in problems[0].hint
    assert data == {"a": 1, "b": 2}


def test_several_lines_between_single_quotes_marks(tmp_path: Path) -> None:
    data, problems = read(tmp_path, 'a = "one\ntwo\nthree"\nb = 2,5\n')
    assert [(p.code, p.line) for p in problems] == [("toml-several-lines", 1), ("decimal-comma", 4)]
    assert data == {"a": "one\ntwo\nthree", "b": Decimal("2.5")}


def test_three_quotes_never_closed_end_at_the_next_key_or_table(tmp_path: Path) -> None:
    text = 'a = """one\ntwo\n\n[[sections]]\nbody = """\nthree\n"""\nc = 2,5\n'
    data, problems = read(tmp_path, text)
    assert [(p.code, p.line) for p in problems] == [("toml-unclosed", 1), ("decimal-comma", 8)]
    assert data == {"a": slips.BROKEN, "sections": [{"body": "three\n", "c": Decimal("2.5")}]}


def test_a_comma_that_is_missing_in_a_list_over_lines_is_told_where_it_is(tmp_path: Path) -> None:
    data, problems = read(tmp_path, 'a = [\n  "one",\n  "two"\n  "three",\n]\nb = 2\n')
    assert [(p.code, p.line) for p in problems] == [("toml-comma", 3)]
    assert data == {"a": ["one", "two", "three"], "b": 2}


def test_braces_over_lines(tmp_path: Path) -> None:
    # TOML 1.1, which Python 3.15 reads, allows it.
    data, problems = read(tmp_path, "a = {\n  b = 1,\n  c = 2,\n}\nd = 3\n")
    assert data == {"a": {"b": 1, "c": 2}, "d": 3}
    assert [p.code for p in problems] in (["toml-several-lines"], [])


@pytest.mark.parametrize(
    ("heading", "made"),
    [
        ("[[t]", {"t": [{"a": 1}]}),
        ("[t]]", {"t": [{"a": 1}]}),
        ("[t", {"t": {"a": 1}}),
        ("[my table]", {"my table": {"a": 1}}),
        ("[[“t”]]", {"t": [{"a": 1}]}),
    ],
)
def test_headings_that_cannot_be_read(tmp_path: Path, heading: str, made: dict[str, Any]) -> None:
    data, problems = read(tmp_path, f"x = 1\n{heading}\na = 1\n")
    assert [(p.code, p.line) for p in problems] == [("toml-heading", 2)]
    assert data == {"x": 1, **made}


def test_what_stands_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    text = "a = 1\na = 2\n[t]\nb = 1\nb = 2\n[u]\n[t]\nc = 3\n[[v]]\nx = 1\n[[v]]\nx = 1\n[v]\nx = 2\n"
    data, problems = read(tmp_path, text)
    assert [(p.code, p.line) for p in problems] == [
        ("repeated-key", 2),
        ("repeated-key", 5),
        ("repeated-table", 7),
        ("repeated-table", 13),
    ]
    assert "line 1" in problems[0].message
    assert "[[t]]" in problems[2].hint
    assert data == {"a": 1, "t": {"b": 1}, "u": {}, "v": [{"x": 1}, {"x": 1}]}


@pytest.mark.parametrize("path", [r'"C:\new"', r'"C:\temp\files"', r'["a", "D:\backup"]'])
def test_a_backslash_that_toml_allows_is_told_all_the_same(tmp_path: Path, path: str) -> None:
    _, problems = read(tmp_path, f"a = 1\nlogo = {path}\n")
    assert [(p.code, p.line) for p in problems] == [("backslash", 2)]
    assert "/" in problems[0].hint


_MORE = ["[t]", "[[u]]", "[[u.v]]", "[t", 'b = """', '"""', "y = [", "]", "a b", "# c", "[u.v.w]", "x.y = 1"]
_CHUNKS = st.lists(st.sampled_from([*(slip[0] for slip in SLIPS), *_MORE]), max_size=12)


@given(_CHUNKS)
def test_whatever_is_mended_parses_on_the_same_lines(chunks: list[str]) -> None:
    text = "\n".join(chunks)
    told: list[tuple[int | None, str]] = []

    def tell(code: str, message: str, hint: str, line: int | None = None) -> None:
        assert line is None or 1 <= line <= len(chunks) + 1
        told.append((line, code))

    made = mend.mend(text, tell)
    assert made is not None
    mended, data = made
    assert tomllib.loads(mended, parse_float=Decimal) == data
    assert mended.count("\n") == text.count("\n")
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert told, "a text that does not parse was mended without a word"


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    mend.mend(text, lambda code, message, hint, line=None: None)


# --- lines -----------------------------------------------------------------------------------

_NAMES = st.text(alphabet="abé .\"'#=[", min_size=1, max_size=4)
_LEAVES = st.one_of(
    st.integers(-5, 5), st.booleans(), st.text(alphabet="ab\"'\n\\#[]{},= é", max_size=8), st.dates(), st.floats(-9, 9)
)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3), max_leaves=8
)


def paths(value: Any, key: toml.Key = ()) -> set[toml.Key]:
    found = {key} if key else set()
    if isinstance(value, dict):
        for name, item in value.items():
            found |= paths(item, (*key, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found |= paths(item, (*key, index))
    return found


@given(st.dictionaries(_NAMES, _VALUES, max_size=4))
def test_every_key_has_a_line(data: dict[str, Any]) -> None:
    text = tomlkit.dumps(data)
    assert set(toml.lines(text)) == paths(tomllib.loads(text))


def test_lines_are_those_an_editor_shows() -> None:
    text = (
        'a = 1 # [x]\n"b c" = """\n[not]\nd = 1\n"""\n\nlist = [\n  "one", # ]\n  { e = 1 },\n]\n'
        "[t]\nf.g = 1\n[[u]]\nh = 'x=1'\n[[u]]\nh = 2\n[u.v]\ni = 2026-03-02 10:00:00\n[[u.w]]\nj = {k = [1, 2]}\n"
    )
    tomllib.loads(text)
    assert toml.lines(text) == {
        ("a",): 1,
        ("b c",): 2,
        ("list",): 7,
        ("list", 0): 8,
        ("list", 1): 9,
        ("list", 1, "e"): 9,
        ("t",): 11,
        ("t", "f"): 12,
        ("t", "f", "g"): 12,
        ("u",): 13,
        ("u", 0): 13,
        ("u", 0, "h"): 14,
        ("u", 1): 15,
        ("u", 1, "h"): 16,
        ("u", 1, "v"): 17,
        ("u", 1, "v", "i"): 18,
        ("u", 1, "w"): 19,
        ("u", 1, "w", 0): 19,
        ("u", 1, "w", 0, "j"): 20,
        ("u", 1, "w", 0, "j", "k"): 20,
        ("u", 1, "w", 0, "j", "k", 0): 20,
        ("u", 1, "w", 0, "j", "k", 1): 20,
    }


# --- converting ------------------------------------------------------------------------------


class Condition(Struct, forbid_unknown_fields=True):
    score_min: Decimal | None = None
    completed: bool | None = None


class Entry(Struct, forbid_unknown_fields=True):
    kind: Literal["achievement", "completion"]
    title: str | None = None
    when: Condition | None = None


class Circle(Struct, tag="circle", tag_field="shape", forbid_unknown_fields=True):
    radius: float


class Square(Struct, tag="square", tag_field="shape", forbid_unknown_fields=True):
    side: float
    inside: list[Circle | Square] = []


class File(Struct, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=1, examples=["A1"])]
    title: Annotated[str, Meta(examples=["A course"])]
    hours: Annotated[Decimal | None, Meta(examples=[60, 22.5], extra={"bounds": {"gt": 0}})] = None
    start: date | None = None
    expires: Annotated[str, Meta(extra={"accepts": "date"})] = "never"
    programme: str | None = None
    layout: str = "classic"
    pair: tuple[float, float] | None = None
    count: int = 1
    skills: list[str | Entry] = []
    awards: list[Entry] = []
    drawing: Circle | Square | None = None
    words: dict[str, dict[str, str]] = {}


def convert(tmp_path: Path, text: str, **more: Any) -> tuple[File | None, list[Problem]]:
    data, problems = read(tmp_path, text)
    assert data is not None
    return toml.convert(data, File, "file.toml", problems, **more), problems


def test_a_good_file_becomes_its_struct(tmp_path: Path) -> None:
    made, problems = convert(
        tmp_path,
        'code = "A"\ntitle = "Cafe\u0301"\nhours = 22.1\nstart = 2026-03-02\nexpires = 2028-01-01\ncount = 2\n'
        'pair = [1, 2.5]\nskills = ["a", { kind = "completion" }]\nwords.fr.a = "b"\n'
        'drawing = { shape = "square", side = 2, inside = [{ shape = "circle", radius = 1 }] }\n',
    )
    assert problems == []
    assert made == File(
        code="A",
        title="Café",
        hours=Decimal("22.1"),
        start=date(2026, 3, 2),
        expires="2028-01-01",
        count=2,
        pair=(1.0, 2.5),
        skills=["a", Entry(kind="completion")],
        words={"fr": {"a": "b"}},
        drawing=Square(side=2.0, inside=[Circle(radius=1.0)]),
    )


GOOD = 'code = "A"\ntitle = "T"\n'
WRONG: list[tuple[str, str, str, str, str]] = [
    # text, key, code, in the message, in the hint
    ('hours = "60"', "hours", "wrong-type", "must be a number", "hours = 60"),
    ('hours = "22,5"', "hours", "wrong-type", "must be a number", "hours = 22.5"),
    ("hours = true", "hours", "wrong-type", "here it is true", "60 or 22.5"),
    ("hours = nan", "hours", "wrong-type", "must be a number", ""),
    ("hours = 0", "hours", "wrong-value", "more than 0", ""),
    ("count = 1.5", "count", "wrong-type", "a whole number", ""),
    ('start = "02/03/2026"', "start", "wrong-type", "must be a date", "2026-03-02 or 2026-02-03"),
    ('start = "2 March 2026"', "start", "wrong-type", "must be a date", "year-month-day"),
    ("start = 2026-03-02T10:00:00", "start", "wrong-type", "with a time", "2026-03-02"),
    ("start = 2026", "start", "wrong-type", "the number 2026", ""),
    ("programme = 5", "programme", "wrong-type", "text in quotes", '"5"'),
    ('skills = "a"', "skills", "wrong-type", "a list", '["a"]'),
    ('skills = "a b, c"', "skills", "wrong-type", "a list", '["a b", "c"]'),
    ("skills = [1]", "skills[1]", "wrong-type", "text in quotes or a table", ""),
    ("pair = [1]", "pair", "wrong-length", "2 values", ""),
    ('awards = [{ kind = "achievment" }]', "awards[1].kind", "wrong-value", "achievment", "achievement"),
    ("awards = [{ kind = 3 }]", "awards[1].kind", "wrong-type", "one of achievement, completion", ""),
    ("awards = [{}]", "awards[1].kind", "missing-key", "[[awards]] has no kind", ""),
    ('[awards]\nkind = "completion"', "awards", "wrong-type", "a list", "[[awards]]"),
    ('drawing = { shape = "circel", radius = 1 }', "drawing.shape", "wrong-value", "circel", '"circle"'),
    ("drawing = { radius = 1 }", "drawing", "missing-key", "shape", "circle, square"),
    ('drawing = { shape = "circle", radius = 1, side = 1 }', "drawing.side", "unknown-key", "side", ""),
    ("words.fr = 3", "words.fr", "wrong-type", "a table", ""),
    ("hour = 3", "hour", "unknown-key", '"hour"', '"hours"'),
    ('Programme = "x"', "Programme", "unknown-key", "Programme", '"programme"'),
    ('program = "x"', "program", "unknown-key", "program", '"programme"'),
    ("score_min = 3", "score_min", "unknown-key", "score_min", "belongs in ["),
    ("colour = 3", "colour", "unknown-key", "colour", "The keys here are: code, title"),
]


@pytest.mark.parametrize(("text", "key", "code", "said", "hint"), WRONG, ids=[wrong[0] for wrong in WRONG])
def test_each_wrong_key_has_its_sentence(tmp_path: Path, text: str, key: str, code: str, said: str, hint: str) -> None:
    made, problems = convert(tmp_path, f"{GOOD}{text}\n")
    told = problems if not problems or problems[-1].code != "missing-key" else problems[-1:]
    assert told, "nothing was told"
    assert (told[0].key, told[0].code, told[0].line) == (key, code, 3)
    assert said in told[0].message
    assert hint in told[0].hint
    assert made is not None, "one wrong key hides all others from further checks"


def test_a_wrong_list_of_tables_still_has_its_keys_checked(tmp_path: Path) -> None:
    _, problems = convert(tmp_path, f'{GOOD}[awards]\nkind = "completion"\ntitel = "x"\n')
    assert [p.line for p in problems] == [3, 5]


def test_a_top_level_key_below_a_table_belongs_above_the_first(tmp_path: Path) -> None:
    _, problems = convert(tmp_path, f'{GOOD}[[awards]]\nkind = "completion"\nlayout = "modern"\nprogrammme = "x"\n')
    assert [(p.code, p.line) for p in problems] == [("misplaced-key", 5), ("misplaced-key", 6)]
    for problem in problems:
        assert "above the first [table]" in problem.message
        assert "above line 3" in problem.hint
    assert '"programme"' in problems[1].hint


def test_a_title_that_an_award_swallowed_is_found(tmp_path: Path) -> None:
    _, problems = convert(tmp_path, 'code = "A"\n[[awards]]\nkind = "completion"\ntitle = "My course"\n')
    assert [(p.code, p.key) for p in problems] == [("missing-key", "title")]
    assert "line 4" in problems[0].hint and "[[awards]]" in problems[0].hint


def test_a_misspelt_key_is_not_missing_as_well(tmp_path: Path) -> None:
    _, problems = convert(tmp_path, 'code = "A"\ntitel = "My course"\n')
    assert [p.code for p in problems] == ["unknown-key"]


def test_missing_and_empty_keys(tmp_path: Path) -> None:
    _, problems = convert(tmp_path, 'code = "  "\n')
    assert [(p.code, p.key) for p in problems] == [("wrong-value", "code"), ("missing-key", "title")]
    assert "empty" in problems[0].message
    assert 'title = "A course"' in problems[1].hint


def test_a_key_of_another_file_says_so(tmp_path: Path) -> None:
    _, problems = convert(tmp_path, f'{GOOD}verify_url = "x"\n', elsewhere={"verify_url": "issuer.toml"})
    assert "issuer.toml" in problems[0].hint


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    simple = {text.split(" = ")[0]: text for text, *_ in WRONG if not text.startswith("[")}
    _, problems = convert(tmp_path, "title = “T”\n" + "\n".join(simple.values()))
    assert {p.line for p in problems} >= {*range(1, len(simple) + 2)}


def test_problems_carry_the_exit_code_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "layout.toml"
    path.write_text("hour = 22,5\n", encoding="utf-8")
    problems: list[Problem] = []
    data = toml.read(path, problems, exit_code=ExitCode.LAYOUT)
    assert data is not None
    toml.convert(data, File, path, problems, exit_code=ExitCode.LAYOUT)
    assert len(problems) == 4
    assert {(p.exit_code, p.file) for p in problems} == {(ExitCode.LAYOUT, str(path))}


@given(st.dictionaries(st.sampled_from([*File.__struct_fields__, "x", "scores"]), _VALUES, max_size=5))
def test_no_data_raises_and_what_is_wrong_is_told(data: dict[str, Any]) -> None:
    problems: list[Problem] = []
    made = toml.convert(data, File, "file.toml", problems)
    assert made is not None or problems


def test_the_schema_has_numbers_where_toml_has_them() -> None:
    made = toml.schema(File, "file", "a file")
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    hours = made["$defs"]["File"]["properties"]["hours"]
    assert {"type": "number"} in hours["anyOf"]
