"""What the builders of courses and issuers check alike: texts, Markdown, addresses, files, languages."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from certgen import prose, toml
from certgen.course.entries import SkillEntry
from certgen.errors import Problem, Severity
from certgen.model import Prose, Skill
from certgen.toml import UNKNOWN, Document, Key

PICTURES = (".svg", ".png", ".jpg", ".jpeg", ".pdf")


class Builder:
    def __init__(self, document: Document, folder: Path, problems: list[Problem]) -> None:
        self.document = document
        self.folder = folder.absolute()
        self.problems = problems

    def tell(self, key: Key, code: str, message: str, hint: str = "", severity: Severity = "error") -> None:
        self.problems.append(self.document.problem(key, code, message, hint, severity))

    def text(self, key: Key, value: str | None) -> str | None:
        """A text as printed: trimmed, single spaces; blank is None. Line breaks stay."""
        if value is None or value == UNKNOWN:
            return None
        bad = next((c for c in value if unicodedata.category(c) in ("Cc", "Cs", "Cn") and c not in "\n\t\r"), None)
        if bad:
            self.tell(
                key,
                "unprintable",
                f"{toml.dotted(key)} holds the unprintable character U+{ord(bad):04X}.",
                "Type the text again.",
            )
            value = value.replace(bad, "")
        return re.sub(r"[ \t]+", " ", re.sub(r"\s*\n\s*", "\n", value)).strip() or None

    def prose(self, key: Key, value: str | None) -> Prose | None:
        if value is None or value == UNKNOWN or not value.strip():
            return None
        made, refused = prose.parse(value)
        for words in refused:
            down = words.line if isinstance(words, prose.Refused) else 0
            hint = words.hint if isinstance(words, prose.Refused) else ""
            self.problems.append(self.document.problem(key, "markdown", str(words), hint, text_line=down))
        return made

    def url(self, key: Key, value: str | None) -> str | None:
        """An address that begins with http:// or https://; others are told."""
        value = self.text(key, value)
        if not value:
            return None
        try:
            parts = urlsplit(value)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        name = toml.dotted(key)
        if re.search(r"\s", value):
            self.tell(key, "bad-address", f"{name} has a space in it.", "Take it out, or write it as %20.")
        elif parts.scheme not in ("http", "https") or not host:
            hint = f"https://{value}" if re.fullmatch(r"[\w.-]+\.[a-z]{2,}(/.*)?", value) else "https://www.academy.org"
            self.tell(key, "bad-address", f'{name} must be a web address; here it is "{value[:60]}".', f'"{hint}"')
        elif parts.username is not None:
            self.tell(key, "bad-address", f"{name} has a user name or a password in it.", "Take out what is before @.")
        else:
            return value
        return None

    def file(self, key: Key, value: str | None, kinds: tuple[str, ...], *, folder: bool = False) -> str | None:
        """The absolute path of a file (or folder) named in this file; None (told) if it cannot be used."""
        value = self.text(key, value)
        if not value:
            return None
        name = toml.dotted(key)
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:|//|\\\\", value):
            self.tell(
                key,
                "network-path",
                f'{name} is on the network: "{value[:60]}".',
                "Copy the file beside this one, and give its name.",
            )
            return None
        path = self.folder / value.replace("\\", "/")
        what = "folder" if folder else "file"
        try:
            found = path.is_dir() if folder else path.is_file()
            if not found and path.exists():
                self.tell(key, "no-file", f'{name} = "{value}" is not a {what}.', f"Give the name of a {what}.")
                return None
            if not found:
                beside = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
                close = toml.nearest(path.name, sorted(beside)[:1000])
                hint = f'Did you mean "{close}"?' if close else f"It should be {path}."
                if os.name != "nt" and re.match(r"[A-Za-z]:[\\/]", value):
                    hint = f"That is a place on a Windows computer. Put the {what} beside this file, and give its name."
                self.tell(key, "no-file", f'{name} = "{value}": there is no such {what}.', hint)
                return None
        except (OSError, ValueError) as error:
            self.tell(key, "no-file", f'{name} = "{value[:60]}" cannot be opened: {error}.', "Give another name.")
            return None
        if kinds and path.suffix.lower() not in kinds:
            self.tell(
                key, "file-kind", f"{name} is a {path.suffix or 'nameless'} file.", "Save it as SVG, PNG, JPEG or PDF."
            )
            return None
        return str(path.resolve())

    def language(self, key: Key, value: str) -> str | None:
        """A canonical language tag; None (told) if it is not one."""
        if value == UNKNOWN:
            return None
        made = language_tag(value)
        if made is None:
            meant = language_named(value)
            self.tell(
                key,
                "unknown-language",
                f'"{value[:40]}" is not the tag of a language.',
                f'Did you mean "{meant}"?' if meant else 'Tags are like "en", "fr", "pt-BR" or "zh-Hant".',
            )
        return made

    def languages(self, key: Key, tags: Iterable[str]) -> tuple[str, ...]:
        made: list[str] = []
        for index, value in enumerate(tags):
            tag = self.language((*key, index), value)
            if tag in made:
                self.tell((*key, index), "repeated", f'"{tag}" stands twice in {toml.dotted(key)}.', "Delete one.")
            elif tag:
                made.append(tag)
        return tuple(made)

    def skills(self, key: Key, entries: Iterable[str | SkillEntry]) -> tuple[Skill, ...]:
        made = []
        for index, entry in enumerate(entries):
            place = (*key, index)
            if isinstance(entry, str):
                made.append(Skill(name=self.text(place, entry) or ""))
            else:
                name = self.text((*place, "name"), entry.name) or ""
                made.append(Skill(name=name, code=self.url((*place, "code"), entry.code)))
        return tuple(made)


# --- languages -------------------------------------------------------------------------------


@cache
def language_tag(text: str) -> str | None:
    """A BCP 47 tag in its canonical case; None if it is malformed or its language or country is not known.

    Source: RFC 5646; ICU's lists of ISO 639 languages and ISO 3166 countries.
    """
    tag = text.strip().replace("_", "-")
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", tag):
        return None
    from icu import ICUError, Locale

    try:
        locale = Locale.forLanguageTag(tag)
    except ICUError:  # "xx-yy-zzz": a country where only a private use could follow
        return None
    made = str(locale.toLanguageTag())
    country = str(locale.getCountry())
    if made.count("-") != tag.count("-") or locale.getLanguage() == "und":
        return None
    if not _language_known(made.split("-")[0]):
        return None
    return made if not country or country.isdigit() or country in Locale.getISOCountries() else None


@cache
def _language_known(language: str) -> bool:
    from icu import Locale

    return language in Locale.getISOLanguages() or str(Locale(language).getDisplayLanguage(Locale("en"))) != language


@cache
def _language_names() -> dict[str, str]:
    """Names of languages, case folded, in English, Spanish, French and their own tongue, with their tags."""
    from icu import Locale

    found: dict[str, str] = {}
    for tag in sorted(Locale.getISOLanguages(), key=lambda item: (-len(item), item)):  # two letters win
        locale = Locale(tag)
        for tongue in (locale, Locale("fr"), Locale("es"), Locale("en")):
            name = str(locale.getDisplayLanguage(tongue)).casefold()
            if name != tag:
                found[name] = tag
    return found


def language_named(text: str) -> str | None:
    """The tag of a language given as a tag or by its name in English, Spanish, French or itself."""
    return language_tag(text) or _language_names().get(" ".join(text.casefold().split()))
