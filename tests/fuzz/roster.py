"""Fuzzes the roster reader with atheris: ``python -m tests.fuzz.roster [SECONDS] [FOLDER]``.

Bytes of every kind go in, cells and people or sentences must come out; whatever else is raised is a defect, and the
bytes that raise it are kept in FOLDER. Everything runs in this process, coverage and all, so it is certgen's own code
that is tried: calamine has a process of its own in certgen, and its panics and endings are none of certgen's.

The first byte chooses what the others are: a file as it is, a text, or the cells of a sheet.
"""

from __future__ import annotations

import io
import struct
import sys
import tempfile
import zipfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["certgen"]):
    from certgen import biff, ods, source, workbook, xlsx
    from certgen.errors import Problem
    from certgen.model import AwardRule, Course, Edition, Expiry
    from certgen.package import Limits, Package, Refused
    from certgen.roster import Reading, recipients
    from certgen.workbook import Cell, Sheet, Workbook

LIMITS = Limits(file_bytes=200_000, unpacked_bytes=2_000_000, cells=50_000, rows=5_000)
COURSE = Course(
    code="A1",
    editions={tag: Edition(language=tag, title="x") for tag in ("en", "es", "fr")},
    languages=("en", "es", "fr"),
    awards=(AwardRule(kind="achievement"), AwardRule(kind="completion")),
    expires=Expiry(),
)
HEADERS = (
    "Name", "Full name", "Prénom", "Nom", "Nombre", "Apellidos", "E-mail", "ID", "Language", "Hours", "Score",
    "Attendance", "Minutes", "Completed", "Award", "Reason", "Completion date", "Start", "End", "Student",
    "Name (Original Name)", "Join Time", "Leave Time", "N.º", "Firma", "Role", "First Join", "Last Leave", "Attendee #",
    "Order #", "Other",
)  # fmt: skip


def people(book: Workbook) -> None:
    """Reads the people, and checks what must hold of any roster."""
    problems: list[Problem] = []
    roster = recipients(book, COURSE, problems, reading=Reading(title_case=True))
    errors = {problem.row for problem in problems if problem.severity == "error"}
    if roster is None:
        assert errors == {None} and len(problems) >= 1
        return
    assert set(roster.left_out) == errors - {None}, (roster.left_out, errors)
    rows = [person.row for person in roster.recipients]
    assert not set(rows) & set(roster.left_out)
    for person in roster.recipients:
        assert person.name and person.name == " ".join(person.name.split())
        assert person.cells["name"].endswith(str(person.row))
    for problem in problems:
        assert problem.message and "None" not in (problem.cell or "")


def text(data: bytes) -> None:
    book, told = workbook.load(data, "csv", "a", LIMITS)
    assert (book is None) == bool(told)
    if book is not None:
        people(book)


def cell(data: atheris.FuzzedDataProvider) -> Cell:
    kind = data.ConsumeIntInRange(0, 9)
    if kind < 5:
        return data.ConsumeUnicode(12) or None  # type: ignore[no-any-return]
    if kind == 5:
        return None
    if kind == 6:
        return data.ConsumeInt(8)  # type: ignore[no-any-return]
    if kind == 7:
        return data.ConsumeFloat()  # type: ignore[no-any-return]
    if kind == 8:
        return data.ConsumeBool()  # type: ignore[no-any-return]
    return str(
        data.PickValueInList(["27/03/2026", "58/60", "92%", "1h 27m", "Total:", "yes", "ana@example.org", "#N/A"])
    )


