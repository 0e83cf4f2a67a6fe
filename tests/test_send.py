"""certgen send, mail and expiring --send, as people use them: what is said, what is sent, what is remembered."""

from __future__ import annotations

import io
import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from academy import COURSE, ISSUER, Academy
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from openpyxl import load_workbook
from posts import READERS, attached, clients, html, links, parsed, text
from rich.console import Console
from rings import Memory, ring

from certgen import batch
from certgen.cli import account, cli, delivery, guarded, mailing
from certgen.errors import ExitCode
from certgen.intake import Options
from certgen.mail.composer import Composer
from certgen.mail.planning import plan
from certgen.model import Mail, Mailbox
from certgen.registry import Held, Registry
from certgen.registry.outbox import Bounce, Result, State, Wish
from certgen.selection import Choice, choose

MAIL = """
contact = "office@meridian-training.org"
[mail]
from = "Meridian <mail@meridian-training.org>"
outbox = "outbox"
"""
ROSTER = """Name,E-mail,Score,Attendance,Language,Number
Ana Díaz,ana@meridian-training.org,91,100,,1
Олена Коваль,olena@meridian-training.org,60,100,,
Chidi Okafor,chidi@meridian-training.org,59.5,80,fr,
Bo Li,,,90,,
Eva Ek,eva@meridian-training.org,90,100,,
Ida Ek,ida@meridian-training.org,90,100,,
"""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people have certificates: one in French, one without an address."""
    academy = Academy(tmp_path_factory.mktemp("first") / "academy")
    (academy.folder / "issuer.toml").write_text(ISSUER + MAIL, encoding="utf-8")
    academy.write_course(COURSE.replace("layout =", 'expires = "20 years"\nlayout ='))
    academy.write_roster(ROSTER)
    result = batch.run(Options(roster=academy.roster, jobs=1))
    assert result.status == "done", result.problems
    return academy.folder


class Desk:
    """A copy of the first academy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.roster = folder / "course" / "roster.csv"
        self.outbox = folder / "outbox"

    def run(self, *words: str | Path, code: int = 0) -> str:
        """What a command says, on both streams; it must end with that code."""
        runner = CliRunner()
        with runner.isolation() as (_, _, both):
            ended = guarded(lambda: cli.main([*map(str, words)], standalone_mode=False))
            said = both.getvalue().decode("utf-8").replace("\xa0", " ")
        assert ended == code, said
        return " ".join(said.split())

    def send(self, *words: str | Path, code: int = 5) -> str:
        """To everybody on the roster. Bo has no address, so it is done in part."""
        return self.run("send", self.roster, "--yes", *words, code=code)

    def mails(self) -> dict[str, bytes]:
        """What lies in the outbox folder, by whom it is for."""
        found: dict[str, bytes] = {}
        for path in sorted((self.outbox / "new").glob("*")):
            data = path.read_bytes()
            to = message_from_bytes(data, policy=policy.default)["To"].addresses[0]
            found[f"{to.display_name} {len(found)}" if to.display_name in found else to.display_name] = data
        return found

    def held(self) -> dict[str, Held]:
        with self.registry() as registry:
            return {held.content.name: held for held in registry.all() if held.content}

    def registry(self) -> Registry:
        found = Registry.open(self.folder, [])
        assert found is not None
        return found

    def ends(self, name: str, *states: State) -> None:
        """Messages with somebody's certificate that ended so, one after the other; "sending": was killed meanwhile."""
        held = self.held()[name]
        assert held.recipient is not None and held.recipient.email is not None
        with self.registry() as registry:
            outbox = registry.outbox()
            for state in states:
                with outbox.sending():
                    wish = Wish(held.serial, "certificate", f"<{held.serial}@a.test>", held.recipient.email)
                    (entry,) = outbox.reserve([wish], again=True)
                    assert entry is not None
                    outbox.commit([entry.key], [])
                    if state != "sending":
                        outbox.commit([], [Result(entry.key, "sent" if state == "bounced" else state, "450 Gone", 1)])
                        outbox.finish({})
                if state == "bounced":
                    outbox.bounced([Bounce(held.serial, "certificate", "mailbox full")])

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        before = path.read_text(encoding="utf-8")
        assert old in before
        path.write_text(before.replace(old, new), encoding="utf-8")

    def rows(self, name: str = "roster-mail.xlsx") -> list[dict[str, Any]]:
        head, *rows = load_workbook(self.folder / "course" / name).active.values  # type: ignore[union-attr]
        return [dict(zip(map(str, head), row, strict=True)) for row in rows]

    def report(self, name: str = "roster-mail.xlsx") -> dict[str, dict[str, Any]]:
        return {str(row["Name"]): row for row in self.rows(name)}


