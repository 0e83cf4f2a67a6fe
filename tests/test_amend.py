"""Certificates taken back or corrected: what is refused, what is told, and what everybody then reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from academy import ROSTER, Academy
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from openpyxl import Workbook
from publisher import Publisher

from certgen import amend, batch, codes, keys, payload, signing, site
from certgen.amend import Asked, Correction
from certgen.copies import Copier
from certgen.course import load_issuer
from certgen.errors import Problem, has_errors
from certgen.intake import Options
from certgen.registry import Held, Registry
from certgen.sealed import Notice, read_notices
from certgen.signing import by_short
from certgen.site import Settings
from certgen.status import place

TODAY = date(2026, 11, 22)


@pytest.fixture
def academy(tmp_path: Path) -> Iterator[Publisher]:
    publisher = Publisher(tmp_path)
    yield publisher
    publisher.registry.close()


def told(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.code, problem.severity) for problem in problems]


# --- codes as people write them --------------------------------------------------------------


@given(st.binary(min_size=10, max_size=10))
def test_a_code_is_understood_typed_copied_or_scanned(raw: bytes) -> None:
    code = codes.text(raw)
    grouped = codes.grouped(code)
    for said in (
        code,
        grouped,
        grouped.lower(),
        f" {grouped} ",
        f"https://verify.example.org/v#{code}",
        f"HTTPS://X/v#{grouped}",
    ):
        assert amend.read_code(said) == code


def test_what_a_qr_code_holds_leads_to_its_certificate(academy: Publisher) -> None:
    ana, *_ = academy.issue()
    assert amend.read_code(ana.url) == amend.read_code(ana.payload) == ana.code


@given(st.text(max_size=400))
def test_any_other_text_is_no_code(text: str) -> None:
    found = amend.read_code(text)
    assert found is None or len(found) == 16


# --- revoking --------------------------------------------------------------------------------


def test_a_revoked_certificate_is_remembered_with_its_reason_and_day(academy: Publisher) -> None:
    ana, bo, chiara, _ = academy.issue()
    problems: list[Problem] = []
    asked = [Asked(ana.code, "Plagiarism"), Asked(codes.grouped(bo.code).lower(), "Issued by mistake")]
    found = amend.revocations(academy.registry, asked, problems)
    done = amend.revoke(academy.registry, found, TODAY)
    assert not problems
    assert [(row.code, row.state, row.reason, row.ended) for row in done] == [
        (ana.code, "revoked", "Plagiarism", TODAY), (bo.code, "revoked", "Issued by mistake", TODAY),
    ]  # fmt: skip
    again = academy.registry.find(chiara.code)
    assert again is not None and again.state == "issued"


def test_all_mistakes_are_told_at_once(academy: Publisher) -> None:
    ana, bo, *_ = academy.issue()
    academy.registry.revoke([ana.serial], "Plagiarism", TODAY)
    (new,) = academy.issue("Bo Lin", replaces=bo)
    problems: list[Problem] = []
    asked = [
        Asked("no code", "Why"), Asked("0" * 16, "Why"), Asked(ana.code, "Why"), Asked(bo.code, "Why"),
        Asked(new.code, "  "), Asked(new.code, "a\u202eb"), Asked(new.code, "x" * 301),
        Asked(new.code, "one"), Asked(new.code, "two"),
    ]  # fmt: skip
    found = amend.revocations(academy.registry, asked, problems)
    assert told(problems) == [
        ("not-a-code", "error"), ("unknown-code", "error"), ("already-revoked", "warning"), ("replaced", "error"),
        ("no-reason", "error"), ("odd-character", "error"), ("too-long", "error"), ("twice", "error"),
    ]  # fmt: skip
    assert codes.grouped(new.code) in problems[3].message  # which one to name instead
    assert [one.reason for one in found] == ["one"]


def test_one_that_stands_there_twice_with_the_same_words_is_one(academy: Publisher) -> None:
    ana, *_ = academy.issue()
    problems: list[Problem] = []
    found = amend.revocations(academy.registry, [Asked(ana.code, "Why")] * 2, problems)
    assert len(found) == 1 and not problems


# --- sheets ----------------------------------------------------------------------------------


def saved(path: Path, *rows: tuple[Any, ...]) -> Path:
    book = Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    book.save(path)
    return path


def test_a_sheet_names_codes_and_reasons_in_any_order(tmp_path: Path) -> None:
    table = saved(
        tmp_path / "x.xlsx", ("List of November",), ("Motivo", "Código"), ("Why", "AAAA"), (None, "BBBB"), ("x", None)
    )
    problems: list[Problem] = []
    found = amend.from_sheet(table, "reason", problems, "By default")
    assert [(one.code, one.value, one.cell) for one in found] == [("AAAA", "Why", "B3"), ("BBBB", "By default", "B4")]
    assert not problems


def test_a_csv_file_is_a_sheet_too(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("code;name\nAAAA;Ana Díaz\n", encoding="utf-8")
    assert [(one.code, one.value) for one in amend.from_sheet(tmp_path / "x.csv", "name", [])] == [("AAAA", "Ana Díaz")]


@pytest.mark.parametrize(
    ("what", "header"), [("reason", "reason"), ("name", "code"), ("name", "certgen code,certgen reason")]
)
def test_a_sheet_without_the_columns_says_which(tmp_path: Path, what: str, header: str) -> None:
    (tmp_path / "x.csv").write_text(f"{header}\nA,B\n", encoding="utf-8")
    problems: list[Problem] = []
    assert amend.from_sheet(tmp_path / "x.csv", what, problems) == []
    assert told(problems) == [("no-codes", "error")]


def test_problems_of_a_sheet_are_told_by_their_cells(academy: Publisher, tmp_path: Path) -> None:
    academy.issue()
    (tmp_path / "x.csv").write_text("code,reason\nnone,Why\n", encoding="utf-8")
    problems: list[Problem] = []
    amend.revocations(academy.registry, amend.from_sheet(tmp_path / "x.csv", "reason", problems), problems)
    assert [problem.cell for problem in problems] == ["A2"]


# --- reissuing -------------------------------------------------------------------------------


class Office:
    """A small academy with a batch behind it."""

    def __init__(self, folder: Path) -> None:
        self.academy = Academy(folder)
        self.run()
        issuer = load_issuer(folder / "issuer.toml", [])
        registry = Registry.open(folder, [])
        assert issuer is not None and registry is not None
        self.issuer, self.registry, self.folder = issuer, registry, folder
        secret = keys.secret(folder, registry, [], create=False)
        signed = keys.signing_key(folder, issuer, registry, [], create=False)
        assert secret is not None and signed is not None
        self.secret, self.key = secret.value, signed.key

    def run(self) -> batch.BatchResult:
        return batch.run(Options(roster=self.academy.roster))

    def held(self, name: str) -> Held:
        (found,) = (held for held in self.registry.all(state="issued") if held.content and held.content.name == name)
        return found

    def reissue(
        self, held: Held, name: str, problems: list[Problem] | None = None, **more: Any
    ) -> list[amend.Reissued]:
        told: list[Problem] = [] if problems is None else problems
        asked = amend.corrections(self.registry, [Asked(held.code, name)], told)
        done = amend.reissue(self.registry, self.issuer, self.secret, self.key, asked, told, **more)
        assert problems is not None or not told, told
        return done


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("CERTGEN_PASSPHRASE", "correct horse battery")
    made = Office(tmp_path / "academy")
    yield made
    made.registry.close()


def text_of(path: Path) -> str:
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def test_a_corrected_certificate_is_the_same_but_for_its_name_and_code(office: Office) -> None:
    before = office.held("Ana Díaz")
    (done,) = office.reissue(before, "Ana María Díaz")
    now = done.now
    assert (now.state, now.revision, now.issued) == ("issued", 1, before.issued) and now.code != before.code
    assert now.content is not None and before.content is not None
    assert now.content == replace(before.content, name="Ana María Díaz")
    assert "Ana María Díaz" in text_of(done.file) and "Ana Díaz" not in text_of(done.file)
    found = payload.unseal(now.payload, by_short(office.registry.keys()))
    assert found.state == "authentic" and found.claims is not None
    assert found.claims.name.start == "Ana María Díaz" and codes.text(found.claims.credential) == now.code
    old = office.registry.find(before.code)
    assert old is not None and (old.state, old.replaced_by) == ("replaced", now.code)
    assert (Path(before.folder) / before.file).exists()  # it is the academy's to throw away
    with Copier(office.registry) as copier:
        assert copier.pdf(now) == done.file.read_bytes()  # and can be made again, years later
    assert not office.registry.check()


def test_the_corrected_roster_then_changes_nothing_and_the_old_one_is_refused(office: Office) -> None:
    office.reissue(office.held("Ana Díaz"), "Ana María Díaz")
    assert [problem.code for problem in office.run().problems] == ["changed"]
    office.academy.write_roster(ROSTER.replace("Ana Díaz", "Ana María Díaz"))
    result = office.run()
    assert (result.counts.issued, result.counts.unchanged) == (0, 3) and not has_errors(result.problems)


def test_whoever_is_known_by_name_alone_stays_one_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another name, the roster's row is another identity: it must not get a second certificate."""
    monkeypatch.setenv("CERTGEN_PASSPHRASE", "correct horse battery")
    monkeypatch.setattr("academy.ROSTER", "Name,Score,Attendance,Number\nAna Díaz,91,,\nBo Li,80,,\n")
    office = Office(tmp_path / "academy")
    (done,) = office.reissue(office.held("Ana Díaz"), "Ana María Díaz")
    assert done.now.person != done.before.person and done.now.replaced_by is None
    old = office.registry.find(done.before.code)
    assert old is not None and old.replaced_by == done.now.code
    office.academy.write_roster("Name,Score,Attendance,Number\nAna María Díaz,91,,\nBo Li,80,,\n")
    result = office.run()
    assert (result.counts.issued, result.counts.unchanged) == (0, 2) and not has_errors(result.problems)
    problems: list[Problem] = []
    assert office.reissue(done.now, "Bo Li", problems) == []
    assert [problem.code for problem in problems] == ["namesake"]
    office.registry.close()


