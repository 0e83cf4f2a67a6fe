"""A registry that was lost, made again from the certificates themselves.

Every certificate's PDF has its signed credential and its QR code's text in it. The place in the status list is a keyed
permutation of the number in the registry, so that number comes back from the place and the secret. What only the
registry knew is lost: history, and what was revoked unless the verification site tells. Nothing is believed that one of
the academy's keys has not signed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certgen import keys
from certgen.credential import SECRET_FILE
from certgen.errors import ExitCode, Problem, has_errors
from certgen.keys.passphrase import Keyring
from certgen.model import Issuer
from certgen.rebuild import rows as rebuilt
from certgen.rebuild.making import made_from
from certgen.rebuild.people import facts_there, owners, rosters
from certgen.rebuild.proven import Proven, another_secret, each_once, read_all
from certgen.registry import FILE, Held, Registry, Setting
from certgen.registry.shelf import NEXT
from certgen.signing import KeyRecord, load_key
from certgen.site.standing import LOST
from certgen.verify.source import Site

MARGIN = 1000  # numbers left free, for certificates that were not found: two must never share a place in a status list

Watch = Callable[[str, int], None]
"""Told what is being done, and how many of it are done."""


class Rebuilt(Struct, kw_only=True):
    """What came of it. ``files`` had a certificate in them; ``strange`` are PDF files without one that this academy has
    signed; ``twice`` are further files of a certificate. ``unowned``: certificates whose owner no roster and no name
    tells. ``copied``: those that certgen can make again, byte for byte. ``facts`` were found of ``facts_wanted``.
    ``lost``: entries of the published list that are cancelled and belong to no certificate that was found."""

    certificates: int
    states: dict[str, int]
    files: int
    strange: list[Path]
    twice: list[Path]
    unowned: int
    copied: int
    facts: int
    facts_wanted: int
    keys: list[KeyRecord]
    site: str
    lost: int


def rebuild(
    folder: Path, issuer: Issuer, places: Sequence[Path], site: Site | None, problems: list[Problem], watch: Watch
) -> Rebuilt | None:
    """Makes ``certgen.db`` in the academy's folder from the PDF files below ``places``. None with a Problem, and then
    there is none. ``site``: the published site, or a copy of it, which tells what was revoked."""
    if (folder / FILE).exists():
        message = f"There is a registry here already ({FILE}), and one is never made over another."
        problems.append(_trouble("registry-there", message, "If it is damaged, move it away first, and keep it."))
        return None
    secret = keys.secret(folder, None, problems, create=False)
    if secret is None:
        message = f"{SECRET_FILE} is not here, and without it nobody can tell a certificate's number in the registry."
        hint = "Restore it from a backup, or copy it from the computer that has it."
        problems += [] if has_errors(problems) else [_trouble("secret-missing", message, hint)]
        return None
    read, strange = read_all(folder, issuer, places, site, secret.value, watch)
    if not read:
        message = "No certificate of this academy was found: no PDF file with a credential that one of its keys signed."
        hint = f"Name the folders that the certificates are in. Keys are known by issuer.toml and by {keys.FOLDER}/."
        problems.append(_trouble("no-certificates", message, hint))
        return None
    chosen, twice = each_once(read, folder)
    if another_secret(chosen):
        message = (
            f"{SECRET_FILE} is not the secret that these certificates were made with: their numbers make no sense."
        )
        problems.append(_trouble("secret-other", message, "Restore the right one from a backup."))
        return None
    watch("rosters", 0)
    tried = rosters(folder)
    known = owners(tried, [each.code for each in chosen], secret.value)
    rows, unowned = rebuilt.rows(chosen, known, secret.value)
    rows = rebuilt.standing(rows, site)
    numbers = {held.serial for held in rows}
    lost = rebuilt.lost(site, numbers, secret.value)
    wanted = {each.facts for each in chosen if each.facts}
    found = list(facts_there(folder, issuer, wanted))
    rows, settings = made_from(rows, known, issuer, watch)
    records = _records(folder, issuer, chosen, site)
    _write(folder, rows, settings, found, records, lost, len(tried), problems)
    if has_errors(problems):
        return None
    return Rebuilt(
        certificates=len(rows),
        states=dict(Counter(held.state for held in rows)),
        files=len(read),
        strange=strange,
        twice=twice,
        unowned=unowned,
        copied=sum(bool(held.setting) for held in rows),
        facts=len(found),
        facts_wanted=len(wanted),
        keys=records,
        site=site.words if site else "",
        lost=len(lost),
    )


# --- writing ---------------------------------------------------------------------------------


def _records(folder: Path, issuer: Issuer, chosen: Sequence[Proven], site: Site | None) -> list[KeyRecord]:
    """The keys, the one that signs last. One that issuer.toml does not name signs no more."""
    first: dict[str, date] = {}
    found: dict[str, KeyRecord] = {key.multikey: key for key in site.keys} if site else {}
    for one in chosen:
        issued = rebuilt.day(one.document["validFrom"])
        assert issued is not None
        first[one.key.multikey] = min(first.get(one.key.multikey, issued), issued)
        found.setdefault(one.key.multikey, one.key)
    for path in (folder / keys.FOLDER).glob("*.pem"):
        there = None if keys.is_locked(path) else load_key(path, None, [])
        if there is not None:
            found.setdefault(there.public.multikey, KeyRecord(there.public.multikey, date.today()))
    if issuer.key:
        found.setdefault(issuer.key, KeyRecord(issuer.key, date.today()))
    active = issuer.key or (next(iter(found)) if len(found) == 1 else None)
    done = []
    for multikey, key in found.items():
        made = first.get(multikey, date.today())
        if key.state == "active" and multikey != active:
            key = replace(key, state="retired", since=date.today())
        done.append(replace(key, made=made))
    return sorted(done, key=lambda key: (key.state == "active", key.made, key.multikey))


def _write(
    folder: Path,
    rows: Sequence[Held],
    settings: Iterable[Setting],
    facts: Iterable[bytes],
    records: Iterable[KeyRecord],
    lost: Sequence[int],
    rosters: int,
    problems: list[Problem],
) -> None:
    registry = Registry.open(folder, problems, create=True)
    if registry is None:
        return
    try:
        with registry, registry.writing():
            for key in records:
                registry.add_key(key)
                path = keys.key_file(folder, key.public)
                if path.exists():
                    name = key.public.fingerprint
                    kept = "none" if not keys.is_locked(path) else "keyring" if Keyring().get(name) else "chosen"
                    registry.set_meta(f"passphrase:{name}", kept)
            keys.secret(folder, registry, problems, create=True)
            for data in facts:
                registry.keep_facts(data)
            for setting in settings:
                registry.keep(setting)
            registry.set_meta(NEXT, str(max([*(held.serial for held in rows), *lost]) + MARGIN))
            registry.set_meta(LOST, msgspec.json.encode(lost).decode())
            registry.adopt(rows, {"from": "PDF files", "certificates": len(rows), "rosters": rosters})
    except BaseException:  # half a registry would be taken for a whole one
        for suffix in ("", "-wal", "-shm", "-journal"):
            (folder / f"{FILE}{suffix}").unlink(missing_ok=True)
        raise


def _trouble(code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, message=message, hint=hint, exit_code=ExitCode.REGISTRY)
