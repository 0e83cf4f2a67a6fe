"""Layout files: what loads, and what each mistake is told as."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import get_args

import msgspec
import pytest
from builders import NAMES_LONG, Make
from ink import meetings, pages
from judges import conforms, pdfium_text, picture, squeezed, zxing

from certgen import layout
from certgen.errors import ExitCode, Problem
from certgen.fields import FIELDS, Template

SMALL = """
title = "Small"
[paper]
size = [100, 60]
[styles.body]
size = 10
[boxes.page]
kind = "stack"
boxes = ["name"]
[boxes.name]
kind = "text"
text = "{recipient.name}"
[pages.certificate]
box = "page"
"""


def load(folder: Path, text: str, **phrases: str) -> tuple[layout.Layout | None, list[Problem]]:
    folder.mkdir(exist_ok=True)
    (folder / "layout.toml").write_text(text, encoding="utf-8")
    for language, words in phrases.items():
        (folder / "phrases").mkdir(exist_ok=True)
        (folder / "phrases" / f"{language}.toml").write_text(words, encoding="utf-8")
    problems: list[Problem] = []
    return layout.load(str(folder), problems), problems


@pytest.mark.parametrize("name", layout.bundled())
def test_bundled_layouts_load_without_a_problem(name: str) -> None:
    problems: list[Problem] = []
    found = layout.load(name, problems)
    assert problems == []
    assert found is not None and found.name == name
    assert {"en", "es", "fr", "ar"} <= set(found.phrases)


@pytest.mark.parametrize("name", layout.bundled())
def test_every_language_has_the_same_labels_and_fields_that_exist(name: str) -> None:
    found = layout.load(name, [])
    assert found is not None
    labels = {language: set(words) for language, words in found.phrases.items()}
    assert all(own == labels["en"] for own in labels.values())
    for words in found.phrases.values():
        for phrase in words.values():
            unknown = set(Template.parse(phrase).paths) - set(FIELDS) - {"count", "name"}
            assert not unknown, phrase


def test_a_layout_of_the_users_own_is_given_by_its_folder(tmp_path: Path) -> None:
    found, problems = load(tmp_path / "own", SMALL, en='certify = "We hereby say that"')
    assert problems == []
    assert found is not None
    assert found.name == "own"
    assert found.paper.points() == pytest.approx((283.465, 170.079), abs=0.01)
    assert found.phrases["en"]["certify"] == "We hereby say that"  # the layout's own before the common ones
    assert found.phrases["fr"]["certify"]  # which are still there


@pytest.mark.parametrize(
    ("paper", "millimetres"),
    [
        ('size = "A4"', (210, 297)),
        ('size = "A4"\norientation = "landscape"', (297, 210)),
        ('size = "A5"\norientation = "landscape"', (210, 148)),
        ('size = "Letter"', (215.9, 279.4)),
        ("size = [300, 200]", (300, 200)),
    ],
)
def test_paper(tmp_path: Path, paper: str, millimetres: tuple[float, float]) -> None:
    found, problems = load(tmp_path / "own", SMALL.replace("size = [100, 60]", paper))
    assert problems == []
    assert found is not None
    assert found.paper.points() == pytest.approx([side * 72 / 25.4 for side in millimetres])


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (('kind = "text"', 'kind = "txt"'), "wrong-value", "txt"),
        (('boxes = ["name"]', 'boxes = ["nome"]'), "unknown-box", "Did you mean “name”?"),
        (('box = "page"', 'box = "pages"'), "unknown-box", "Did you mean “page”?"),
        (("{recipient.name}", "{recipient.nmae}"), "unknown-field", "recipient.name"),
        (("{recipient.name}", "{words.certifi}"), "unknown-phrase", "certify"),
        (('text = "{rec', 'style = "bdy"\ntext = "{rec'), "unknown-style", "Did you mean “body”?"),
        (("size = 10", 'size = 10\nlike = "body"'), "style-loop", "like itself"),
        (('boxes = ["name"]', 'boxes = ["page"]'), "box-loop", "inside itself"),
        (('text = "{rec', 'wdth = 20\ntext = "{rec'), "unknown-key", "width"),
        (('text = "{rec', 'text = "{{rec'), "template", "}}"),
        (("size = 10", 'size = "10"'), "wrong-type", "size"),
        (('text = "{rec', 'pad = [1, 2, 3]\ntext = "{rec'), "wrong-value", "numbers"),
        (("size = [100, 60]", 'size = "Leter"'), "wrong-value", "Did you mean “Letter”?"),
        (("size = [100, 60]", "size = [100]"), "wrong-value", "[width, height]"),
        (("size = [100, 60]", "size = [0, 60]"), "wrong-value", "from 20 to 5000"),
        (("size = [100, 60]", "size = [100, 60000]"), "wrong-value", "from 20 to 5000"),
        (("size = [100, 60]", "size = [100, 60]\nmargin = [1, 2, 3]"), "wrong-value", "numbers"),
        (("size = [100, 60]", "size = [100, 60]\nmargin = 30"), "wrong-value", "no room"),
        (('box = "page"', 'box = "page"\npaper = { size = "B5" }'), "wrong-value", "B5"),
        (('box = "page"', 'box = "page"\nart = [{ kind = "waves", inset = [1, 2, 3] }]'), "wrong-value", "numbers"),
        (('box = "page"', 'box = "page"\nart = [{ kind = "waves", inset = 30 }]'), "wrong-value", "no room"),
        (('box = "page"', 'box = "page"\nart = [{ kind = "waves", width = 0 }]'), "wrong-value", "width"),
        (('box = "page"', 'box = "page"\nart = [{ kind = "image" }]'), "no-file", "needs a file"),
        (
            ('box = "page"', 'box = "page"\nart = [{ kind = "rule", colours = ["acent"] }]'),
            "unknown-colour",
            "“accent”",
        ),
        (
            ('box = "page"', 'box = "page"\nart = [{ kind = "panel", parameters = { radius = "x" } }]'),
            "wrong-value",
            "mm",
        ),
        (('text = "{rec', 'background = "#12345"\ntext = "{rec'), "wrong-value", "six digits"),
        (("size = 10", 'size = 10\ncolour = "inkk"'), "unknown-colour", "“ink”"),
        (("[styles.body]", '[colours]\npale = { of = "deep" }\n[styles.body]'), "unknown-colour", "deep"),
    ],
)
def test_each_mistake_is_told_with_its_place(tmp_path: Path, change: tuple[str, str], code: str, says: str) -> None:
    assert change[0] in SMALL
    found, problems = load(tmp_path / "own", SMALL.replace(*change))
    assert found is None
    told = [problem for problem in problems if problem.code == code]
    assert told, problems
    assert any(says in problem.message + problem.hint for problem in told), told
    assert all(problem.exit_code == ExitCode.LAYOUT and problem.file and problem.key for problem in told)


@pytest.mark.parametrize(
    "file", ["../secret.png", "/etc/secret.png", "a/../../b.png", "..\\\\b.png", "C:/b.png", "//host/b.png"]
)
@pytest.mark.parametrize("place", ["background", "a background in one language", "art", "box"])
def test_a_file_outside_the_layouts_folder_is_a_problem(tmp_path: Path, file: str, place: str) -> None:
    changes = {
        "background": ('box = "page"', f'box = "page"\nbackground = "{file}"'),
        "a background in one language": (
            'box = "page"',
            f'box = "page"\nbackground = {{ en = "ok.pdf", fr = "{file}" }}',
        ),
        "art": ('box = "page"', f'box = "page"\nart = [{{ kind = "image", file = "{file}" }}]'),
        "box": ("[boxes.name]", f'[boxes.mark]\nkind = "image"\nfile = "{file}"\n[boxes.name]'),
    }
    assert changes[place][0] in SMALL
    found, problems = load(tmp_path / "own", SMALL.replace(*changes[place]))
    assert found is None
    assert [problem.code for problem in problems] == ["outside-folder"], problems
    assert problems[0].key and problems[0].exit_code == ExitCode.LAYOUT


def test_files_below_the_layouts_folder_are_its_own(tmp_path: Path) -> None:
    found, problems = load(
        tmp_path / "own", SMALL.replace('box = "page"', 'box = "page"\nbackground = "art/paper..pdf"')
    )
    assert found is not None and problems == []


def test_an_unknown_layout_names_those_there_are(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert layout.load("clasic", problems) is None
    assert "classic" in problems[0].hint
    assert layout.load(str(tmp_path), problems) is None
    assert problems[1].code == "no-layout"


# --- the page about it ------------------------------------------------------------------------

DOCS = Path(__file__).resolve().parent.parent / "docs"


def reference() -> ModuleType:
    """docs/layout_reference.py, which is no package's module."""
    spec = importlib.util.spec_from_file_location("layout_reference", DOCS / "layout_reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page() -> str:
    return (DOCS / "layout.md").read_text(encoding="utf-8")


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    assert reference().rewritten(page()) == page(), "run: python docs/layout_reference.py"


def test_the_page_has_every_table_and_every_key_is_described() -> None:
    structs = [*get_args(layout.AnyBox), layout.Box, layout.Art, layout.PageSpec, layout.Paper, layout.StyleSpec]
    for struct in (*structs, layout.Tint, layout.File):
        assert f"<!-- layout: {struct.__name__} -->" in page()
        info = msgspec.inspect.type_info(struct)
        assert isinstance(info, msgspec.inspect.StructType)
        for field in info.fields:
            assert reference().described(field.type), f"{struct.__name__}.{field.name} has no description"
    for path in FIELDS:
        assert f"| `{{{path}}}` |" in page()


@pytest.mark.parametrize("language", ["en", "es", "fr", "ar"])
def test_the_example_of_the_page_makes_certificates(tmp_path: Path, language: str) -> None:
    (example,) = re.findall(r"```toml layout\n(.*?)```", page(), re.DOTALL)
    found, problems = load(tmp_path / "plain", example)
    assert found is not None and problems == []
    for name in ("Ana Díaz", "ANA DÍAZ", "Олена Коваль", NAMES_LONG[0]):
        pdf = Make(language=language, venue="Online").pdf(name, design=found)
        conforms(pdf)
        assert name.split()[0] in squeezed(pdfium_text(pdf))
        assert zxing(picture(pdf, dpi=150))
        for drawn in pages(pdf):
            assert meetings(drawn) == []
