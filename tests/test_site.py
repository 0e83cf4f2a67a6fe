"""The verification site: what is in it, what never is, and that the same gives the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from publisher import ISSUED, KEY, OTHER_KEY, RECORD, SECRET, Publisher

from certgen import payload, sealed, site, status
from certgen.errors import Problem
from certgen.signing import KeyRecord, by_short, did, did_document
from certgen.site import Built, Settings
from certgen.status import place

TODAY = date(2026, 11, 22)


def inlined(page: bytes) -> dict[str, str]:
    """The files that a page has in it."""
    found = re.search(rb'<script[^>]* id="?data"?[^>]*>(.*?)</script>', page, re.S)
    assert found is not None
    files: dict[str, str] = json.loads(found[1])
    return files


@pytest.fixture
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    publisher = Publisher(tmp_path_factory.mktemp("academy"))
    yield publisher
    publisher.registry.close()


def built(
    academy: Publisher,
    folder: Path,
    *,
    day: date = TODAY,
    key: Any = KEY,
    problems: list[Problem] | None = None,
    **more: Any,
) -> Built | None:
    told: list[Problem] = [] if problems is None else problems
    settings = Settings(day=day, **more)
    found = site.build(folder, academy.registry, academy.issuer, key, SECRET, settings, told)
    assert problems is not None or (found is not None and not told), told
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_the_same_registry_gives_the_same_site_on_the_same_day(academy: Publisher, tmp_path: Path) -> None:
    first, second, *_ = academy.issue()
    academy.registry.revoke([first.serial], "Plagiarism", TODAY)
    academy.issue("Bo Lin", replaces=second)
    built(academy, tmp_path / "a")
    built(academy, tmp_path / "b")
    assert files(tmp_path / "a") == files(tmp_path / "b")
    again = built(academy, tmp_path / "a")
    assert again is not None and not again.written


def test_the_site_has_what_the_page_and_other_verifiers_look_for(academy: Publisher, tmp_path: Path) -> None:
    issued = academy.issue()
    built(academy, tmp_path)
    there = files(tmp_path)
    codes = {sealed.place_of(row.code) for row in issued}
    digest = sha256(academy.facts()).hexdigest()[:24]
    assert set(there) == codes | {
        "v/index.html", "v.html", "verify.html", "did.json", ".well-known/did.json", "site.json", "status/0.json",
        "notices/0.json", f"facts/{digest}.json", "worker.js", "robots.txt", ".nojekyll", "_headers",
    }  # fmt: skip
    name = did(academy.issuer.verify_url)
    assert json.loads(there["did.json"]) == did_document(name, [RECORD])
    live = status.read_status_list(there["status/0.json"], status.list_url(academy.issuer, 0), name, [RECORD])
    assert isinstance(live, status.StatusList) and not any(live.bits)
    assert (live.issued, live.until) == (TODAY, TODAY + timedelta(400))
    assert json.loads(there["site.json"])["keys"] == [
        {"multikey": RECORD.multikey, "state": "active", "since": "2026-01-01", "fingerprint": KEY.public.fingerprint}
    ]
    held = inlined(there["verify.html"])
    for name in ("status/0.json", "notices/0.json", f"facts/{digest}.json"):
        assert held[name].encode() == there[name]
    assert json.loads(held["site.json"]) == json.loads(there["site.json"])
    assert set(inlined(there["v.html"])) == {"site.json"} and there["v.html"] == there["v/index.html"]


def test_a_typed_code_finds_the_payload_of_the_paper(academy: Publisher, tmp_path: Path) -> None:
    ana, *_ = academy.issue()
    built(academy, tmp_path)
    text = sealed.open_(ana.code, (tmp_path / sealed.place_of(ana.code)).read_bytes())
    assert text == ana.payload
    found = payload.unseal(text, by_short([RECORD]))
    assert found.state == "authentic" and found.claims is not None and found.claims.name.start == "Ana Díaz"


def test_no_name_code_or_reason_can_be_read_from_the_site(academy: Publisher, tmp_path: Path) -> None:
    ana, bo, *_ = academy.issue(consented=["Ana Díaz"])
    academy.registry.revoke([ana.serial], "Plagiarism", TODAY)
    (new,) = academy.issue("Bo Lin", replaces=bo)
    built(academy, tmp_path)
    for name, data in files(tmp_path).items():
        for secret in ("Ana D", "Díaz", "Plagiarism", ana.code, bo.code, new.code, ana.payload, ana.payload[:40]):
            assert secret.encode() not in data and secret not in name


def test_cancelled_ones_are_set_and_their_holders_learn_why(academy: Publisher, tmp_path: Path) -> None:
    ana, bo, chiara, _ = academy.issue()
    academy.registry.revoke([ana.serial], "Plagiarism", TODAY)
    (new,) = academy.issue("Bo Lin", replaces=bo)
    built(academy, tmp_path)
    name = did(academy.issuer.verify_url)
    live = status.read_status_list(
        (tmp_path / "status/0.json").read_bytes(), status.list_url(academy.issuer, 0), name, [RECORD]
    )
    notices = sealed.read_notices((tmp_path / "notices/0.json").read_bytes(), 0, [RECORD])
    assert isinstance(live, status.StatusList) and notices is not None
    entries = {row.code: place(row.serial, SECRET).entry for row in (ana, bo, chiara, new)}
    assert {code for code, entry in entries.items() if live.revoked(entry)} == {ana.code, bo.code}
    assert sum(byte.bit_count() for byte in live.bits) == 2
    assert notices.of(ana.code, entries[ana.code]) == sealed.Notice("Plagiarism")
    assert notices.of(bo.code, entries[bo.code]) == sealed.Notice(None, new.code)
    assert (tmp_path / sealed.place_of(bo.code)).exists()  # the old code answers still
    assert notices.of(new.code, entries[new.code]) is None


def test_codes_are_left_out_when_asked_and_stay_when_they_were_there(academy: Publisher, tmp_path: Path) -> None:
    academy.issue("Ana Díaz")
    built(academy, tmp_path, codes=False)
    assert not (tmp_path / "codes").exists()
    built(academy, tmp_path)
    academy.issue("Bo Li")
    built(academy, tmp_path, codes=False)
    assert len(list((tmp_path / "codes").rglob("*"))) == 2


def test_erased_people_leave_the_site(academy: Publisher, tmp_path: Path) -> None:
    ana, bo, *_ = academy.issue()
    built(academy, tmp_path)
    academy.registry.erase([ana.serial])
    found = built(academy, tmp_path, codes=False)
    assert found is not None and found.removed == [sealed.place_of(ana.code)]
    assert (tmp_path / sealed.place_of(bo.code)).exists()


def test_only_those_who_agreed_are_named_and_only_when_asked(academy: Publisher, tmp_path: Path) -> None:
    ana, bo, *_ = academy.issue(consented=["Ana Díaz", "Bo Li"])
    academy.registry.revoke([bo.serial], "Plagiarism", TODAY)
    built(academy, tmp_path)
    assert not (tmp_path / "people.json").exists()
    built(academy, tmp_path, public=True)
    people = json.loads((tmp_path / "people.json").read_bytes())["people"]
    assert [person["name"] for person in people] == ["Ana Díaz"] and people[0]["url"] == ana.url
    built(academy, tmp_path)  # a consent that was taken back must not stay published
    assert not (tmp_path / "people.json").exists()


def test_course_facts_are_never_written_over(academy: Publisher, tmp_path: Path) -> None:
    academy.issue("Ana Díaz")
    built(academy, tmp_path)
    (path,) = (tmp_path / "facts").iterdir()
    path.write_bytes(b"altered")
    problems: list[Problem] = []
    built(academy, tmp_path, problems=problems)
    assert [problem.code for problem in problems] == ["facts-altered"] and path.read_bytes() == b"altered"


def test_what_others_put_there_stays(academy: Publisher, tmp_path: Path) -> None:
    for name in ("index.html", "robots.txt", "_headers", "people.json", "facts/000000000000000000000000.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"ours")
    academy.issue("Ana Díaz")
    built(academy, tmp_path)
    kept = [name for name, data in files(tmp_path).items() if data == b"ours"]
    assert len(kept) == 5


def test_below_a_path_there_is_no_well_known(tmp_path: Path) -> None:
    academy = Publisher(tmp_path / "academy", "https://example.org/acme")
    academy.issue("Ana Díaz")
    built(academy, tmp_path / "site")
    assert json.loads((tmp_path / "site/did.json").read_bytes())["id"] == "did:web:example.org:acme"
    assert not (tmp_path / "site/.well-known").exists()
    assert "/acme/status/*" in (tmp_path / "site/_headers").read_text()
    academy.registry.close()


def test_a_stolen_key_leaves_and_what_it_honestly_signed_is_listed(academy: Publisher, tmp_path: Path) -> None:
    ana, *_ = academy.issue()
    academy.registry.add_key(KeyRecord(OTHER_KEY.public.multikey, TODAY))
    academy.registry.change_key(KEY.public.multikey, "compromised", TODAY)
    (eva,) = academy.issue("Eva Novák", key=OTHER_KEY)
    built(academy, tmp_path, key=OTHER_KEY)
    keys = academy.registry.keys()
    assert KEY.public.multikey not in (tmp_path / "did.json").read_text() + (tmp_path / "site.json").read_text()
    honest = sealed.read_honest((tmp_path / "honest.json").read_bytes(), keys)
    assert honest is not None and honest.of == (KEY.public.multikey,)
    assert payload.digest(ana.payload) in honest.payloads and payload.digest(eva.payload) not in honest.payloads
    assert len(honest.payloads) == 4
    assert payload.unseal(ana.payload, by_short(keys), honest.payloads).state == "authentic"


def test_a_key_that_nobody_would_believe_builds_nothing(academy: Publisher, tmp_path: Path) -> None:
    academy.issue("Ana Díaz")
    problems: list[Problem] = []
    assert built(academy, tmp_path, key=OTHER_KEY, problems=problems) is None
    assert [problem.code for problem in problems] == ["key"] and not list(tmp_path.glob("*.json"))


def test_a_clock_that_went_back_builds_nothing(academy: Publisher, tmp_path: Path) -> None:
    academy.issue("Ana Díaz")
    built(academy, tmp_path)
    problems: list[Problem] = []
    assert built(academy, tmp_path, day=ISSUED, problems=problems) is None
    assert [problem.code for problem in problems] == ["clock"]


def test_the_academy_says_how_long_a_list_is_good(academy: Publisher, tmp_path: Path) -> None:
    academy.issuer = replace(academy.issuer, status_valid=90)
    academy.issue("Ana Díaz")
    built(academy, tmp_path)
    assert json.loads((tmp_path / "status/0.json").read_bytes())["validUntil"].startswith("2027-02-20")


def test_reminders_come_sixty_days_ahead(academy: Publisher, tmp_path: Path) -> None:
    academy.issue("Ana Díaz")
    assert site.reminder(academy.registry, academy.issuer, TODAY) is None
    built(academy, tmp_path)
    ends = TODAY + timedelta(400)
    assert site.reminder(academy.registry, academy.issuer, ends - timedelta(61)) is None
    for left in (60, 1, 0, -5):
        problem = site.reminder(academy.registry, academy.issuer, ends - timedelta(left))
        assert problem is not None and problem.severity == "warning"


# --- figures ---------------------------------------------------------------------------------

TABLE = """titles,employers,openings,country,as_of,code,source
Data analyst; Data scientist,"1,234",567,FR,2026-01,,Labour office
Analyst,12,,ES,2026-02,http://data.europa.eu/esco/occupation/1,
"""


def test_figures_are_filed_by_code_or_by_title(academy: Publisher, tmp_path: Path) -> None:
    table = tmp_path / "figures.csv"
    table.write_text(TABLE, encoding="utf-8")
    built(academy, tmp_path / "site", figures=table)
    found = json.loads((tmp_path / "site/figures.json").read_bytes())
    assert found["source"] == "Labour office"
    assert set(found["figures"]) == {"data analyst", "data scientist", "http://data.europa.eu/esco/occupation/1"}
    assert found["figures"]["data analyst"] == [
        {
            "titles": "Data analyst; Data scientist",
            "employers": "1234",
            "openings": "567",
            "country": "FR",
            "as_of": "2026-01",
        }
    ]
    built(academy, tmp_path / "site")  # stays until another table is given
    assert json.loads(inlined((tmp_path / "site/verify.html").read_bytes())["figures.json"]) == found


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ("titles,employers\nA,1\n", None),
        (TABLE.replace("567", "many"), "C2"),
        (TABLE.replace("Analyst,12", ",12"), "A3"),
    ],
)
def test_a_wrong_table_of_figures_is_told_by_its_cell(
    academy: Publisher, tmp_path: Path, table: str, place: str | None
) -> None:
    (tmp_path / "figures.csv").write_text(table, encoding="utf-8")
    problems: list[Problem] = []
    assert built(academy, tmp_path / "site", figures=tmp_path / "figures.csv", problems=problems) is None
    assert [problem.cell for problem in problems] == [place]
