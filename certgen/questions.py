"""What people type: flags of the command line and answers to questions, each read strictly and refused in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from certgen.telling import filled

if TYPE_CHECKING:
    from certgen.academy import Answers


class Day(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A day as 2026-04-10, or as people write it where that can be one day only: 10 April 2026, 27.4.2026."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        from certgen.values import as_date

        found = as_date(str(value).strip())
        if not isinstance(found, date):
            self.fail(f"“{value}” is not a day, or may be two. Write year, month, day, such as 2026-04-10.", param, ctx)
        return found


class Hours(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A number of hours, such as 40 or 22.5."""

    name = "hours"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            found = value if isinstance(value, Decimal) else Decimal(str(value).strip().replace(",", "."))
        except ArithmeticError:
            found = Decimal("NaN")
        if not found.is_finite() or found <= 0:
            self.fail(f"“{value}” is not a number of hours, such as 40 or 22.5.", param, ctx)
        return found


class Address(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A web address; a host alone gets its https://."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        found = text if "://" in text else f"https://{text}"
        if not re.fullmatch(r"https?://[^\s/]+\.?[^\s]*", found) or "." not in found.replace("localhost", "."):
            self.fail(f"“{value}” is not a web address, such as https://verify.your-academy.org.", param, ctx)
        return found


class Tags(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Tags of languages, such as en,fr."""

    name = "tags"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        tags = [tag for tag in re.split(r"[,;\s]+", str(value)) if tag]
        wrong = [tag for tag in tags if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag)]
        if wrong or not tags:
            self.fail(f"“{value}” are not tags of languages, such as en, fr or pt-BR.", param, ctx)
        return ",".join(tags)


def secret(question: str, /, *, new: bool = False) -> str:
    """A passphrase that is typed and not shown; nothing for none. A new one is typed twice, unless it is too short."""
    from certgen.keys.passphrase import SHORTEST

    while True:
        answer: str = click.prompt(filled(question), default="", show_default=False, hide_input=True, err=True)
        if not new or len(answer) < SHORTEST:
            return answer
        again = "The same again (Enter to choose another one)"
        if answer == click.prompt(again, default="", show_default=False, hide_input=True, err=True):
            return answer
        click.echo("The two differ.", err=True)


QUESTIONS: tuple[tuple[str, str, bool, type[click.ParamType] | None], ...] = (  # type: ignore[type-arg,unused-ignore]
    # flag, question, whether it must be answered, what it is
    ("name", "Who issues the certificates, as printed", True, None),
    ("url", "Website (Enter for none)", False, Address),
    ("verify_url", "Address of the verification page, such as https://verify.your-academy.org", True, Address),
    ("title", "The course's title, as printed", True, None),
    ("code", "The course's code, such as FR-2026-1", True, None),
    ("languages", "Languages of the certificates, such as en,fr", True, Tags),
    ("hours", "Hours of study (Enter for none)", False, Hours),
    ("start", "First day, such as 2026-03-02 (Enter for none)", False, Day),
    ("end", "Last day (Enter for none)", False, Day),
    ("issued", "Day of issue, printed on the certificates (Enter to be asked later)", False, Day),
)
_EXPLAINED = {
    "verify_url": "Every QR code leads to a page of your own, where anyone can see that a certificate is real. certgen "
    "makes that page (certgen site build), and you put it on the web when you like. Its address is in every code: "
    "choose one that will last.",
}
OF_ISSUER = ("name", "url", "verify_url")


def answers(given: dict[str, Any], *, first: bool, ask: bool) -> Answers:
    """What the flags say and, where somebody can be asked, the answers to what they leave open. ``first``: there is no
    issuer yet. Raises click.UsageError."""
    from certgen.academy import Answers

    found = {flag: value for flag, value in given.items() if value is not None}
    missing: list[str] = []
    for flag, question, needed, kind in QUESTIONS:
        if flag in found or (flag in OF_ISSUER and not first):
            continue
        if ask:
            if flag in _EXPLAINED:
                click.echo(filled(_EXPLAINED[flag]))
            default = _suggested(flag, found)
            read = _reader(kind, needed)
            found[flag] = click.prompt(filled(question), default=default, show_default=bool(default), value_proc=read)
        elif needed and flag != "languages":
            missing.append("--" + flag.replace("_", "-"))
    if missing:
        raise click.UsageError(f"Nobody can be asked here, so these are needed: {', '.join(missing)}.")
    tags = found.pop("languages", None) or "en"
    return Answers(
        **{flag: value for flag, value in found.items() if value not in (None, "")}, languages=tuple(tags.split(","))
    )


def _suggested(flag: str, found: dict[str, Any]) -> str:
    """What Enter means; nothing, where it must be typed."""
    if flag == "verify_url" and (host := re.fullmatch(r"https?://(?:www\.)?([^/:]+)/?", found.get("url") or "")):
        return f"https://verify.{host[1]}"
    return "en" if flag == "languages" else ""


def _reader(kind: type[click.ParamType] | None, needed: bool) -> Callable[[Any], Any]:  # type: ignore[type-arg,unused-ignore]
    """How an answer is read: by its kind; nothing is an answer where it need not be given."""

    def read(text: Any) -> Any:
        words = str(text).strip()
        if not words and needed:
            raise click.UsageError("an answer is needed here")
        return kind().convert(words, None, None) if words and kind else words

    return read