def test_after_a_new_key_and_a_new_address_the_new_ones_are_signed_and_printed(office: Office) -> None:
    old = office.held("Ana Díaz")
    made = keys.new_key(office.folder, office.registry, [], None)
    assert made is not None
    office.key = made.key
    office.issuer = replace(
        office.issuer, verify_url="https://check.meridian-training.org", key=made.key.public.multikey
    )
    (done,) = office.reissue(old, "Ana María Díaz")
    assert done.now.url.startswith("https://check.meridian-training.org/v#")
    found = payload.unseal(done.now.payload, by_short(office.registry.keys()))
    assert found.key is not None and found.key.multikey == made.key.public.multikey
    badge = done.now.badge.decode()
    assert (
        signing.did(office.issuer.verify_url) in badge
        and signing.did("https://verify.meridian-training.org") not in badge
    )
    setting = office.registry.setting(done.now.setting).kept
    assert setting.issuer.key == made.key.public.multikey


def test_the_site_then_tells_holders_of_the_old_one_the_new_code(office: Office, tmp_path: Path) -> None:
    (done,) = office.reissue(office.held("Ana Díaz"), "Ana María Díaz")
    problems: list[Problem] = []
    settings = Settings(day=TODAY)
    assert site.build(tmp_path / "site", office.registry, office.issuer, office.key, office.secret, settings, problems)
    notices = read_notices((tmp_path / "site/notices/0.json").read_bytes(), 0, office.registry.keys())
    assert notices is not None
    entry = place(done.before.serial, office.secret).entry
    assert notices.of(done.before.code, entry) == Notice(None, done.now.code)


