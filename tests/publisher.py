"""An academy that has issued certificates: a registry with real payloads, for tests of the site and of amendments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from certgen import codes, facts, payload
from certgen.model import Issuer, Recipient
from certgen.payload import LIST_LENGTH
from certgen.registry import Ask, Batch, Content, Done, Held, Registry, Wanted
from certgen.signing import KeyRecord, SigningKey
from certgen.status import place

SECRET = bytes(range(32))
KEY = SigningKey(bytes(range(1, 33)))
OTHER_KEY = SigningKey(bytes(range(2, 34)))
RECORD = KeyRecord(KEY.public.multikey, date(2026, 1, 1))
ISSUED = date(2026, 11, 21)
NAMES = ("Ana Díaz", "Bo Li", "Chiara Óvári", "Đặng Thị Hoa")


class Publisher:
    """A folder with a registry; :meth:`issue` adds certificates to it."""

    def __init__(self, folder: Path, verify_url: str = "https://verify.harbour-academy.org") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.issuer = Issuer(
            "Harbour Academy", str(folder), verify_url, legal_name="Harbour Academy e.V.",
            contact="office@harbour-academy.org", privacy_url="https://www.harbour-academy.org/privacy",
        )  # fmt: skip
        registry = Registry.open(folder, [], create=True)
        assert registry is not None
        self.registry = registry
        registry.add_key(RECORD)

    def facts(self, title: str = "Data Analysis") -> bytes:
        data = b'{"format":"certgen-facts-1","language":"en","title":"%b"}' % title.encode()
        self.registry.keep_facts(data)
        return data

    def issue(
        self,
        *names: str,
        key: SigningKey = KEY,
        consented: Sequence[str] = (),
        replaces: Held | None = None,
        **more: Any,
    ) -> list[Held]:
        """One certificate for each name; with ``replaces``, the one name takes its place."""
        about = facts.mark(self.facts())
        content = Content("", None, "DA-1", "Data Analysis", "achievement", Decimal(40), None, None, None, None)
        asks = []
        for name in names or NAMES:
            person = replaces.person if replaces else codes.text(name.encode().ljust(10)[:10])
            wanted = Wanted(
                person, "name", "DA-1\n", replace(content, name=name, **more), Recipient(row=2, name=name), "en", 0,
                "achievement", name in consented,
            )  # fmt: skip
            asks.append(Ask(wanted, self.registry.match([wanted])[0], replace=replaces is not None))

        def code_of(wanted: Wanted, revision: int) -> str:
            return codes.text(sha256(f"{wanted.person},{revision}".encode()).digest()[:10])

        made = self.registry.reserve(
            asks, code_of=code_of, issued=ISSUED, prefix=f"{self.issuer.verify_url}/v#", setting=""
        )
        done = []
        for one, ask in zip(made, asks, strict=True):
            at = place(one.serial, SECRET)
            text = payload.seal(
                key, credential=codes.bits(one.code), status=at.number * LIST_LENGTH + at.entry, issued=ISSUED,
                expires=None, hours=Decimal(40), award="achievement", facts=about, name=ask.wanted.content.name,
                title="Data Analysis",
            )  # fmt: skip
            done.append(Done(one.serial, f"{one.code}.pdf", str(self.folder), "0" * 64, text, b"{}"))
        self.registry.finish(Batch("roster.xlsx", "0" * 64, "DA-1"), done)
        return self.registry.get(one.serial for one in made)
