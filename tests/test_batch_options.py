"""Options of a batch that show outside its result: pages, processes, files that another program holds."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from academy import COURSE, ROSTER, Academy

from certgen import batch, press
from certgen.batch import BatchResult, Options
from certgen.errors import ExitCode
from certgen.registry import Registry


@pytest.fixture
def academy(tmp_path: Path) -> Academy:
    return Academy(tmp_path / "academy")


def run(academy: Academy, **options: Any) -> BatchResult:
    return batch.run(Options(roster=academy.roster, **options))


def test_the_course_record_is_added_when_asked_for(academy: Academy) -> None:
    import pikepdf

    academy.write_course(f'summary = "Four weeks."{COURSE}')
    academy.write_roster("\n".join(ROSTER.splitlines()[:2]))
    pages = {}
    for record in (False, True):
        folder = academy.folder / f"record {record}"
        (entry,) = run(academy, layout="classic", record=record, out=folder, replace=True).certificates
        with pikepdf.open(folder / entry.file) as file:
            pages[record] = len(file.pages)
    assert pages == {False: 1, True: 2}


@pytest.mark.parametrize("jobs", [None, 1, 3])
def test_as_many_processes_as_are_asked_for(
    academy: Academy, monkeypatch: pytest.MonkeyPatch, jobs: int | None
) -> None:
    asked: list[int | None] = []
    as_usual = press.run

    def look(tools: Any, sheets: Any, total: int, number: int | None) -> Any:
        asked.append(number)
        return as_usual(tools, sheets, total, number)

    monkeypatch.setattr(press, "run", look)
    assert run(academy, jobs=jobs).status == "done"
    assert asked == [jobs]


def test_a_file_that_stays_open_fails_alone_and_is_told(academy: Academy, monkeypatch: pytest.MonkeyPatch) -> None:
    run(academy)
    academy.write_course(COURSE.replace("2026-04-10", "2026-04-11"))
    replace = os.replace

    def held(source: str, target: str) -> None:
        if "Ana" in str(target):
            raise PermissionError(13, "in use")
        replace(source, target)

    monkeypatch.setattr(os, "replace", held)
    monkeypatch.setattr("time.sleep", lambda _: None)
    before = {name: data for name, data in academy.files().items() if "Ana" in name}
    result = run(academy, replace=True)
    assert (result.status, result.exit_code) == ("partial", ExitCode.PARTIAL)
    assert (result.counts.issued, result.counts.failed, result.counts.skipped) == (2, 1, 0)
    assert [(p.code, p.row) for p in result.problems if p.severity == "error"] == [("file-open", 2)]
    assert before.items() <= academy.files().items()
    assert "Ana Díaz" not in [entry.name for entry in result.certificates]
    monkeypatch.undo()
    again = run(academy, replace=True)
    assert (again.status, again.counts.issued, again.counts.unchanged) == ("done", 1, 2)


def test_pdfs_are_signed_as_well_when_asked_for(
    academy: Academy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: Any
) -> None:
    pytest.importorskip("pyhanko", reason="pip install certgen[pades]")
    from test_pades import WORD, p12

    file = p12(tmp_path)
    monkeypatch.setenv("CERTGEN_P12_PASSPHRASE", "wrong")
    refused = run(academy, sign_pdf=file)
    assert (refused.status, refused.counts.issued) == ("refused", 0)
    monkeypatch.setenv("CERTGEN_P12_PASSPHRASE", WORD.decode())
    result = run(academy, sign_pdf=file, jobs=2)
    assert (result.status, result.counts.issued) == ("done", 3)
    for entry in result.certificates:
        path = academy.out / entry.file
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256
        said = subprocess.run([tool("pdfsig"), "-nocert", str(path)], capture_output=True, text=True, check=True).stdout
        assert "Signature is Valid" in said and "Total document signed" in said
    assert run(academy, sign_pdf=file).counts.unchanged == 3


def test_an_address_that_is_added_later_makes_nobody_another_person(academy: Academy) -> None:
    academy.write_roster("Name,Score,Attendance\nAna Díaz,91,90\n")
    (first,) = run(academy).certificates
    academy.write_roster("Name,E-mail,Score,Attendance\nAna Díaz,ana@example.org,91,90\n")
    again = run(academy)
    (second,) = again.certificates
    assert (second.state, second.code) == ("unchanged", first.code)
    assert "readdressed" in [problem.code for problem in again.problems]
    academy.write_roster("Name,E-mail,Hours,Score,Attendance\nAna Díaz,ana@example.org,50,91,90\n")
    (third,) = run(academy, on_change="replace").certificates
    assert third.code != first.code
    registry = Registry.open(academy.folder, [])
    assert registry is not None
    with registry:
        old = registry.find(first.code.replace("-", ""))
        assert old is not None
        assert (old.state, old.replaced_by) == ("replaced", third.code.replace("-", ""))
    assert run(academy).counts.unchanged == 1


def test_the_same_person_under_another_address_keeps_the_certificate_and_is_not_asked_about_again(
    academy: Academy,
) -> None:
    academy.write_roster("Name,E-mail,Score,Attendance\nAna Díaz,ana@exmaple.org,91,90\n")
    (first,) = run(academy).certificates
    academy.write_roster("Name,E-mail,Score,Attendance\nAna Díaz,ana@example.org,91,90\n")
    assert [problem.code for problem in run(academy).problems] == ["other-email"]
    (second,) = run(academy, new_email="same").certificates
    assert (second.state, second.code, second.sha256) == ("unchanged", first.code, first.sha256)
    again = run(academy)
    assert (again.status, again.counts.unchanged, again.problems) == ("done", 1, [])
    academy.write_roster("Name,E-mail,Score,Attendance\nAna Díaz Ruiz,ana@example.org,91,90\n")
    (third,) = run(academy, on_change="replace").certificates
    registry = Registry.open(academy.folder, [])
    assert registry is not None
    with registry:
        old, new = (registry.find(entry.code.replace("-", "")) for entry in (first, third))
        assert old is not None and new is not None
        assert (old.state, old.replaced_by, new.revision) == ("replaced", new.code, 1)
        assert new.recipient is not None and new.recipient.email == "ana@example.org"
        assert registry.check() == []


def test_two_of_a_name_are_asked_about_when_addresses_are_added(academy: Academy) -> None:
    academy.write_roster("Name,Score,Attendance\nBo Li,91,90\n")
    run(academy)
    academy.write_roster("Name,E-mail,Score,Attendance\nBo Li,bo@example.org,91,90\nBo Li,li@example.org,91,90\n")
    assert "other-email" in [problem.code for problem in run(academy).problems]


def test_a_corrected_address_is_where_mail_goes_from_then_on_and_the_certificate_stays(academy: Academy) -> None:
    """The person is known by an id, so another address is no other person."""
    academy.write_roster("Id,Name,E-mail,Score,Attendance\n7,Ana Díaz,ana@exmaple.org,91,90\n")
    (first,) = run(academy).certificates
    academy.write_roster("Id,Name,E-mail,Score,Attendance\n7,Ana Díaz,ana@example.org,91,90\n")
    again = run(academy)
    (second,) = again.certificates
    assert (second.state, second.code, second.sha256) == ("unchanged", first.code, first.sha256)
    assert [problem.code for problem in again.problems if "addresses" in problem.message] == ["readdressed"]
    registry = Registry.open(academy.folder, [])
    assert registry is not None
    with registry:
        (held,) = registry.all()
        assert held.recipient is not None
        assert held.recipient.email == "ana@example.org"
    assert not [problem for problem in run(academy).problems if problem.code == "readdressed"]


def test_a_course_may_say_that_its_record_belongs_to_each_certificate(academy: Academy) -> None:
    """As --record does, and the two are the same afterwards."""
    import pikepdf

    academy.write_roster("\n".join(ROSTER.splitlines()[:2]))
    academy.write_course(f'summary = "Four weeks."{COURSE}'.replace('layout = "../plain"', 'layout = "classic"'))
    (first,) = run(academy).certificates
    academy.write_course(f"record = true\n{academy.course.read_text(encoding='utf-8')}")
    (told,) = [problem for problem in run(academy).problems if problem.code == "issued-otherwise"]
    assert "without the pages of the course record" in told.message
    (again,) = run(academy, replace=True).certificates
    assert (again.code, again.state) == (first.code, "remade")
    with pikepdf.open(academy.out / again.file) as file:
        assert len(file.pages) == 2
    assert [problem.code for problem in run(academy).problems] == []
    academy.write_course(academy.course.read_text(encoding="utf-8").replace("record = true\n", ""))
    assert [problem.code for problem in run(academy, record=True).problems] == []
    (told,) = [problem for problem in run(academy).problems if problem.code == "issued-otherwise"]
    assert "record = true" in told.hint and "--replace" not in told.hint
