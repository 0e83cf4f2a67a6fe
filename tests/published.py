"""What the commands themselves write of an example: batch, revoke, reissue, site build; and how to spoil it.

Its days are moved to 2024, as judges go by today's, and its roster is cut to some people, as judges are slow.
"""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from threading import Thread
from typing import Any

import openpyxl
import pikepdf
import pytest
from conftest import MADE_FILES, ROOT
from msgspec.structs import replace

from certgen import payload
from certgen.canonical import jcs, rdfc
from certgen.cli import cli, guarded
from certgen.course import load_issuer
from certgen.model import Issuer
from certgen.proof import secured, suites
from certgen.registry import Held, Registry
from certgen.signing import KeyRecord, PublicKey, SigningKey, did, did_document, method
from certgen.site import told_key
from certgen.site.page import page
from certgen.site.serve import server
from certgen.status import status_list

OTHER = SigningKey(bytes(32))
"""Somebody else's key."""
NEIGHBOUR = "https://verify.elsewhere.example"
"""Where another academy has its site; its key is the other one."""
PEOPLE = 7  # of a roster; the first four are taken for something
REASON = "Issued by mistake"
SURNAME = " Corrected"


def typed(*words: object) -> tuple[int, str]:
    """What a command ends with, and what it prints; in this process."""
    raw = io.BytesIO()
    told = io.TextIOWrapper(raw, "utf-8", write_through=True)
    with redirect_stdout(told), redirect_stderr(io.StringIO()) as wrong:
        code = guarded(lambda: cli.main([str(word) for word in words], standalone_mode=False))
    return code, raw.getvalue().decode("utf-8") or wrong.getvalue()


def verdicts(*things: object, site: Path | None = None, folder: Path | None = None) -> list[str]:
    """What ``certgen verify`` says of each, against a site's folder or an academy's."""
    against = ["--site", site] if site else ["--folder", folder]
    code, told = typed("verify", *things, *against, "--json")
    found = json.loads(told)["certificates"]
    good = {"authentic", "authentic-until", "status-unknown"}
    assert code == (0 if all(one["verdict"] in good for one in found) else 8), told
    assert all(one["good"] == (one["verdict"] in good) for one in found)
    return [one["verdict"] for one in found]


class Published:
    """An academy made from an example: certificates ``valid``, ``revoked``, ``replaced``, ``successor`` and ``expired``
    in its registry, and in ``site`` what it has published."""

    def __init__(self, name: str, home: Path) -> None:
        self.folder, self.site = home / name, home / name / "site"
        shutil.copytree(ROOT / "roster_examples" / name, self.folder, ignore=MADE_FILES)
        course = self.folder / "course.toml"
        text = course.read_text(encoding="utf-8")
        course.write_text(moved(text, 2024, "90 years" if 'expires = "2' in text else None), encoding="utf-8")
        code = re.search(r'^code = "(.*)"$', text, re.M)
        assert code is not None
        earlier = moved(text, 2020, "1 year").replace(f'"{code[1]}"', f'"{code[1]}-E"', 1)
        (self.folder / "earlier.toml").write_text(earlier, encoding="utf-8")
        roster = self.folder / "roster.xlsx"
        cut(roster, PEOPLE)
        shutil.copy(roster, self.folder / "earlier.xlsx")
        cut(self.folder / "earlier.xlsx", 1)
        self.out = self.folder / "certificates"
        more = ("--badges", "--jobs", 1, "--no-sheet", "--json")
        self._do("batch", roster, "--out", self.out, *more)
        course_file = self.folder / "earlier.toml"
        self._do("batch", self.folder / "earlier.xlsx", "--course", course_file, "--out", self.out, *more)
        issuer = load_issuer(self.folder / "issuer.toml", [])
        assert issuer is not None and issuer.key is not None
        self.issuer: Issuer = issuer
        rows = self.rows()
        self.expired = next(row for row in rows if row.expires and row.expires < date.today())
        self.valid, revoked, replaced, *_ = (row for row in rows if row != self.expired)
        assert replaced.content is not None
        where = ("--folder", self.folder, "--yes")
        self._do("revoke", revoked.code, "--reason", REASON, *where)
        self._do("reissue", replaced.code, "--name", replaced.content.name + SURNAME, *where)
        self.build()
        with self.registry() as registry:
            self.revoked, self.replaced = (held(registry, row.code) for row in (revoked, replaced))
            assert self.replaced.replaced_by is not None
            self.successor = held(registry, self.replaced.replaced_by)

    def _do(self, *words: object) -> None:
        code, told = typed(*words)
        assert code == 0, told

    def build(self) -> None:
        self._do("site", "build", self.site, "--folder", self.folder)

    @contextmanager
    def registry(self) -> Iterator[Registry]:
        opened = Registry.open(self.folder, [])
        assert opened is not None
        with opened:
            yield opened

    @cached_property
    def key(self) -> SigningKey:
        """The key that the batch made."""
        from certgen import keys

        with self.registry() as registry:
            found = keys.signing_key(self.folder, self.issuer, registry, [], create=False)
        assert found is not None
        return found.key

    @property
    def did(self) -> str:
        return did(self.issuer.verify_url)

    def rows(self) -> list[Held]:
        """Every certificate that was ever issued."""
        with self.registry() as registry:
            return list(registry.all())

    def of(self, kind: str) -> Held:
        """The certificate that a case is about."""
        row: Held = getattr(self, kind) if kind in ("revoked", "replaced", "expired") else self.valid
        return row

    def file(self, row: Held, suffix: str = ".pdf") -> Path:
        return (self.out / row.file).with_suffix(suffix)

    def badge(self, row: Held) -> dict[str, Any]:
        """The credential that is attached to a certificate."""
        with pikepdf.open(self.file(row)) as pdf:
            return dict(json.loads(pdf.attachments["credential.json"].get_file().read_bytes()))

    def spoiled(self, name: str) -> Path:
        """A copy of the site in which something is not as the academy published it."""
        folder = self.site.with_name(f"site-{name.replace(' ', '-')}")
        if not folder.exists():
            shutil.copytree(self.site, folder)
            for file, data in SITES[name](self).items():
                (folder / file).write_bytes(data)
        return folder

    def serves(self, folder: Path) -> dict[str, bytes]:
        """What a site's folder serves, by address."""
        served = {
            f"{self.issuer.verify_url}/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for path in folder.rglob("*.json")
        }
        return served | {self.did: (folder / "did.json").read_bytes()}


