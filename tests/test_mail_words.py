"""Templates of messages: read, checked, chosen, filled in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.errors import Problem
from certgen.fields import Slot
from certgen.mail.filled import Filled, Value, fill, plain
from certgen.mail.markup import Look, markup
from certgen.mail.words import PATHS, PREFIX, Purpose, Words, bundled, choose, languages, load

LOOK = Look("Meridian", "#1f3a5f", "#b08d57")
VALUES = {
    "recipient.name": Value("Ana Díaz"),
    "course.title": Value("Fair recruitment"),
    "links.verify": Value("https://v.org/v#X", "https://v.org/v#X"),
    "issuer.contact": Value("office@m.org", "mailto:office@m.org"),
}


def say(slot: Slot) -> Value:
    return VALUES.get(slot.path, Value(""))


def words(folder: Path, text: str, name: str = "en.txt") -> tuple[Words | None, list[Problem]]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    return load(path, "en", problems), problems


def filled(folder: Path, text: str) -> Filled:
    made, problems = words(folder, text)
    assert made is not None and not problems, problems
    return fill(made, say)


# --- certgen's own ---------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", PREFIX)
def test_certgens_own_words_are_in_four_languages_and_use_the_same_fields(purpose: Purpose) -> None:
    assert languages(purpose) == ("ar", "en", "es", "fr")
    found = []
    for tag in languages(purpose):
        problems: list[Problem] = []
        made = choose(purpose, tag, tag, [], problems)
        assert made is not None and not problems and made.language == tag and made.small
        found.append(made.paths)
    assert all(paths == found[0] for paths in found)


def test_what_is_written_to_begin_with_can_be_read_again(tmp_path: Path) -> None:
    for name, data in (bundled("certificate") | bundled("expiry-notice")).items():
        (tmp_path / name).write_bytes(data)
        problems: list[Problem] = []
        assert load(tmp_path / name, "en", problems) and not problems


# --- choosing --------------------------------------------------------------------------------


def test_the_courses_words_go_before_the_academys_and_those_before_certgens(tmp_path: Path) -> None:
    course, issuer = tmp_path / "course", tmp_path
    for place, subject in ((issuer, "Academy"), (course, "Course")):
        (place / "mail").mkdir(parents=True)
        (place / "mail" / "fr.txt").write_text(f"Subject: {subject}\n\nBonjour\n", encoding="utf-8")
    problems: list[Problem] = []

    def subject(language: str, *folders: Path) -> str:
        made = choose("certificate", language, "en", folders, problems)
        assert made is not None
        return made.subject.text

    assert subject("fr", course, issuer) == "Course" and subject("fr-CA", course, issuer) == "Course"
    assert subject("fr", issuer) == "Academy"
    assert not problems
    assert subject("es", course, issuer).startswith("Su certificado")
    (told,) = problems
    assert told.severity == "warning" and "Spanish" in told.message and "mail/es.txt" in told.hint


def test_a_language_without_words_falls_back_to_the_courses_first_and_says_so(tmp_path: Path) -> None:
    problems: list[Problem] = []
    made = choose("certificate", "de", "fr", [tmp_path], problems)
    assert made is not None and made.language == "fr"
    (told,) = problems
    assert told.severity == "warning" and "German" in told.message and "French" in told.message
    problems.clear()
    made = choose("certificate", "de", "pl", [tmp_path], problems)
    assert made is not None and made.language == "en" and "English" in problems[0].message


# --- mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "line", "said"),
    [
        ("Dear {recipient.name}\n", "no-subject", 1, "subject"),
        ("", "empty-template", 1, "nothing"),
        ("Subject: x\n", "empty-template", 2, "nothing below"),
        ("Subject: {course.titel}\n\nHi\n", "unknown-field", 1, "{course.title}"),
        ("\nSubject: x\n\nHi\nDear {name}\n", "unknown-field", 5, "{recipient.name}"),
        ("Subject: x\n\nHi\n---\nBy {issuer.nam}\n", "unknown-field", 5, "{issuer.name}"),
        ("Subject: x\n\n[Check]({link.verify})\n", "unknown-field", 3, "{links.verify}"),
        ("Subject: x\n\nOne { brace\n", "bad-field", 3, "stands alone"),
        ("Subject: x\n\n{course.start:longg}\n", "bad-field", 3, "long"),
        ("Subject: x\n\nHi\n\n<b>bold</b>\n", "markdown", 5, "HTML"),
        ("Subject: x\n\n![a picture](https://x.org/a.png)\n", "markdown", 3, "Images"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_way_out(
    tmp_path: Path, text: str, code: str, line: int, said: str
) -> None:
    made, problems = words(tmp_path, text)
    assert made is None
    assert [(problem.code, problem.line) for problem in problems] == [(code, line)]
    assert said in f"{problems[0].message} {problems[0].hint}" and problems[0].file == str(tmp_path / "en.txt")


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "fr.txt").write_bytes("Subject: été\n\nà\n".encode("cp1252"))
    problems: list[Problem] = []
    assert load(tmp_path / "fr.txt", "fr", problems) is None
    assert problems[0].code == "not-utf8" and "UTF-8" in problems[0].hint


@given(st.text(max_size=300))
def test_whatever_is_in_a_file_is_words_or_a_problem(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("words") / "en.txt"
    path.write_bytes(f"Subject: x\n\n{text}".encode("utf-8", "replace"))
    problems: list[Problem] = []
    made = load(path, "en", problems)
    assert (made is None) == any(problem.severity == "error" for problem in problems)
    if made is not None:
        done = fill(made, say)
        assert markup(done, LOOK) and plain(done)


# --- filling in ------------------------------------------------------------------------------


def test_a_line_whose_fields_are_all_empty_is_left_out(tmp_path: Path) -> None:
    made = filled(
        tmp_path,
        "Subject: x\n\n- Until: {credential.expires}\n- For: {recipient.name} {credential.expires}\n- Kept\n\n"
        "One line\nAsk {issuer.privacy_url}\n\n[LinkedIn]({links.linkedin})\n",
    )
    assert plain(made) == "• For: Ana Díaz\n• Kept\n\nOne line\n"


def test_links_on_a_line_of_their_own_are_buttons_and_others_are_not(tmp_path: Path) -> None:
    made = filled(
        tmp_path,
        "Subject: x\n\n[Check]({links.verify}) [Site](https://m.org/a_(b))\n\n"
        "See [here]({links.verify}), ask {issuer.contact} or https://m.org.\n\n{links.verify}\n",
    )
    assert [paragraph.kind for paragraph in made.body] == ["buttons", "paragraph", "paragraph"]
    assert plain(made) == (
        "Check:\n<https://v.org/v#X>\n\nSite:\n<https://m.org/a_(b)>\n\n"
        "See here <https://v.org/v#X>, ask office@m.org or https://m.org.\n\nhttps://v.org/v#X\n"
    )
    page = markup(made, LOOK)
    assert page.count('class="button') == 2
    assert 'href="https://m.org"' in page and 'href="mailto:office@m.org"' in page


def test_no_link_leads_to_a_script_or_a_file(tmp_path: Path) -> None:
    for target in (
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "{recipient.name}",
        "{roster.page}",
    ):
        made, problems = words(tmp_path, f"Subject: x\n\nGo [here]({target}) now\n")
        if made is not None:
            page = markup(fill(made, say), LOOK)
            assert "href" not in page, target
        else:
            assert problems
    made, _ = words(tmp_path, "Subject: x\n\n[here]({links.verify})\n\n{issuer.url} and [there]({issuer.url})\n")
    assert made is not None
    page = markup(fill(made, lambda slot: Value("javascript:alert(1)", "javascript:alert(1)")), LOOK)
    assert "href" not in page


@given(st.text(min_size=1, max_size=60))
def test_a_value_stands_as_it_is_whatever_it_looks_like(value: str) -> None:
    from html.parser import HTMLParser

    made = Words("en", *_parsed())
    done = fill(made, lambda slot: Value(value))
    written = " ".join(value.split())
    assert done.subject == written[:199].strip() or done.subject.startswith(written[:100])
    assert written in plain(done).replace(" \n", " ") or len(written) > 70 or not written

    class Reader(HTMLParser):
        words = ""

        def handle_data(self, data: str) -> None:
            self.words += data

    reader = Reader()
    reader.feed(markup(done, LOOK))
    assert written in reader.words


def _parsed() -> tuple[object, ...]:
    problems: list[Problem] = []
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "en.txt"
        path.write_text("Subject: {recipient.name}\n\n**{recipient.name}**\n", encoding="utf-8")
        made = load(path, "en", problems)
    assert made is not None
    return made.subject, made.body, made.small


def test_every_field_may_be_used(tmp_path: Path) -> None:
    text = "Subject: x\n\n" + "\n".join(f"{{{path}}}" for path in PATHS) + "\n\n{roster.Any column: of mine}\n"
    made, problems = words(tmp_path, text)
    assert made is not None and not problems
    assert made.paths == {*PATHS, "roster.Any column: of mine"}


def test_a_code_that_begins_with_figures_keeps_its_order_among_arabic_words(tmp_path: Path) -> None:
    path = tmp_path / "ar.txt"
    path.write_text("Subject: x\n\nالرمز: {credential.code}\n", encoding="utf-8")
    problems: list[Problem] = []
    made = load(path, "ar", problems)
    assert made is not None
    done = fill(made, lambda slot: Value("1234-ABCD"))
    import icu

    bidi = icu.Bidi()
    bidi.setPara(icu.UnicodeString(plain(done).strip()), 1)
    assert "1234-ABCD" in str(bidi.writeReordered(0))
    assert '<bdi dir="ltr">1234-ABCD</bdi>' in markup(done, LOOK)