@pytest.fixture
def desk(first: Path, tmp_path: Path) -> Desk:
    return Desk(Path(shutil.copytree(first, tmp_path / "academy")))


# --- sending ---------------------------------------------------------------------------------


def test_each_person_gets_their_own_certificate_and_only_once(desk: Desk) -> None:
    said = desk.send()
    assert "Messages: 5 sent" in said and "Bo Li has no e-mail address" in said and "row 5" in said
    mails, held = desk.mails(), desk.held()
    assert set(mails) == {"Ana Díaz", "Олена Коваль", "Chidi Okafor", "Eva Ek", "Ida Ek"}
    for name, data in mails.items():
        assert attached(data) == {held[name].file: held[name].sha256}
        assert name in text(data) and held[name].url in links(html(data))
        assert parsed(data)["To"].addresses[0].addr_spec == held[name].recipient.email  # type: ignore[union-attr]
    assert parsed(mails["Chidi Okafor"])["Subject"] == "Votre certificat : Recrutement équitable"
    again = desk.send()
    assert "5 got it before" in again and len(desk.mails()) == 5
    assert "5 sent" in desk.send("--again") and len(list((desk.outbox / "new").iterdir())) == 10


def test_before_anything_is_sent_it_is_told_to_whom_and_what(desk: Desk) -> None:
    said = desk.run("send", desk.roster, code=ExitCode.USAGE)
    assert "5 messages" in said and "Ana Díaz <ana@meridian-training.org> (row 2)" in said
    assert "Ida Ek <ida@meridian-training.org> (row 7)" in said and "Meridian <mail@meridian-training.org>" in said
    assert "Dear Ana Díaz," in said and "Your certificate: Fair recruitment" in said and ".pdf" in said
    assert "site" in said and "never been checked" in said
    assert "--yes" in said and not desk.outbox.exists()