def test_files_go_where_they_are_wanted(office: Office, tmp_path: Path) -> None:
    (done,) = office.reissue(office.held("Ana Díaz"), "Ana María Díaz", out=tmp_path / "corrected")
    assert done.file.parent == tmp_path / "corrected" and done.now.folder == str(tmp_path / "corrected")
    assert not list(done.file.parent.glob(".certgen-*"))


def test_what_cannot_be_made_leaves_the_old_one_in_force(office: Office) -> None:
    before = office.held("Ana Díaz")
    problems: list[Problem] = []
    assert office.reissue(before, "Ana " * 60, problems) == []
    assert problems and problems[0].severity == "error"
    assert office.held("Ana Díaz").code == before.code
    (done,) = office.reissue(before, "Ana María Díaz")  # and does not stand in the way of the next attempt
    old = office.registry.find(before.code)
    assert old is not None and old.replaced_by == done.now.code
    assert not office.registry.check()


def test_what_is_not_in_force_is_not_corrected(office: Office) -> None:
    ana, olena, chidi = (office.held(name) for name in ("Ana Díaz", "Олена Коваль", "Chidi Okafor"))
    office.registry.revoke([ana.serial], "Plagiarism", TODAY)
    office.registry.erase([olena.serial])
    problems: list[Problem] = []
    asked = [Asked(ana.code, "Eva"), Asked(olena.code, "Eva"), Asked(chidi.code, "Chidi Okafor"), Asked(chidi.code, "")]
    found = amend.corrections(office.registry, asked, problems)
    assert found == [] and told(problems) == [
        ("revoked", "error"), ("erased", "error"), ("same-name", "warning"), ("no-name", "error"),
    ]  # fmt: skip


def test_the_sheet_that_batch_writes_serves_with_its_names_corrected(office: Office) -> None:
    from openpyxl import load_workbook

    path = office.academy.out / "roster-issued.xlsx"
    book = load_workbook(path)
    page = book.active
    assert page is not None
    page["A2"] = "Ana María Díaz"
    book.save(path)
    problems: list[Problem] = []
    found = amend.corrections(office.registry, amend.from_sheet(path, "name", problems), problems)
    assert [(one.before, one.name) for one in found] == [("Ana Díaz", "Ana María Díaz")]
    assert {problem.code for problem in problems} == {"same-name"}
    assert isinstance(found[0], Correction)
