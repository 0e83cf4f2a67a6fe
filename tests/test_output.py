"""File names that are good everywhere, and files that appear whole or not at all."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen import output
from certgen.errors import CertgenError, ExitCode
from certgen.output import Tray, clear, file_stem, leftovers, patiently, sameness, staging

CODE = "ABCD-EFGH-JKMN-PQRS"


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("Ana Díaz-ABCD", "Ana-Díaz-ABCD"),
        ("محمد علي", "محمد-علي"),
        ("D’Angelo O'Brien", "DAngelo-OBrien"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\Windows\\x", "C-Windows-x"),
        ('a<b>c|d?e*f"g:h', "a-b-c-d-e-f-g-h"),
        ("-rf", "rf"),
        ("...", CODE),
        ("", CODE),
        ("💥", CODE),
        ("con", "_con"),
        ("LPT9", "_LPT9"),
        ("com0", "_com0"),
        ("file.", "file"),
        ("அருண் குமார்", "அருண்-குமார்"),
        ("y\u202efdp", "yfdp"),
    ],
)
def test_a_file_name_keeps_letters_of_every_script_and_little_else(text: str, stem: str) -> None:
    assert file_stem(text, CODE) == stem


RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)")


@given(st.text(max_size=300))
def test_a_file_name_is_good_on_every_system(text: str) -> None:
    stem = file_stem(text, CODE)
    assert stem
    assert len(stem.encode("utf-8")) <= 200
    assert not RESERVED.fullmatch(stem)
    assert not re.search(r'[\x00-\x1f<>:"/\\|?*\s]', stem)
    assert stem[0] not in "-." and stem[-1] not in "-. "
    assert unicodedata.is_normalized("NFC", stem)
    assert file_stem(stem, CODE) == stem


def test_a_long_name_is_cut_between_characters_and_keeps_the_code() -> None:
    long = "நி" * 200
    stem = file_stem(long, CODE)
    assert stem.endswith("-" + CODE)
    assert stem.removesuffix("-" + CODE).replace("நி", "") == ""


def test_names_that_one_system_cannot_tell_apart_are_the_same() -> None:
    assert sameness("ÉCOLE") == sameness("e\u0301cole")
    assert sameness("Straße") == sameness("STRASSE")
    assert sameness("a") != sameness("b")


# --- files -----------------------------------------------------------------------------------


def test_nothing_is_there_before_it_is_handed_over(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "certificates"
    with staging(out) as place:
        tray = Tray(str(out), place)
        assert tray.lay("a.pdf", b"one ", b"two") == "issued"
        assert not (out / "a.pdf").exists()
        assert tray.hand_over("a.pdf") is None
        assert (out / "a.pdf").read_bytes() == b"one two"
    assert [path.name for path in out.iterdir()] == ["a.pdf"]


def test_a_failed_batch_leaves_no_folder_behind(tmp_path: Path) -> None:
    out = tmp_path / "certificates"
    with pytest.raises(KeyboardInterrupt), staging(out) as place:
        Tray(str(out), place).lay("a.pdf", b"one ", b"two")
        raise KeyboardInterrupt
    assert not out.exists()


@pytest.mark.parametrize("there", [b"one twO", b"One two", b"one tw", b"one two ", b""])
def test_other_content_is_refused_unless_it_is_to_be_replaced(tmp_path: Path, there: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(there)
    with staging(tmp_path) as place:
        with pytest.raises(CertgenError) as caught:
            Tray(str(tmp_path), place).lay("a.pdf", b"one ", b"two")
        assert "--replace" in caught.value.problems[0].hint
        tray = Tray(str(tmp_path), place, replace=True)
        assert tray.lay("a.pdf", b"one ", b"two") == "replaced"
        assert tray.hand_over("a.pdf") is None
    assert (tmp_path / "a.pdf").read_bytes() == b"one two"


def test_the_same_content_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"one two")
    before = path.stat().st_mtime_ns
    with staging(tmp_path) as place:
        assert Tray(str(tmp_path), place).lay("a.pdf", b"one ", b"two") == "unchanged"
    assert path.stat().st_mtime_ns == before


def test_a_file_that_another_program_holds_is_tried_again() -> None:
    tries = 0

    def act() -> str:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise PermissionError
        return "done"

    assert patiently(act, (0, 0, 0)) == "done"
    tries = -9
    with pytest.raises(PermissionError):
        patiently(act, (0, 0))


def test_what_cannot_be_put_in_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").mkdir()
    (tmp_path / "a.pdf" / "x").touch()
    with staging(tmp_path) as place:
        tray = Tray(str(tmp_path), place, replace=True)
        tray.lay("a.pdf", b"one ", b"two")
        problem = tray.hand_over("a.pdf")
    assert problem is not None
    assert problem.exit_code is ExitCode.PARTIAL
    assert problem.file == str(tmp_path / "a.pdf") or "a.pdf" in (problem.file or "")


def test_an_output_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(CertgenError) as caught, staging(tmp_path / "out"):
        pass
    assert "--out" in caught.value.problems[0].hint


def test_what_the_computer_has_no_more_of_is_told_and_mistakes_are_not_hidden() -> None:
    with pytest.raises(CertgenError) as caught, output.exhaustion_told():
        raise OSError(errno.EMFILE, "Too many open files", "/certificates")
    (problem,) = caught.value.problems
    assert "too many files" in problem.message
    assert "ulimit" in problem.hint
    with pytest.raises(FileNotFoundError), output.exhaustion_told():
        raise FileNotFoundError(errno.ENOENT, "No such file")


def test_leftovers_are_files_that_no_manifest_lists(tmp_path: Path) -> None:
    for name in ("mine.pdf", "old.PDF", "other.pdf", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "b-manifest.json").write_text(json.dumps({"certificates": [{"file": "OTHER.pdf"}]}), encoding="utf-8")
    (tmp_path / "c-manifest.json").write_text("not JSON", encoding="utf-8")
    assert leftovers(tmp_path, {"mine.pdf"}, tmp_path / "a-manifest.json") == ["old.PDF"]


def test_a_manifest_names_what_bytes_depend_on() -> None:
    assert {"certgen", "icu", "zlib", "uharfbuzz", "pikepdf", "qrcode"} <= set(output.libraries())
    assert "not installed" not in output.libraries().values()


def test_what_a_killed_run_left_is_cleared_away_and_a_running_ones_is_not(tmp_path: Path) -> None:
    old, young = tmp_path / ".certgen-old", tmp_path / ".certgen-young"
    old.mkdir()
    young.mkdir()
    os.utime(old, (0, 0))
    with staging(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [".certgen-young"]


def test_what_a_killed_run_noted_is_removed_and_nothing_else(tmp_path: Path) -> None:
    noted: list[str] = []
    with staging(tmp_path / "certificates", noted.append) as place:
        assert noted == [place]
        (Path(place) / "a.pdf").touch()
        clear(Path(place))
        assert not Path(place).exists()
    documents, link = tmp_path / "Documents", tmp_path / ".certgen-link"
    documents.mkdir()
    link.symlink_to(documents, target_is_directory=True)
    for path in (documents, link, tmp_path / ".certgen-gone"):
        clear(path)
    assert documents.is_dir()


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_written(tmp_path: Path) -> None:
    def note(place: str) -> None:
        Path(place).touch()  # so that it cannot be made

    with pytest.raises(CertgenError) as caught, staging(tmp_path, note):
        pass
    assert caught.value.exit_code is ExitCode.PARTIAL


def test_a_certificate_waits_for_the_program_that_has_the_old_one_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ana.pdf").write_bytes(b"old")
    held, replace = [True, True, False], os.replace

    def refused_twice(source: str, target: str) -> None:
        if held.pop(0):
            raise PermissionError(13, "in use")
        replace(source, target)

    with output.staging(tmp_path) as place:
        tray = output.Tray(str(tmp_path), place, replace=True)
        assert tray.lay("ana.pdf", b"new", b"!") == "replaced"
        monkeypatch.setattr(os, "replace", refused_twice)
        monkeypatch.setattr(output.time, "sleep", lambda _: None)  # type: ignore[attr-defined]
        assert tray.hand_over("ana.pdf") is None
    assert not held
    assert (tmp_path / "ana.pdf").read_bytes() == b"new!"


def test_a_manifest_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "roster-manifest.json"
    output.write_whole(path, b"whole")

    class Full(io.FileIO):
        def write(self, data: Any, /) -> int:
            super().write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda self, mode: Full(str(self), mode))
    with pytest.raises(CertgenError, match="disk is full"):
        output.write_whole(path, b"another one")
    assert [(item.name, item.read_bytes()) for item in tmp_path.iterdir()] == [(path.name, b"whole")]


def test_long_paths_have_the_form_that_windows_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = "C:\\" + "a" * 240
    share = "\\\\server\\share\\" + "a" * 240
    assert output.long_path(folder) == folder  # elsewhere there is nothing to do
    with monkeypatch.context() as windows:
        windows.setattr(os, "name", "nt")
        windows.setattr(os, "sep", "\\")
        assert output.long_path("C:\\certificates", "ana.pdf") == "C:\\certificates\\ana.pdf"
        assert output.long_path(folder, "ana.pdf") == f"\\\\?\\{folder}\\ana.pdf"
        assert output.long_path(share) == "\\\\?\\UNC\\server\\share\\" + "a" * 240
        assert output.long_path(output.long_path(folder), "ana.pdf") == f"\\\\?\\{folder}\\ana.pdf"