@pytest.mark.parametrize("server", [True, False])
def test_the_question_says_how_many_from_whom_and_through_what(
    desk: Desk, server: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if server:
        desk.edit("issuer.toml", 'outbox = "outbox"', 'host = "smtp.meridian-training.org"')
    asked: list[str] = []
    monkeypatch.setattr(mailing, "_agree", lambda question, sure: asked.append(question) or exit(9))
    with pytest.raises(SystemExit):
        desk.run("send", desk.roster)
    (said,) = asked
    assert said.startswith("Send 5 messages from mail@meridian-training.org ")
    assert said.endswith(" through smtp.meridian-training.org?" if server else "outbox?")


def test_the_message_that_is_shown_fits_a_screen_and_shortens_links(desk: Desk) -> None:
    desk.send()
    data = desk.mails()["Ana Díaz"]
    out = io.StringIO()
    delivery.shown(Console(file=out, width=80, highlight=False, markup=False, emoji=False), data)
    lines = out.getvalue().rstrip("\n").split("\n")
    url = desk.held()["Ana Díaz"].url
    assert len(lines) <= 40 and all(len(line) <= 80 for line in lines)
    assert len(url) > 200 and url not in out.getvalue() and f": <{url[:30]}" in out.getvalue()
    assert f"…{url[-10:]}>" in out.getvalue() and f"<{url}>" in text(data)


def test_people_who_share_an_address_are_told_of_and_each_gets_their_own(desk: Desk) -> None:
    with desk.registry() as registry:
        chosen = [one._replace(email="Family@meridian-training.org") for one in choose(registry, Choice(), [])]
        mail, problems = Mail(origin=Mailbox("a@meridian-training.org")), []
        with Composer(registry, desk.folder, mail, bytes(32), "certificate", [], problems) as composer:
            made = plan(registry, chosen[-2:], composer, "certificate", problems)
    assert len(made.ready) == 2
    (told,) = problems
    assert told.severity == "warning" and "Eva Ek, Ida Ek have one address" in told.message


def test_many_without_an_address_are_told_in_one_sentence(desk: Desk) -> None:
    with desk.registry() as registry:
        everybody = [one._replace(email="", row=7 + at) for at, one in enumerate(choose(registry, Choice(), []) * 5)]
        mail, problems = Mail(origin=Mailbox("a@meridian-training.org")), []
        with Composer(registry, desk.folder, mail, bytes(32), "certificate", [], problems) as composer:
            chosen = [*everybody[:28], everybody[28]._replace(email="x@meridian-training.org")]
            made = plan(registry, chosen, composer, "certificate", problems)
    assert len(made.without) == 28 and len(made.ready) == 1
    assert len(problems) == 13 and "16 more people" in problems[-1].message and "rows 19, 20" in problems[-1].message


def test_the_report_says_what_became_of_everyone(desk: Desk) -> None:
    desk.send()
    report = desk.report()
    assert {row["What became of it"] for row in report.values()} == {"sent", "no message"}
    assert report["Bo Li"]["What became of it"] == "no message" and report["Bo Li"]["Row"] == 5
    identity = parsed(desk.mails()["Ana Díaz"])["Message-ID"]
    assert report["Ana Díaz"]["Message-ID"] == identity and report["Ana Díaz"]["E-mail"] == "ana@meridian-training.org"


def test_a_report_that_somebody_wrote_in_is_kept_and_an_untouched_one_is_brought_up_to_date(desk: Desk) -> None:
    desk.send()
    desk.ends("Ana Díaz", "bounced")
    desk.send()
    assert desk.report()["Ana Díaz"]["What became of it"].startswith("came back")
    path = desk.folder / "course" / "roster-mail.xlsx"
    book = load_workbook(path)
    book.active["K2"] = "called her"  # type: ignore[index]
    book.save(path)
    mine = path.read_bytes()
    for state in ("unknown", "sent"):
        desk.ends("Eva Ek", state)
        said = desk.send()
        assert path.read_bytes() == mine and "(2).xlsx" in said
        assert desk.report("roster-mail (2).xlsx")["Eva Ek"]["What became of it"].startswith(state)
    assert not (path.parent / "roster-mail (3).xlsx").exists()


def test_who_is_left_out_stays_in_the_report_with_the_reason(desk: Desk) -> None:
    desk.edit("course/roster.csv", "Eva Ek", "Eva Eck")
    said = desk.send()
    assert "1 row of the roster was left out" in said
    (row,) = [row for row in desk.rows() if row["What became of it"] == "left out"]
    assert row["Row"] == 6 and "Eva Ek" in row["In words"] and "Eva Eck" in row["In words"]
    desk.run("send", desk.roster, "--code", desk.held()["Ida Ek"].code, "--again", "--yes")
    rows = {(row["Name"], row["Row"], row["What became of it"]) for row in desk.rows()}
    assert rows == {
        *((name, at, "sent") for name, at in (("Ana Díaz", 2), ("Олена Коваль", 3), ("Chidi Okafor", 4))),
        *(("Bo Li", 5, "no message"), (None, 6, "left out"), ("Ida Ek", 7, "sent (message 2)")),
    }


def test_a_row_that_was_left_out_counts_for_the_code(desk: Desk) -> None:
    reached(desk)
    desk.edit("course/roster.csv", "Eva Ek", "Eva Eck")
    desk.send(code=ExitCode.PARTIAL)


def test_a_message_id_is_kept_and_does_not_hold_the_code(desk: Desk) -> None:
    desk.send()
    for name, data in desk.mails().items():
        identity = parsed(data)["Message-ID"]
        assert desk.held()[name].code[:8].lower() not in identity
        with desk.registry() as registry:
            (entry,) = registry.outbox().find(identity)
            assert entry.serial == desk.held()[name].serial and entry.state == "sent"


def test_an_address_that_was_added_is_written_to_when_the_batch_has_run(desk: Desk) -> None:
    desk.send()
    desk.edit("course/roster.csv", "Bo Li,,", "Bo Li,bo@meridian-training.org,")
    assert batch.run(Options(roster=desk.roster, jobs=1, new_email="same")).status == "done"
    assert "1 sent" in desk.send(code=0)
    assert "Bo Li" in desk.mails() and len(desk.mails()) == 6


def test_a_dry_run_writes_messages_and_records_nothing(desk: Desk, tmp_path: Path) -> None:
    said = desk.run("send", desk.roster, "--dry-run", "--out", tmp_path / "dry", code=5)
    assert "5 messages" in said and "Nothing was sent" in said
    files = {path.name: path.read_bytes() for path in (tmp_path / "dry").iterdir()}
    assert set(files) == {held.file.replace(".pdf", ".eml") for name, held in desk.held().items() if name != "Bo Li"}
    assert all(parsed(data)["Date"] for data in files.values())
    with desk.registry() as registry:
        assert not registry.outbox().counts()
    assert not desk.outbox.exists()
    desk.run("send", desk.roster, "--dry-run", code=5)
    assert len(list((desk.folder / "course" / "messages").iterdir())) == 5


def test_drafts_are_ready_to_be_sent_by_a_mail_program(desk: Desk, tmp_path: Path) -> None:
    desk.run("send", desk.roster, "--drafts", tmp_path / "drafts", code=5)
    for path in (tmp_path / "drafts").iterdir():
        made = parsed(path.read_bytes())
        assert made["X-Unsent"] == "1" and made["Date"] is None and made["Message-ID"] is None
        assert made["From"].addresses[0].addr_spec == "mail@meridian-training.org"
    with desk.registry() as registry:
        assert not registry.outbox().counts()


def test_files_of_earlier_runs_are_named_and_kept_where_their_certificates_are_good_no_more(
    desk: Desk, tmp_path: Path
) -> None:
    drafts, words = tmp_path / "drafts", ("send", desk.roster, "--drafts", tmp_path / "drafts")
    assert "The folder also holds" not in desk.run(*words, code=5)
    before = desk.held()
    desk.edit("course/roster.csv", "Ana Díaz", "Ana Dias")
    assert batch.run(Options(roster=desk.roster, jobs=1, on_change="replace")).status == "done"
    desk.run("revoke", before["Eva Ek"].code, "--reason", "error", "--yes", "--folder", desk.folder)
    (drafts / "note.eml").write_bytes(b"Subject: mine\r\n\r\n")
    said = desk.run(*words, code=5)
    for name, state in (("Ana Díaz", "replaced"), ("Eva Ek", "revoked")):
        old = before[name].file.replace(".pdf", ".eml")
        assert f"{old} ({state})" in said and (drafts / old).is_file()
    new = desk.held()["Ana Dias"].file.replace(".pdf", ".eml")
    assert (drafts / new).is_file() and new not in said
    assert "note.eml." in said and "Delete first what the warning names" in said
    assert "Outlook for Windows, the classic one" in said and "Thunderbird" not in said


def test_a_test_goes_to_one_address_and_is_not_remembered(desk: Desk) -> None:
    said = desk.run("send", desk.roster, "--test", "me@meridian-training.org")
    assert "Ana Díaz" in said and "me@meridian-training.org" in said
    (data,) = desk.mails().values()
    assert str(parsed(data)["Subject"]).startswith("[Test] ")
    assert [box.addr_spec for box in parsed(data)["To"].addresses] == ["me@meridian-training.org"]
    with desk.registry() as registry:
        assert not registry.outbox().counts()
    assert "Messages: 5 sent" in desk.send()


def test_an_address_to_try_that_is_none_is_told_in_words_that_fit(desk: Desk) -> None:
    said = desk.run("send", desk.roster, "--test", "you", code=ExitCode.USAGE)
    assert "--test" in said and "“you” is not an e-mail address" in said and "cell" not in said


def test_a_picture_is_shown_where_it_is_asked_for(desk: Desk) -> None:
    desk.send("--picture")
    for data in desk.mails().values():
        assert any(part.get_content_type() == "image/png" for part in parsed(data).walk())


def test_filters_choose_as_everywhere(desk: Desk) -> None:
    code = desk.held()["Chidi Okafor"].code
    assert "1 message" in desk.run("send", "--code", code, "--folder", desk.folder, "--yes")
    assert set(desk.mails()) == {"Chidi Okafor"}
    assert "--yes" not in desk.run("send", "--folder", desk.folder, code=ExitCode.USAGE)


def test_erasing_forgets_the_address_and_names_the_messages_that_still_hold_it(desk: Desk) -> None:
    desk.send()
    held = desk.held()["Ana Díaz"]
    said = desk.run("erase", held.code, "--yes", "--folder", desk.folder)
    said = "".join(said.split())  # a path may be cut at the terminal's edge
    assert ".certgen" in said and "roster-mail.xlsx" in said
    with desk.registry() as registry:
        (entry,) = registry.outbox().latest([held.serial], "certificate").values()
    assert (entry.state, entry.address, entry.words) == ("sent", None, None)
    assert "erased" in desk.send("--again")


def test_how_mail_is_sent_is_no_part_of_what_a_certificate_was_made_from(desk: Desk) -> None:
    (kept,) = {held.setting for held in desk.held().values()}
    with desk.registry() as registry:
        assert b'"mail"' not in registry.setting(kept).data
    desk.edit("issuer.toml", 'outbox = "outbox"', 'outbox = "elsewhere"\nper_minute = 7')
    assert batch.run(Options(roster=desk.roster, jobs=1)).counts.unchanged == 6
    assert {held.setting for held in desk.held().values()} == {kept}


# --- words -----------------------------------------------------------------------------------


def test_words_of_ones_own_are_taken_from_the_course_and_written_to_begin_with(desk: Desk) -> None:
    desk.run("mail", "templates", desk.folder / "course")
    own = desk.folder / "course" / "mail" / "en.txt"
    own.write_text("Subject: Hello {recipient.number}\n\nFor {recipient.name}: {credential.code}\n", encoding="utf-8")
    assert "kept" in desk.run("mail", "templates", desk.folder / "course")
    desk.send()
    assert parsed(desk.mails()["Ana Díaz"])["Subject"] == "Hello 1"
    assert parsed(desk.mails()["Chidi Okafor"])["Subject"].startswith("Votre certificat")


def test_a_courses_words_are_taken_however_its_certificates_are_chosen(desk: Desk) -> None:
    own = desk.folder / "course" / "mail"
    own.mkdir()
    (own / "en.txt").write_text("Subject: Course's own\n\nHi\n", encoding="utf-8")
    assert Path(desk.held()["Ana Díaz"].folder) != desk.folder / "course" / "certificates"  # the academy was moved
    desk.run("send", "--course", "M-1", "--folder", desk.folder, "--yes", code=5)
    assert parsed(desk.mails()["Ana Díaz"])["Subject"] == "Course's own"
    assert str(parsed(desk.mails()["Chidi Okafor"])["Subject"]).startswith("Votre certificat")


def test_a_mistake_in_ones_own_words_stops_everything_and_is_told_with_its_line(desk: Desk) -> None:
    (desk.folder / "mail").mkdir()
    (desk.folder / "mail" / "fr.txt").write_text("Subject: x\n\nBonjour {recipient.nam}\n", encoding="utf-8")
    said = desk.send(code=ExitCode.ROSTER)
    assert "fr.txt" in said and "line 3" in said and "{recipient.name}" in said
    assert not desk.outbox.exists()


def test_one_template_for_everybody(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("Subject: Note\n\nFor {recipient.name}\n", encoding="utf-8")
    desk.send("--template", tmp_path / "note.txt")
    assert {str(parsed(data)["Subject"]) for data in desk.mails().values()} == {"Note"}


REPLACING = {
    "en": "This certificate replaces your earlier one (code {}), which is no longer valid.",
    "fr": "Ce certificat remplace votre certificat précédent (code {}), qui n’est plus valable.",
}


def grouped(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, 16, 4))


def test_a_corrected_certificate_says_which_one_it_replaces_and_a_first_one_does_not(desk: Desk) -> None:
    desk.send()
    for data in desk.mails().values():
        assert "replaces" not in text(data) and "remplace" not in text(data)
    olds: dict[str, list[str]] = {"en": [], "fr": []}
    pairs = {"en": ("Ana Díaz", "Ana Dias", "Ana Diaz"), "fr": ("Chidi Okafor", "Chidi Okafo", "Chidi Okaf")}
    for step in range(2):
        for tongue, names in pairs.items():
            olds[tongue].append(desk.held()[names[step]].code)
            desk.edit("course/roster.csv", f"{names[step]},", f"{names[step + 1]},")
        assert batch.run(Options(roster=desk.roster, jobs=1, on_change="replace")).status == "done"
    desk.send()
    mails = desk.mails()
    for tongue, names in pairs.items():
        said = " ".join(text(mails[names[2]]).split())
        assert REPLACING[tongue].format(grouped(olds[tongue][1])) in said
        assert grouped(olds[tongue][0]) not in said and grouped(olds[tongue][1]) in html(mails[names[2]])


def test_a_certificate_made_after_a_revoked_one_says_so_too(desk: Desk) -> None:
    old = desk.held()["Ana Díaz"].code
    desk.run("revoke", old, "--reason", "error", "--yes", "--folder", desk.folder)
    assert batch.run(Options(roster=desk.roster, jobs=1, renew_revoked=True)).status == "done"
    desk.send()
    assert REPLACING["en"].format(grouped(old)) in " ".join(text(desk.mails()["Ana Díaz"]).split())
    assert "replaces" not in text(desk.mails()["Eva Ek"])


def test_words_of_ones_own_can_say_what_a_certificate_replaces(desk: Desk, tmp_path: Path) -> None:
    old = desk.held()["Ana Díaz"].code
    desk.edit("course/roster.csv", "Ana Díaz", "Ana Dias")
    assert batch.run(Options(roster=desk.roster, jobs=1, on_change="replace")).status == "done"
    (tmp_path / "note.txt").write_text("Subject: Note\n\nHello\n\nNot {mail.replaces} any more\n", encoding="utf-8")
    desk.send("--template", tmp_path / "note.txt")
    for name, data in desk.mails().items():
        assert text(data).split() == ["Hello", *(["Not", grouped(old), "any", "more"] if name == "Ana Dias" else [])]


def test_an_example_goes_from_roster_to_a_mailbox_that_mail_clients_read(examples: Callable[[str], Path]) -> None:
    folder = examples("fair-recruitment")
    with (folder / "issuer.toml").open("a", encoding="utf-8") as file:
        file.write('\n[mail]\nfrom = "Certificates <certificates@learning.tcwu.example.net>"\n')
    desk = Desk(folder)
    desk.run("batch", folder / "roster.xlsx")
    desk.run("send", folder / "roster.xlsx", "--yes", "--outbox", desk.outbox)
    issued = json.loads((folder / "certificates" / "roster-manifest.json").read_text("utf-8"))["certificates"]
    mails = [path.read_bytes() for path in sorted((desk.outbox / "new").iterdir())]
    assert len(mails) == len(issued) > 30
    for read in clients(mails):
        for reader in READERS:
            (pdf,) = read[reader]["parts"]
            (one,) = [row for row in issued if row["sha256"] == pdf["sha256"]]
            assert Path(one["file"]).name == pdf["name"]
            assert read[reader]["to"][0]["name"] == one["name"] and one["name"] in read[reader]["html"].replace(
                "&#x27;", "'"
            )


# --- what can be wrong -----------------------------------------------------------------------


def test_without_a_word_on_mail_the_way_out_is_told(desk: Desk) -> None:
    (desk.folder / "issuer.toml").write_text(ISSUER, encoding="utf-8")
    said = desk.send(code=ExitCode.ROSTER)
    assert "[mail]" in said and "from =" in said


def test_without_a_server_or_a_folder_the_way_out_is_told(desk: Desk) -> None:
    desk.edit("issuer.toml", 'outbox = "outbox"', "")
    said = desk.send(code=ExitCode.DELIVERY)
    assert "host" in said and "--drafts" in said


def test_a_password_is_looked_for_and_where_it_belongs_is_told(desk: Desk) -> None:
    desk.edit("issuer.toml", 'outbox = "outbox"', 'host = "smtp.meridian-training.org"\nuser = "mail"')
    said = desk.send(code=ExitCode.DELIVERY)
    assert "certgen mail login" in said and "CERTGEN_MAIL_PASSWORD" in said
    desk.edit("issuer.toml", 'user = "mail"', 'user = "mail"\npassword = "hunter2"')
    said = desk.send(code=ExitCode.ROSTER)
    assert "must not stand in issuer.toml" in said and "hunter2" not in said and "is not a key" not in said


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('from = "Meridian"', "not an e-mail address"),
        ('from = "m@meridian-training.org"\nport = 0', "1 to 65535"),
        ('from = "m@meridian-training.org"\nsecurity = "ssl"', "tls"),
        ('from = "m@meridian-training.org"\nhost = "https://smtp.x.org:465"', "port = 465"),
        ('from = "m@meridian-training.org"\nhost = "smtp.x.org"\nuser = "m"\nsecurity = "none"', "for all to read"),
        ('from = "m@meridian-training.org"\nauth = "oauth"', "user"),
        ('from = "m@meridian-training.org"\nper_minute = 0', "1 to 6000"),
        ('from = "m@meridian-training.org"\nhots = "x"', "host"),
        ('host = "smtp.x.org"', "from"),
    ],
)
def test_mistakes_in_mail_are_told_before_anything_else(desk: Desk, lines: str, said: str) -> None:
    (desk.folder / "issuer.toml").write_text(f"{ISSUER}\n[mail]\n{lines}\n", encoding="utf-8")
    assert said in desk.send(code=ExitCode.ROSTER)


