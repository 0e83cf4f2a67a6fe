"""What a cell means: text, amounts, dates and yes or no, as people write them in English, Spanish and French.

Every reader returns the value, None for a blank, or a :class:`Misread` that says what is wrong and how
to write it. Nothing is guessed: what can be read in two ways is a Misread. Amounts are Decimals.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from certgen.workbook import Cell

DateOrder = Literal["dmy", "mdy"]


class Misread(Struct, frozen=True):
    """Why a cell could not be read; see :class:`certgen.errors.Problem`."""

    code: str
    message: str
    hint: str


_NOTHING = frozenset({"", "-", "–", "—", "--", "n/a", "#n/a", "."})  # Moodle writes "-" for "no grade"


@lru_cache(4096)
def key(text: str) -> str:
    """Letters and digits alone: without case, accents, spaces and punctuation ("N.º de ID" is "nodeid")."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = unicodedata.normalize("NFC", "".join(c for c in text if unicodedata.combining(c) < 200))
    return "".join(c for c in text.casefold() if c.isalnum() or unicodedata.category(c) in ("Mn", "Mc"))


def as_text(cell: Cell) -> str:
    """A cell as the spreadsheet shows it: 60 for 60.0, 22.5, 2026-03-27, 27:30 for a duration."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(_decimal(cell))
    if isinstance(cell, datetime):
        midnight = not (cell.hour or cell.minute or cell.second)
        return cell.date().isoformat() if midnight else cell.isoformat(" ", "minutes")
    if isinstance(cell, timedelta):
        minutes = round(cell.total_seconds() / 60)
        return f"{minutes // 60}:{minutes % 60:02}"
    return str(cell)


def is_blank(cell: Cell) -> bool:
    """Whether a cell holds nothing, or one of the usual marks for nothing."""
    if not isinstance(cell, str):
        return cell is None
    if cell and cell[0].isalnum() and cell[0] not in "nN":  # nearly always
        return False
    return cell.strip().casefold() in _NOTHING


def plain(number: Decimal) -> str:
    """An amount without an exponent or idle zeros: 60, 22.5."""
    return f"{number.normalize():f}"


def _decimal(number: float) -> Decimal:
    # Excel keeps 15 significant digits (its specifications and limits); the 17 of a double show noise.
    value = Decimal(f"{number:.15g}")
    return value.quantize(Decimal(1)) if value == value.to_integral_value() and abs(value) < 10**15 else value


# --- amounts ---------------------------------------------------------------------------------

_NUMBER = r"[+-]?(?:\d+(?:[.,]\d+)?|[.,]\d+)"
_HOURS = re.compile(rf"({_NUMBER})\s*(?:h|hs|hrs?|hours?|horas?|heures?)?\.?", re.IGNORECASE)
_HOURS_MINUTES = re.compile(r"(\d{1,4}):([0-5]\d)(?::00)?")
_PERCENT = re.compile(rf"({_NUMBER})\s*%")
_OUT_OF = re.compile(rf"({_NUMBER})\s*(?:/|out of|of|de|sur)\s*({_NUMBER})", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")


def _amount(text: str, what: str) -> Decimal | Misread:
    if not re.fullmatch(_NUMBER, text):
        words = re.split(r"[\s./-]+", text)
        dated = len(words) == 2 and any(key(word) in _MONTH for word in words)  # “22-mai” was 22.5
        return Misread(
            "not-a-number",
            f"{what} should be a number; here it is “{text[:40]}”.",
            _DATED if dated else "Write 60 or 22.5 or 22,5.",
        )
    if _THOUSANDS.fullmatch(text):
        return Misread(
            "unclear-number",
            f"{what} is “{text}”, which may mean {text.replace(',', '').replace('.', '')} or {text.replace(',', '.')}.",
            "Write it without a separator for thousands.",
        )
    value = Decimal(text.replace(",", "."))
    if value < 0:
        return Misread("negative-number", f"{what} is below zero ({text}).", "Write 0 or more, or leave it blank.")
    return value


def _number(cell: Cell, what: str) -> Decimal | Misread | None:
    """A number cell, or None when the cell holds something else."""
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        return None
    value = Decimal(cell) if isinstance(cell, int) else _decimal(cell)
    if not value.is_finite():
        return Misread("not-a-number", f"{what} is too large for the spreadsheet.", "Type it again.")
    if value < 0:
        return Misread("negative-number", f"{what} is below zero ({value}).", "Write 0 or more, or leave it blank.")
    return value


_DATED = "Excel turns 22.5 into a date when it looks like one: format the column as Text, and type it again."


def _not_text(cell: Cell, what: str) -> Misread | None:
    if isinstance(cell, str):
        return None
    kind = "a date" if isinstance(cell, date) else "a time" if isinstance(cell, timedelta) else "TRUE or FALSE"
    return Misread("not-a-number", f"{what} should be a number; here it is {kind} ({as_text(cell)}).", _DATED)


def as_hours(cell: Cell) -> Decimal | Misread | None:
    """Hours: 40, "22,5", "40 h", or a duration (27:30 is 27.5), also one that is written out."""
    if is_blank(cell):
        return None
    if isinstance(cell, str) and (clock := _HOURS_MINUTES.fullmatch(cell.strip())):
        return Decimal(clock[1]) + Decimal(clock[2]) / 60
    if isinstance(cell, timedelta):
        return Decimal(round(cell.total_seconds())) / 3600
    if (number := _number(cell, "The number of hours")) is not None:
        return number
    if wrong := _not_text(cell, "The number of hours"):
        return wrong
    text = as_text(cell).strip()
    found = _HOURS.fullmatch(text)
    return _amount(found[1] if found else text, "The number of hours")


def as_score(cell: Cell, *, percent: bool = False) -> tuple[Decimal, Decimal | None] | Misread | None:
    """A score and, where the cell says it, the scale: "58/60", "92%" (of 100), "7,5" (of what the course says).

    ``percent``: the number is shown as per cent, so that 0.92 stands for 92%.
    """
    if is_blank(cell):
        return None
    number = _number(cell, "The score")
    if isinstance(number, Misread):
        return number
    if number is not None:
        return (number * 100, Decimal(100)) if percent else (number, None)
    if wrong := _not_text(cell, "The score"):
        return wrong
    text = as_text(cell).strip()
    if found := _OUT_OF.fullmatch(text):
        score, scale = _amount(found[1], "The score"), _amount(found[2], "The highest score")
        if isinstance(score, Misread) or isinstance(scale, Misread):
            return score if isinstance(score, Misread) else scale  # type: ignore[return-value]
        if scale == 0:
            return Misread("not-a-number", f"The score is out of zero (“{text}”).", "Write it as 58/60.")
        return score, scale
    if found := _PERCENT.fullmatch(text):
        score = _amount(found[1], "The score")
        return score if isinstance(score, Misread) else (score, Decimal(100))
    score = _amount(text, "The score")
    return score if isinstance(score, Misread) else (score, None)


def as_percent(cell: Cell, *, percent: bool = False, fraction: bool = False) -> Decimal | Misread | None:
    """Attendance in per cent: 92, "92%", "11/12", or 0.92 shown as 92%. A bare 0.92 is unclear, unless the whole column
    is known to hold a ``fraction`` of one."""
    read = as_score(cell, percent=percent)
    if isinstance(read, Misread):
        said = read.message.replace("The score", "Attendance").replace("The highest score", "The number of sessions")
        return Misread(read.code, said, "Write it in per cent, such as 92 or 92%.")
    if read is None:
        return None
    value, scale = read
    if scale is None and fraction:
        return value * 100
    if scale is None and 0 < value <= 1:
        return Misread(
            "unclear-percent",
            f"Attendance is {plain(value)}: is that {plain(value * 100)}% or {plain(value)}%?",
            f"Write {plain(value * 100)}% if that is meant.",
        )
    value = value if scale is None else value * 100 / scale
    if value > 100:
        return Misread(
            "too-much", f"Attendance is above 100% ({as_text(cell).strip()}).", "Write it in per cent, up to 100."
        )
    return value


_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d)")
_SPOKEN = re.compile(
    r"(?:(\d+)\s*(?:h|hr|hrs|hours?|horas?|heures?)\.?)?\s*(?:(\d+)\s*(?:m|min|mins|mn|minutes?|minutos?)\.?)?\s*"
    r"(?:(\d+)\s*(?:s|sec|secs|seg|seconds?|segundos?|secondes?)\.?)?",
    re.IGNORECASE,
)


def as_minutes(cell: Cell) -> Decimal | Misread | None:
    """Minutes: 87, "87 min", "1h 27m 51s", "1:27:51", or a duration."""
    if is_blank(cell):
        return None
    if isinstance(cell, timedelta):
        return Decimal(round(cell.total_seconds())) / 60
    what = "The number of minutes"
    if (number := _number(cell, what)) is not None:
        return number
    if wrong := _not_text(cell, what):
        return wrong
    text = " ".join(as_text(cell).split())
    found = _CLOCK.fullmatch(text) or _SPOKEN.fullmatch(text)
    if found and any(found.groups()):
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return Decimal(hours * 3600 + minutes * 60 + seconds) / 60
    read = _amount(text, what)
    return (
        Misread(read.code, read.message, "Write minutes, such as 87, or 1h 27m.") if isinstance(read, Misread) else read
    )


def share(minutes: Decimal | Misread | None, of: Decimal) -> Decimal | Misread | None:
    """Minutes as a percentage of others; whoever stayed longer was there the whole time."""
    return min(minutes * 100 / of, Decimal(100)) if isinstance(minutes, Decimal) else minutes


# --- addresses and errors --------------------------------------------------------------------

# What nearly every address looks like; whatever looks otherwise is left to email-validator.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?!(?:test|local|invalid|localhost|onion|arpa|alt)$)[A-Za-z]{2,18}",
    re.IGNORECASE,
)


def as_email(text: str) -> str | Misread:
    """An address, checked by email-validator (RFC 5321, 5322, 6532) without a network."""
    if len(text) <= 100 and "--" not in text and _ADDRESS.fullmatch(text) and text.find("@") <= 64:
        return text
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as error:
        why = str(error).rstrip(".")
        return Misread(
            "bad-email",
            f"“{text[:60]}” is not an e-mail address ({why[:160]}).",
            "Write one address, such as ana@example.org, or leave the cell blank.",
        )


_ERRORS = frozenset(
    [
        "#n/a",
        "#div/0!",
        "#ref!",
        "#name?",
        "#value!",
        "#num!",
        "#null!",
        "#spill!",
        "#calc!",
        "#field!",
        "#getting_data",
        "#¡div/0!",
        "#¡ref!",
        "#¿nombre?",
        "#¡valor!",
        "#¡num!",
        "#¡nulo!",
        "#nom?",
        "#valeur!",
        "#nombre!",
        "#nul!",
        "#nv",
    ]
)


def excel_error(text: str) -> Misread | None:
    """What a text says that is an Excel error written out, as CSV files have them; None where it is none."""
    if not text.startswith(("#", "Err:")):
        return None
    if text.casefold() in _ERRORS or re.fullmatch(r"Err:\d{3}", text):
        return Misread("error-cell", f"This cell holds the Excel error {text}.", "Mend its formula, or type the value.")
    return None


# --- yes and no ------------------------------------------------------------------------------

# A bar stands for a space.
_YES = (
    "yes y sí si s oui o true verdadero vrai x ✓ ✔ ☑ 1 done pass passed complete completed finished",
    "completado completada completo terminado terminada finalizado finalizada",
    "aprobado aprobada terminé terminée achevé achevée réussi نعم",
)
_NO = (
    "no n non false falso faux 0 ✗ ✘ ☐ not|completed not|complete incomplete fail failed pending in|progress",
    "incompleto no|completado no|aprobado pendiente en|curso en|progreso reprobado suspenso inachevé en|cours",
    "non|terminé non|achevé échoué لا",
)


def _words(lines: tuple[str, ...]) -> frozenset[str]:
    return frozenset(key(word) or word for line in lines for word in line.split())


_TRUE, _FALSE = _words(_YES), _words(_NO)


def as_bool(cell: Cell) -> bool | Misread | None:
    """Yes or no in four languages, a tick, 1 or 0. A date says yes: exports write when it was completed."""
    if is_blank(cell):
        return None
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, date):
        return True
    text = as_text(cell).strip()
    word = key(text) or text
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    return Misread(
        "not-yes-or-no",
        f"“{text[:40]}” is neither yes nor no.",
        "Write yes or no (sí, no; oui, non), or leave it blank.",
    )


# --- dates -----------------------------------------------------------------------------------

_MONTHS = (
    "january jan enero ene janvier janv",
    "february feb febrero febr février févr fév",
    "march mar marzo mars",
    "april apr abril abr avril avr",
    "may mayo mai",
    "june jun junio juin",
    "july jul julio juillet juil",
    "august aug agosto ago août",
    "september sep sept septiembre setiembre set septembre",
    "october oct octubre octobre",
    "november nov noviembre novembre",
    "december dec diciembre dic décembre déc",
)
_MONTH = {key(word): month for month, words in enumerate(_MONTHS, 1) for word in words.split()}
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]\d{1,2}:\d{2}.*)?")
_NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?:,? \d{1,2}:\d{2}.*)?")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|º|°)?", re.IGNORECASE)
_WRITE = "Write it as 2026-03-27, or as a date in Excel."


def date_orders(cells: Iterable[Cell]) -> set[DateOrder]:
    """Which orders of day and month the unmistakable dates among cells show: none, one, or both."""
    found: set[DateOrder] = set()
    for cell in cells:
        if isinstance(cell, str) and (parts := _NUMERIC.fullmatch(cell.strip())):
            first, second = int(parts[1]), int(parts[3])
            if first > 12 >= second:
                found.add("dmy")
            elif second > 12 >= first:
                found.add("mdy")
    return found


def as_date(cell: Cell, *, order: DateOrder | None = None, date1904: bool | None = None) -> date | Misread | None:
    """A date cell, ISO, "27 March 2026", "27/03/2026", or a day number of Excel's.

    ``order`` settles "03/04/2026", which is unclear without it (with points, as in 3.4.2026, the day
    always comes first). ``date1904`` is the workbook's epoch; None means that numbers are no dates.
    """
    if is_blank(cell):
        return None
    if isinstance(cell, datetime):
        return _plausible(cell.date(), cell)
    if isinstance(cell, date):
        return _plausible(cell, cell)
    if (
        isinstance(cell, (int, float))
        and not isinstance(cell, bool)
        and date1904 is not None
        and 20_000 <= cell < 75_000
    ):
        # ECMA-376 part 1, 18.17.4.1; after February 1900 the false leap day is behind us.
        return (date(1904, 1, 1) if date1904 else date(1899, 12, 30)) + timedelta(days=int(cell))
    text = " ".join(as_text(cell).split())
    unread = Misread("unreadable-date", f"“{text[:40]}” cannot be read as a date.", _WRITE)
    if not isinstance(cell, str):
        return unread
    if iso := _ISO.fullmatch(text):
        return _made(int(iso[1]), int(iso[3]), int(iso[4]), text)
    if parts := _NUMERIC.fullmatch(text):
        if len(parts[4]) == 2:
            return Misread("unclear-date", f"“{text}” does not give the year in four digits.", _WRITE)
        first, second, year = int(parts[1]), int(parts[3]), int(parts[4])
        if parts[2] == "." or first > 12 or first == second or (second <= 12 and order == "dmy"):
            return _made(year, second, first, text)
        if second > 12 or order == "mdy":
            return _made(year, first, second, text)
        day_first, month_first = _made(year, second, first, text), _made(year, first, second, text)
        return Misread("unclear-date", f"“{text}” may mean {day_first} or {month_first}.", _WRITE)
    words = [word for word in re.split(r"[\s,.\-/]+", text) if key(word) not in ("de", "del", "of", "the", "")]
    months = [_MONTH[key(word)] for word in words if key(word) in _MONTH]
    days = [int(found[1]) for word in words if (found := _DAY.fullmatch(word))]
    years = [int(word) for word in words if re.fullmatch(r"\d{4}", word)]
    if len(words) == 3 and len(months) == len(days) == len(years) == 1:
        return _made(years[0], months[0], days[0], text)
    return unread


def _made(year: int, month: int, day: int, text: str) -> date | Misread:
    try:
        return _plausible(date(year, month, day), text)
    except ValueError:
        return Misread("unreadable-date", f"There is no such day as “{text[:40]}”.", _WRITE)


def _plausible(value: date, cell: Cell) -> date | Misread:
    if 1950 <= value.year <= 2150:
        return value
    return Misread("unreadable-date", f"The year of “{as_text(cell)}” cannot be right.", _WRITE)