def sheet(raw: bytes) -> None:
    data = atheris.FuzzedDataProvider(raw)
    width = data.ConsumeIntInRange(1, 6)
    header: list[Cell] = [data.PickValueInList(list(HEADERS)) for _ in range(width)]
    rows = [[cell(data) for _ in range(width)] for _ in range(data.ConsumeIntInRange(0, 6))]
    faults = {f"A{data.ConsumeIntInRange(1, 8)}": "#N/A"} if data.ConsumeBool() else {}
    places = [data.ConsumeIntInRange(0, 9) for _ in range(data.ConsumeIntInRange(0, 2))]
    merged = tuple((place // 2, 0, place, 2) for place in places)
    made = Sheet("a", False, [header, *rows], faults=faults, merged=merged)
    people(Workbook(sheets=[made], kind="xlsx"))


def notes(data: bytes) -> None:
    """What certgen reads of workbooks by itself; calamine is left out."""
    try:
        kind = source.kind_of(data)
        if kind == "xls":
            biff.xls_notes(data)
        elif kind in ("xlsx", "xlsb", "ods"):
            package = Package(data, LIMITS)
            if kind == "xlsx":
                xlsx.notes(package, LIMITS)
            elif kind == "xlsb":
                biff.xlsb_notes(package)
            else:
                ods.notes(package, LIMITS)
    except Refused:
        return


def parts(data: bytes) -> None:
    """One changed part of a workbook, zipped afresh, so that changes reach the XML and the records."""
    if not data:
        return
    names = ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "content.xml", "xl/worksheets/sheet1.bin",
             "xl/workbook.bin", "xl/styles.bin", "xl/_rels/workbook.xml.rels")  # fmt: skip
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        chosen = names[data[0] % len(names)]
        for name, body in PARTS.items():
            if name != chosen:
                archive.writestr(name, body)
        archive.writestr(chosen, data[1:])
    notes(stream.getvalue())


RELATIONS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>'
)
PARTS = {
    "xl/workbook.xml": b'<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": RELATIONS,
    "xl/_rels/workbook.bin.rels": RELATIONS.replace(b"sheet1.xml", b"sheet1.bin"),
    "xl/styles.xml": b'<styleSheet><cellXfs><xf numFmtId="9"/></cellXfs></styleSheet>',
    "xl/worksheets/sheet1.xml": b'<worksheet><sheetData><row r="1"><c r="A1" s="0"><v>1</v></c></row></sheetData>'
    b"</worksheet>",
}


def one(data: bytes) -> None:
    """One input of the fuzzer."""
    if not data:
        return
    (text, sheet, notes, parts)[data[0] % 4](data[1:])


def seeds(folder: Path) -> None:
    """Something of each kind to begin with; files of the collection where it lies beside the checkout."""
    texts = [
        "Name,E-mail,Score\nAna Pérez,ana@example.org,58/60\nTotal:,1,\n",
        "Prénom;Nom;Courriel;Terminé le\nZoé;Roy;z@example.org;27/03/2026\n",
        "Name (Original Name)\tUser Email\tDuration (Minutes)\nAna\ta@b.org\t60\nAna\ta@b.org\t1h\n",
    ]
    for i, body in enumerate(texts):
        for encoding in ("utf-8", "utf-16"):
            (folder / f"text{i}{encoding}").write_bytes(b"\0" + body.encode(encoding))
    (folder / "sheet").write_bytes(b"\x01" + bytes(range(256)))
    for i, part in enumerate(PARTS.values()):
        (folder / f"part{i}").write_bytes(bytes([3, i]) + part)
    record = struct.pack("<4H", 0x0809, 4, 0x0600, 5) + struct.pack("<2H", 0x0085, 12) + bytes(12)
    (folder / "record").write_bytes(bytes([3, 4]) + record)
    collection = Path(__file__).resolve().parents[3] / "shared" / "rosters"
    for path in sorted(collection.rglob("*")) if collection.is_dir() else ():
        if path.is_file() and path.stat().st_size < 30_000:
            kind = b"\0" if path.suffix == ".csv" else b"\x02"
            (folder / f"file-{path.parent.name}-{path.name}").write_bytes(kind + path.read_bytes())


def main() -> None:
    seconds = sys.argv[1] if len(sys.argv) > 1 else "60"
    kept = Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp()).resolve()
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        seeds(Path(corpus))
        flags = [f"-max_total_time={seconds}", "-max_len=30000", "-timeout=10", "-rss_limit_mb=2048"]
        atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={kept}/", corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