# --- a server --------------------------------------------------------------------------------


class Server:
    """Takes messages, but refuses Chidi for good and Olena for now. Answers with ``words``."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.lock = threading.Lock()
        self.patient = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("chidi"):
            return "550 5.1.1 No such user here"
        if address.startswith("olena") and not self.patient:
            return "451 4.7.1 Greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        with self.lock:
            self.got.append((envelope.rcpt_tos[0], envelope.content))
        return "250 2.0.0 Queued"


@pytest.fixture
def server(desk: Desk) -> Iterator[Server]:
    made = Server()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(made, hostname="127.0.0.1", port=port)
    controller.start()
    desk.edit("issuer.toml", 'outbox = "outbox"', f'host = "127.0.0.1"\nport = {port}\nsecurity = "none"')
    yield made
    controller.stop()


def test_what_a_server_refuses_is_told_with_the_row_and_its_own_words(desk: Desk, server: Server) -> None:
    said = desk.send("--wait", "0", "--per-minute", "6000")
    assert "Messages: 3 sent, 1 refused, 1 waiting" in said
    assert "550 5.1.1 No such user here" in said and "Chidi Okafor" in said
    assert "Run the same command again" in said
    report = desk.report()
    assert report["Chidi Okafor"]["What became of it"] == "refused" and report["Chidi Okafor"]["Row"] == 4
    assert report["Олена Коваль"]["What became of it"] == "waiting"
    assert sorted(to for to, _ in server.got) == sorted(
        ["ana@meridian-training.org", "eva@meridian-training.org", "ida@meridian-training.org"]
    )
    held = desk.held()
    for to, data in server.got:
        if to.startswith("ana"):
            assert attached(data) == {held["Ana Díaz"].file: held["Ana Díaz"].sha256}


def test_an_again_that_was_cut_short_is_gone_on_with(desk: Desk, server: Server) -> None:
    pace = ("--wait", "0", "--per-minute", "6000")
    server.patient = True
    assert "Messages: 4 sent, 1 refused." in desk.send(*pace)
    server.patient = False
    said = desk.send("--again", *pace)
    assert "3 sent, 1 refused, 1 waiting" in said and "without --again" in said
    with desk.registry() as registry:
        (entry,) = registry.outbox().due("certificate")
        assert (entry.round, entry.state) == (1, "reserved")
    said = desk.run("send", desk.roster, "--again", code=ExitCode.USAGE)  # nobody can be asked
    assert "the rest of it" in said and "1 message with" in said


def test_the_server_can_be_tried_without_sending_anything(desk: Desk, server: Server) -> None:
    assert "All is well" in desk.run("mail", "test", "--folder", desk.folder)
    assert not server.got
    desk.edit("issuer.toml", 'security = "none"', 'security = "starttls"')
    assert "encryption" in desk.run("mail", "test", "--folder", desk.folder, code=ExitCode.DELIVERY)


def test_a_password_is_kept_in_the_keyring_and_nowhere_else(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.edit("issuer.toml", 'outbox = "outbox"', 'host = "smtp.meridian-training.org"\nuser = "mail"')
    monkeypatch.setattr(account, "asking", lambda: lambda question: "hunter2")
    said = desk.run("mail", "login", "--folder", desk.folder, code=ExitCode.DELIVERY)
    assert "no keyring" in said and "CERTGEN_MAIL_PASSWORD" in said and "hunter2" not in said
    with ring(Memory()) as kept:
        said = desk.run("mail", "login", "--folder", desk.folder)
        assert "keyring" in said and "hunter2" not in said
        assert kept.get_password("certgen-mail:smtp.meridian-training.org", "mail") == "hunter2"
        assert not any(b"hunter2" in path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
        desk.run("mail", "logout", "--folder", desk.folder)
        assert kept.get_password("certgen-mail:smtp.meridian-training.org", "mail") is None


# --- bounces ---------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["address", "code", "identity"])
def test_bounces_are_recorded_and_a_corrected_address_is_written_to(desk: Desk, tmp_path: Path, by: str) -> None:
    desk.send()
    held = desk.held()["Ana Díaz"]
    rows = {
        "address": "E-mail,Reason\nANA@meridian-training.org,mailbox full\n",
        "code": f"Code,Motivo\n{held.code},mailbox full\n",
        "identity": f"Message-ID,Diagnostic code\n{parsed(desk.mails()['Ana Díaz'])['Message-ID']},mailbox full\n",
    }
    sheet = tmp_path / "bounces.csv"
    sheet.write_text(rows[by] + "stranger@x.org,who\n" * (by == "address"), encoding="utf-8")
    said = desk.run("send", "--bounces", sheet, "--folder", desk.folder, code=5 if by == "address" else 0)
    assert "1 message came back" in said and ("stranger@x.org" in said) == (by == "address")
    desk.send()
    report = desk.report()["Ana Díaz"]
    assert report["What became of it"] == "came back" and report["In words"] == "mailbox full"
    assert len(desk.mails()) == 5
    desk.edit("course/roster.csv", "ana@meridian-training.org", "ana.diaz@meridian-training.org")
    assert batch.run(Options(roster=desk.roster, jobs=1, new_email="same")).status == "done"
    assert "1 sent" in desk.send()


def reached(desk: Desk) -> None:
    """Everybody has an address and was mailed; nothing is in doubt."""
    desk.edit("course/roster.csv", "Bo Li,,", "Bo Li,bo@meridian-training.org,")
    assert batch.run(Options(roster=desk.roster, jobs=1, new_email="same")).status == "done"
    desk.send(code=0)


def test_who_may_not_have_got_it_is_named_with_the_way_out_each_time(desk: Desk) -> None:
    reached(desk)
    assert "Nobody is left to be mailed." in desk.send(code=0)
    desk.ends("Ana Díaz", "unknown")
    desk.ends("Eva Ek", "bounced")
    code = desk.held()["Ana Díaz"].code
    said = desk.send(code=ExitCode.PARTIAL)
    assert f"2 {'-'.join(code[at : at + 4] for at in range(0, 16, 4))} unknown" in said
    assert "--again --code" in said
    assert "came back: mailbox full eva@meridian-training.org Eva Ek" in said and "correct the address" in said
    assert "2 people were perhaps not reached" in said and "Nobody is left to be mailed." not in said
    assert "4 got it before" in said and "Ida Ek" not in said and len(desk.mails()) == 6
    desk.run("send", desk.roster, "--yes", "--again", "--code", code)
    assert "1 person was perhaps not reached" in desk.send(code=ExitCode.PARTIAL)
    desk.run("send", desk.roster, "--drafts", desk.folder / "drafts", code=ExitCode.PARTIAL)


def test_who_may_not_have_got_it_counts_also_where_others_are_mailed(desk: Desk) -> None:
    desk.ends("Eva Ek", "bounced")
    desk.edit("course/roster.csv", "Bo Li,,", "Bo Li,bo@meridian-training.org,")
    assert batch.run(Options(roster=desk.roster, jobs=1, new_email="same")).status == "done"
    said = desk.send(code=ExitCode.PARTIAL)
    assert "Messages: 5 sent, 1 left out who may not have got it before" in said and "Eva Ek" in said


@pytest.mark.parametrize(("count", "words"), [(1, "1 message was"), (2, "2 messages were")])
def test_what_was_on_the_way_when_certgen_was_stopped_is_told_in_good_english(
    desk: Desk, count: int, words: str
) -> None:
    for name in ("Ida Ek", "Eva Ek")[:count]:
        desk.ends(name, "sending")
    they = "it" if count == 1 else "they"
    assert f"{words} on the way: nobody knows whether {they} arrived." in desk.send()


# --- notices of expiry -----------------------------------------------------------------------


def test_people_are_told_once_until_when_their_certificates_are_good(desk: Desk) -> None:
    words = ("expiring", "--within", "21y", "--send", "--folder", desk.folder)
    said = desk.run(*words, "--yes", code=5)
    assert "5 messages" in said and "notices of expiry" in said
    mails = desk.mails()
    assert all(attached(data) == {} and "2046" in str(parsed(data)["Subject"]) for data in mails.values())
    assert "5 got it before" in desk.run(*words, "--yes", code=5) and len(desk.mails()) == 5
    assert "Messages: 5 sent" in desk.send()  # a notice is not a certificate
    assert len(desk.mails()) == 10


def test_no_notice_goes_to_an_address_from_which_the_certificate_came_back(desk: Desk) -> None:
    desk.ends("Ana Díaz", "bounced")
    desk.ends("Eva Ek", "sent")
    words = ("expiring", "--within", "21y", "--send", "--folder", desk.folder, "--yes")
    said = desk.run(*words, code=5)
    assert "the certificate came back: mailbox full ana@meridian-training.org Ana Díaz" in said
    assert "--again" not in said and set(desk.mails()) == {"Олена Коваль", "Chidi Okafor", "Eva Ek", "Ida Ek"}
    desk.edit("course/roster.csv", "ana@meridian-training.org", "ana.diaz@meridian-training.org")
    assert batch.run(Options(roster=desk.roster, jobs=1, new_email="same")).status == "done"
    desk.run(*words, code=5)
    assert len(desk.mails()) == 5 and "Ana Díaz" in desk.mails()
