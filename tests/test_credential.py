"""Which award, which code, what a credential says of itself, and the secret behind the codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import stat
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen import codes, credential, guarded
from certgen.credential import code, decide, identity, load_secret, lookup, mint
from certgen.errors import CertgenError, Problem
from certgen.model import (
    AwardRule,
    Conditions,
    Course,
    Edition,
    Expiry,
    Issuer,
    NotAwarded,
    Recipient,
    Skill,
)

D = Decimal
SECRET = bytes(range(32))


def a_course(*rules: AwardRule, **more: object) -> Course:
    edition = Edition("en", "Fair recruitment", skills=(Skill("Negotiation", "http://data.europa.eu/esco/skill/1"),))
    values: dict[str, object] = {
        "code": "A1",
        "editions": {"en": edition},
        "languages": ("en",),
        "awards": rules or (AwardRule("completion"),),
        "expires": Expiry(),
        "issued": date(2026, 4, 10),
        "start": date(2026, 3, 2),
        "end": date(2026, 3, 27),
        "hours": D(60),
    }
    return Course(**(values | more))  # type: ignore[arg-type]


ISSUER = Issuer(
    name="Training Centre", folder="", verify_url="https://verify.example.org/check", url="https://example.org"
)


def person(**values: object) -> Recipient:
    return Recipient(row=2, **({"name": "Ana Díaz"} | values))  # type: ignore[arg-type]


def reason(recipient: Recipient, course: Course) -> str:
    found = decide(recipient, course)
    assert isinstance(found, NotAwarded)
    return found.reason


# --- awards ----------------------------------------------------------------------------------

PASS_60 = AwardRule("achievement", Conditions(score_min=D(60), out_of=D(100)))


@pytest.mark.parametrize(
    ("score", "out_of", "met"),
    [
        ("60", None, True),
        ("59.99", None, False),
        ("59.9999999999999999999999999999999999", None, False),  # more figures than a Decimal's arithmetic keeps
        ("36", "60", True),
        ("35.99", "60", False),
        ("2", "3", True),
        ("0.6", "1", True),
        ("58", "60", True),
    ],
)
def test_a_score_is_compared_on_its_scale_without_rounding(score: str, out_of: str | None, met: bool) -> None:
    recipient = person(score=D(score), score_out_of=None if out_of is None else D(out_of))
    assert (decide(recipient, a_course(PASS_60)) == 0) is met


def test_a_third_is_not_rounded_up() -> None:
    third = AwardRule("achievement", Conditions(score_min=D("33.333333333333333333333333333333334"), out_of=D(100)))
    assert reason(person(score=D(1), score_out_of=D(3)), a_course(third))


def test_reasons_are_in_words() -> None:
    course = a_course(PASS_60)
    assert reason(person(score=D("58.0")), course) == "score 58 is below 60"
    assert reason(person(), course) == "no score"
    assert reason(person(score=D(30), score_out_of=D(60)), course) == "score 30 of 60 is below 60 of 100"
    strict = a_course(AwardRule("attendance", Conditions(attendance_min=D(80), completed=True, hours_min=D(70))))
    words = reason(person(attendance=D("79.5"), completed=False), strict)
    assert words == "attendance 79.5 % is below 80 %; 60 hours are below 70; not completed"
    assert reason(person(hours=D(71)), strict) == "no attendance; no word on completion"
    assert decide(person(attendance=D(80), completed=True, hours=D(70)), strict) == 0


def test_rules_are_tried_in_order_and_all_conditions_of_one_must_hold() -> None:
    course = a_course(
        AwardRule("achievement", Conditions(score_min=D(60), attendance_min=D(80))),
        AwardRule("participation", Conditions(attendance_min=D(50))),
    )
    assert decide(person(score=D(90), attendance=D(80)), course) == 0
    assert decide(person(score=D(90), attendance=D(79)), course) == 1
    assert decide(person(score=D(59), attendance=D(100)), course) == 1
    told = reason(person(score=D(59), attendance=D(10)), course)
    assert "For achievement: score 59 is below 60" in told
    assert "For participation: attendance 10 % is below 50 %" in told


def test_the_rosters_own_award_goes_before_the_rules() -> None:
    course = a_course(PASS_60, AwardRule("participation", Conditions(attendance_min=D(50))))
    assert decide(person(award="participation", reason="Board decision"), course) == 1


@pytest.mark.parametrize(
    ("cell", "passed"),
    [
        ("passed", True), ("APROBADO", True), ("Réussi", True), ("7,5", True), ("1", True), ("58/60", True),
        ("92 %", True), ("✓", True), ("", False), ("-", False),
        ("0", False), ("0/60", False), ("failed", False), ("absent", False),
    ],
)  # fmt: skip
def test_an_assessment_needs_a_pass_or_a_positive_mark(cell: str, passed: bool) -> None:
    course = a_course(AwardRule("achievement", Conditions(assessments=("Quiz 2",))))
    found = decide(person(extra={"QUIZ  2": cell}), course)
    assert (found == 0) is passed
    if not passed:
        assert isinstance(found, NotAwarded)
        assert "Quiz 2" in found.reason


def test_a_missing_assessment_is_not_a_pass() -> None:
    assert "Quiz 2" in reason(person(), a_course(AwardRule("achievement", Conditions(assessments=("Quiz 2",)))))


# --- codes -----------------------------------------------------------------------------------


def test_a_code_can_be_made_again_from_its_description() -> None:
    """Written from the module's documentation alone, with the standard library's base32."""
    message = b"14:certgen-code-1,2:A1,10:2026-03-02,21:email:ana@example.org,1:0,"
    bits = hmac.new(SECRET, message, hashlib.sha256).digest()[:10]
    plain = base64.b32encode(bits).decode()
    crockford = plain.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
    minted = mint(person(email="Ana@Example.org"), a_course(), ISSUER, 0, "en", SECRET)
    assert minted.code == crockford
    assert minted.url == f"https://verify.example.org/check/v#{crockford}"
    assert codes.grouped(crockford) == "-".join([crockford[:4], crockford[4:8], crockford[8:12], crockford[12:]])


@given(
    st.lists(
        st.tuples(st.text(max_size=4), st.text(max_size=6), st.integers(0, 3)), min_size=2, max_size=6, unique=True
    )
)
def test_no_two_different_people_share_a_code(parts: list[tuple[str, str, int]]) -> None:
    made = {code(course, None, who, SECRET, revision) for course, who, revision in parts}
    assert len(made) == len(parts)


def test_a_code_depends_on_everything_it_names_and_on_nothing_else() -> None:
    base = mint(person(id="7"), a_course(), ISSUER, 0, "en", SECRET).code
    assert (
        mint(person(id="7", name="Ana M. Díaz", email="x@example.org"), a_course(), ISSUER, 0, "en", SECRET).code
        == base
    )
    assert mint(person(id="8"), a_course(), ISSUER, 0, "en", SECRET).code != base
    assert mint(person(id="7"), a_course(code="A2"), ISSUER, 0, "en", SECRET).code != base
    assert mint(person(id="7"), a_course(start=None), ISSUER, 0, "en", SECRET).code != base
    assert mint(person(id="7"), a_course(), ISSUER, 0, "en", SECRET, revision=1).code != base
    assert mint(person(id="7"), a_course(), ISSUER, 0, "en", bytes(32)).code != base


def test_a_person_without_id_and_address_is_known_by_the_folded_name() -> None:
    assert identity(person(name="ANA  Díaz")) == identity(person(name="Ana Dı́az".replace("ı", "i"))) == "name:ana díaz"
    assert identity(person(name="7")) != identity(person(id="7"))


# --- the credential --------------------------------------------------------------------------


def test_the_rosters_hours_and_dates_go_before_the_courses() -> None:
    made = mint(person(hours=D("22.5"), end=date(2026, 3, 20)), a_course(), ISSUER, 0, "en", SECRET)
    assert (made.hours, made.start, made.end) == (D("22.5"), date(2026, 3, 2), date(2026, 3, 20))
    begun = mint(person(start=date(2026, 3, 9)), a_course(), ISSUER, 0, "en", SECRET)
    assert (begun.start, begun.end) == (date(2026, 3, 9), date(2026, 3, 27))
    assert begun.code == made.code  # the code names the course's running, not the person's days
    find = lookup(made)
    assert find("course.hours") == find("credential.hours") == D("22.5")
    assert find("credential.dates") == (date(2026, 3, 2), date(2026, 3, 20))


def test_it_expires_on_the_last_of_february_when_there_is_no_twenty_ninth() -> None:
    made = mint(person(), a_course(issued=date(2024, 2, 29), expires=Expiry(years=2)), ISSUER, 0, "en", SECRET)
    assert made.expires == date(2026, 2, 28)
    assert mint(person(), a_course(), ISSUER, 0, "en", SECRET).expires is None


def test_fields_of_a_credential() -> None:
    made = mint(
        person(number="12", extra={"Town / ciudad": "Quito"}),
        a_course(number="R-{roster.number}"),
        ISSUER,
        0,
        "en",
        SECRET,
    )
    find = lookup(made)
    assert find("credential.number") == "R-12"
    assert find("credential.host") == "verify.example.org/check/v"
    assert find("roster.town/Ciudad") == "Quito"
    assert find("roster.cells") is None
    assert find("recipient.__class__") is None


def test_every_field_that_varies_can_be_looked_up() -> None:
    from certgen.fields import FIELDS

    missing = [path for path, field in FIELDS.items() if field.varies and path not in credential._READ]
    assert not missing


def test_a_number_that_the_row_lacks_is_a_problem_with_its_row() -> None:
    with pytest.raises(CertgenError) as caught:
        mint(person(), a_course(number="{roster.number}"), ISSUER, 0, "en", SECRET)
    (problem,) = caught.value.problems
    assert problem.row == 2
    assert "Ana Díaz has no number" in problem.message


# --- the secret ------------------------------------------------------------------------------


def test_a_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    problems: list[Problem] = []
    (tmp_path / ".gitignore").write_text("*.tmp", encoding="utf-8")
    assert load_secret(tmp_path, problems, create=False) is None
    made = load_secret(tmp_path, problems, create=True)
    assert made is not None
    assert len(made) == 32
    assert load_secret(tmp_path, problems, create=True) == made
    assert not problems
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8").split() == ["*.tmp", "certgen.secret"]
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "certgen.secret").stat().st_mode) == 0o600
    other = tmp_path / "other"
    other.mkdir()
    assert load_secret(other, problems, create=True) != made


def test_a_secret_on_windows_is_its_owners_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, int]] = []
    monkeypatch.setattr(guarded, "_owner_only", lambda path: asked.append((path, path.stat().st_size)))
    with monkeypatch.context() as windows:
        windows.setattr(os, "name", "nt")
        made = load_secret(tmp_path, [], create=True)
    assert made is not None
    ((path, size),) = asked
    assert (path.parent, path.name.split(".")[:2], size) == (tmp_path, ["certgen", "secret"], 0)


def test_a_secret_that_windows_cannot_keep_to_its_owner_is_told_and_not_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def icacls(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        commands.append([str(part) for part in command])
        return subprocess.CompletedProcess(command, 5)

    path = tmp_path / "certgen.secret"
    problems: list[Problem] = []
    monkeypatch.setattr(subprocess, "run", icacls)
    monkeypatch.setattr(guarded, "Path", type(tmp_path))  # no WindowsPath can be made elsewhere
    with monkeypatch.context() as windows:
        windows.setattr(os, "name", "nt")
        assert load_secret(tmp_path, problems, create=True) is None
    assert commands[0][1].startswith(str(path))
    assert commands[0][2:] == ["/inheritance:r", "/grant:r", "*S-1-3-4:F"]
    assert [problem.code for problem in problems] == ["secret"]
    assert not list(tmp_path.iterdir())  # an empty one would be taken for a damaged one the next time


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's; Windows has access lists")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_secret_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    problems: list[Problem] = []
    load_secret(tmp_path, problems, create=True)
    (tmp_path / "certgen.secret").chmod(mode)
    assert load_secret(tmp_path, problems, create=True) is None
    assert "chmod 600" in problems[0].hint


@pytest.mark.parametrize("text", ["", "abc", "0" * 63, "z" * 64, f"{'0' * 64}\n{'1' * 64}\n", "é"])
def test_a_damaged_secret_is_told_and_never_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "certgen.secret"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    problems: list[Problem] = []
    assert load_secret(tmp_path, problems, create=True) is None
    assert problems
    assert path.read_text(encoding="utf-8") == text
