"""An issuer.toml, checked, becomes an Issuer."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from certgen import toml
from certgen.course.checks import PICTURES, Builder
from certgen.course.entries import ColoursEntry, FontsEntry, IssuerFile
from certgen.course.mail import mail
from certgen.course.press import press
from certgen.model import Issuer
from certgen.toml import Key

_PLACEHOLDERS = re.compile(r"(^|\.)(example(\.(com|org|net|edu))?|test|invalid|localhost|localdomain)$")


class IssuerBuilder(Builder):
    def build(self, raw: IssuerFile) -> Issuer:
        logos = [raw.logo] if isinstance(raw.logo, str) else raw.logo or []
        keys: list[Key] = [("logo",)] if isinstance(raw.logo, str) else [("logo", n) for n in range(len(logos))]
        fonts = raw.fonts or FontsEntry()
        roles = {role: self.text(("fonts", role), getattr(fonts, role)) for role in ("heading", "name", "body")}
        colours = raw.colours or ColoursEntry()
        words: dict[str, dict[str, str]] = {}
        for tag, labels in raw.words.items():
            canonical = self.language(("words", tag), tag)
            if canonical:
                words.setdefault(canonical, {}).update(
                    {
                        label: text
                        for label, phrase in labels.items()
                        if (text := self.text(("words", tag, label), phrase))
                    }
                )
        return Issuer(
            name=self.text(("name",), raw.name) or "",
            folder=str(self.folder),
            verify_url=self.verify_url(raw.verify_url),
            legal_name=self.text(("legal_name",), raw.legal_name),
            url=self.url(("url",), raw.url),
            contact=self.text(("contact",), raw.contact),
            privacy_url=self.url(("privacy_url",), raw.privacy_url),
            logos=tuple(
                path for key, logo in zip(keys, logos, strict=True) if (path := self.file(key, logo, PICTURES))
            ),
            primary=self.colour(("colours", "primary"), colours.primary, "#1f3a5f"),
            accent=self.colour(("colours", "accent"), colours.accent, "#b08d57"),
            fonts={role: family for role, family in roles.items() if family},
            font_folder=self.file(("fonts", "folder"), fonts.folder, (), folder=True),
            words=words,
            key=self.signing_key(raw.key),
            status_valid=self.status_valid(raw.status_valid),
            retention=self.retention(raw.retention),
            mail=mail(self, raw.mail) if raw.mail else None,
            press=press(self, raw.press) if raw.press else None,
            file=self.document.file,
        )

    def verify_url(self, value: str) -> str:
        key: Key = ("verify_url",)
        url = self.url(key, value)
        if not url:
            return ""
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        local = host in ("localhost", "127.0.0.1", "::1")
        if parts.query or parts.fragment or "?" in url or "#" in url:
            self.tell(key, "bad-address", "verify_url may not have ? or # in it.", f'"{re.split("[?#]", url)[0]}"')
        elif not url.isascii():
            self.tell(
                key,
                "bad-address",
                "verify_url has letters that QR readers do not open surely.",
                "Write it in ASCII, as the browser's address bar copies it.",
            )
        if parts.scheme != "https" and not local:
            self.tell(key, "insecure-address", "verify_url must begin with https://.", f'"https{url[4:]}"')
        elif local or _PLACEHOLDERS.search(host):
            self.tell(
                key,
                "placeholder-domain",
                f"{host} is a placeholder: nobody can verify a certificate there.",
                "Put in the address of your own verification site before you issue.",
                "warning",
            )
        return url.rstrip("/")

    def signing_key(self, value: str | None) -> str | None:
        """A Multikey of an Ed25519 key, as ``certgen keys new`` writes it."""
        from certgen.signing import PublicKey

        value = self.text(("key",), value)
        if value is None:
            return None
        try:
            return PublicKey.from_multikey(value).multikey
        except ValueError:
            hint = "Copy it from “certgen keys list”, or take the line out: certgen writes it again."
            self.tell(("key",), "bad-key", "key is not the name of a signing key (z6Mk and 44 more letters).", hint)
            return None

    def status_valid(self, value: int) -> int:
        if 1 <= value <= 3660:
            return value
        self.tell(("status_valid",), "bad-days", f"status_valid must be 1 to 3660 days; here it is {value}.", "400")
        return 400

    def retention(self, value: str | None) -> str | None:
        value = self.text(("retention",), value)
        if value is None or re.fullmatch(r"[1-9]\d{0,2} (year|month|day)s?", value):
            return value
        self.tell(
            ("retention",),
            "bad-retention",
            f"retention must be a time such as 10 years; here it is “{value[:40]}”.",
            '"10 years"',
        )
        return None

    def colour(self, key: Key, value: str | None, default: str) -> str:
        value = self.text(key, value)
        if value is None:
            return default
        if re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
            return value.lower()
        if re.fullmatch(r"#[0-9A-Fa-f]{3}", value):
            return "#" + "".join(digit * 2 for digit in value[1:].lower())
        hint = f'"#{value}"' if re.fullmatch(r"[0-9A-Fa-f]{6}", value) else 'For example "#0b3d62".'
        self.tell(
            key, "bad-colour", f'{toml.dotted(key)} must be a colour such as #0b3d62; here it is "{value[:40]}".', hint
        )
        return default