def moved(course: str, year: int, expires: str | None) -> str:
    """A course's text with its days in another year, and valid for as long as is said."""
    text = re.sub(r"(?m)^(start|end|issued) = 2026-", rf"\1 = {year}-", course)
    if expires:
        text = re.sub(r"(?m)^expires = .*\n", "", text)
        text = re.sub(r"(?m)^(issued = .*)$", rf'\1\nexpires = "{expires}"', text)
    return text


def cut(roster: Path, people: int) -> None:
    """Leaves so many people on a roster whose header is its first row."""
    book = openpyxl.load_workbook(roster)
    for sheet in book:
        sheet.delete_rows(people + 2, sheet.max_row)
    book.save(roster)


def held(registry: Registry, code: str) -> Held:
    found = registry.find(code)
    assert found is not None
    return found


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """An address at which a folder's files are, as certgen's own server serves them."""
    with server(folder) as made:
        Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{made.server_address[1]}"
        made.shutdown()


# --- what is spoiled -------------------------------------------------------------------------


def resigned(document: Mapping[str, Any], issuer: str, key: SigningKey, named: PublicKey) -> dict[str, Any]:
    """A credential as somebody with another key would sign it in the issuer's name, naming a key as its own."""
    plain = {name: value for name, value in document.items() if name != "proof"}
    marks = suites(plain["@context"], document["proof"][0]["created"], method(issuer, named))
    return dict(json.loads(secured(jcs(plain), rdfc(plain), marks, key)))


def resealed(text: str, signer: SigningKey, **changes: Any) -> str:
    """A payload as somebody else would seal it with a key of his own, saying the same but for what is changed."""
    claims = payload.unseal(text, {}).claims
    assert claims is not None
    said = {field: getattr(claims, field) for field in claims.__struct_fields__}
    return payload.seal(signer, **{**said, "name": claims.name.start, "title": claims.title.start, **changes})


def in_the_name_of(key: PublicKey, text: str, signature: Callable[[bytes], bytes]) -> str:
    """A payload that names a key, with another signature."""
    body = payload.unbase41(text)[:-64]
    at = body.index(b"\x44") + 1  # the key id: four bytes
    body = body[:at] + key.short + body[at + 4 :]
    return payload.base41(body + signature(payload.DOMAIN + body))


def _another_list(academy: Published) -> dict[str, bytes]:
    """The next list of the same academy, genuine in all but its place."""
    return {"status/0.json": status_list(1, [], academy.issuer, academy.key, date.today())}


def _forged_list(academy: Published) -> dict[str, bytes]:
    return {"status/0.json": status_list(0, [], academy.issuer, OTHER, date.today())}


def _neighbours_list(academy: Published) -> dict[str, bytes]:
    """The list of another academy, genuine in its place."""
    other = replace(academy.issuer, verify_url=NEIGHBOUR)
    return {"status/0.json": status_list(0, [], other, OTHER, date.today())}


def _swapped_key(academy: Published) -> dict[str, bytes]:
    """The site of whoever bought the address: same names, a key of his own."""
    record = KeyRecord(OTHER.public.multikey, date.today())
    about = json.loads((academy.site / "site.json").read_bytes()) | {"keys": [told_key(record)]}
    described = jcs(did_document(academy.did, [record]))
    shown = page(about)
    files = {"site.json": jcs(about), "did.json": described, "v.html": shown, "v/index.html": shown}
    return files | ({".well-known/did.json": described} if (academy.site / ".well-known").is_dir() else {})


def _another_did(academy: Published) -> dict[str, bytes]:
    """Only the file that other software reads."""
    return {name: data for name, data in _swapped_key(academy).items() if name.endswith("did.json")}


SITES: dict[str, Callable[[Published], dict[str, bytes]]] = {
    "another list": _another_list,
    "neighbour's list": _neighbours_list,
    "forged list": _forged_list,
    "swapped key": _swapped_key,
    "swapped did.json": _another_did,
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Published]]:
    """``published("online-academy")``: made once."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CERTGEN_PASSPHRASE", "correct horse battery")
        patched.setenv("COLUMNS", "200")
        home = tmp_path_factory.mktemp("published")
        yield cache(lambda name: Published(name, home))
