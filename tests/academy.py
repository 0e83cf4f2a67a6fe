"""A small academy in a folder, with a plain layout of its own, for tests of the batch and the commands."""

from __future__ import annotations

from pathlib import Path

ISSUER = """
name = "Meridian Training Centre"
verify_url = "https://verify.meridian-training.org"
"""

COURSE = """
code = "M-1"
title = "Fair recruitment"
hours = 40
start = 2026-03-02
end = 2026-03-27
issued = 2026-04-10
layout = "../plain"
languages = ["en", "fr"]
[[awards]]
kind = "achievement"
when = { score_min = 60, out_of = 100 }
[[awards]]
kind = "participation"
when = { attendance_min = 80 }
[translation.fr]
title = "Recrutement équitable"
"""

LAYOUT = """
title = "Plain"
[paper]
size = "A5"
orientation = "landscape"
margin = [15, 15, 15, 15]
[styles.body]
font = "body"
size = 12
leading = 16
[pages.certificate]
box = "all"
[boxes.all]
kind = "stack"
boxes = ["name", "title", "number", "qr"]
gap = 4
[boxes.name]
kind = "text"
text = "{recipient.name}"
role = "H1"
style = "body"
lines = 1
[boxes.title]
kind = "text"
text = "{course.title}, {course.hours}"
style = "body"
[boxes.number]
kind = "text"
text = "{recipient.number}"
style = "body"
when = "recipient.number"
[boxes.qr]
kind = "qr"
size = 30
"""

ROSTER = """Name,E-mail,Score,Attendance,Language,Number
Ana Díaz,ana@example.org,91,100,,1
Олена Коваль,olena@example.org,60,100,,
Chidi Okafor,chidi@example.org,59.5,80,fr,
Bo Li,bo@example.org,,79.9,,
"""


class Academy:
    """issuer.toml in a folder, the course and its roster in a folder below."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.course = folder / "course" / "course.toml"
        self.roster = folder / "course" / "roster.csv"
        self.out = folder / "course" / "certificates"
        self.course.parent.mkdir(parents=True)
        layout = folder / "plain"
        (layout / "phrases").mkdir(parents=True)
        self.layout = layout / "layout.toml"
        self.layout.write_text(LAYOUT, encoding="utf-8")
        (folder / "issuer.toml").write_text(ISSUER, encoding="utf-8")
        self.write_course(COURSE)
        self.write_roster(ROSTER)

    def write_course(self, text: str) -> None:
        self.course.write_text(text, encoding="utf-8")

    def write_roster(self, text: str) -> None:
        self.roster.write_text(text, encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        """Every certificate in the output folder."""
        return {path.name: path.read_bytes() for path in sorted(self.out.glob("*.pdf"))}
