"""Which certificates are meant: those issued from a roster, those of a manifest, or those that flags narrow down to.

Whatever prints, sends, packs or pictures certificates begins here. Nothing is written and nobody is asked. What comes
back is small; whoever needs more reads the rows from the registry some at a time (``registry.get(serials)``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certgen import codes, columns, keys, layout, output, reconcile, records, roster, toml
from certgen.errors import ExitCode, Problem, has_errors
from certgen.fields import date_long
from certgen.intake import Intake, Nobody, Options
from certgen.model import Course, Recipient
from certgen.names import folded
from certgen.reconcile import Standing
from certgen.registry import Held, Registry

MANIFEST = ".json"
LARGEST = 100_000_000  # bytes of a manifest
_FEW = 100  # codes that are looked up one by one; for more the registry is read through


class Choice(Struct, frozen=True, kw_only=True):
    """What the user asks for; all of it together, and what is None or empty is not asked.

    ``source``: a roster, or a manifest that a batch wrote (“…-manifest.json”). ``how``: the options of the batch that
    the roster was issued with, where it needed any (sheet, mapping, course). ``since`` and ``until``: days of issue,
    both included; ``name``: words that the name has; ``codes``: 16 characters each. ``group``: a column of the roster
    by which they are grouped, or “column=value” for those of one group only. ``as_issued``: also people for whom the
    roster or the course now says otherwise than their certificate does.
    """

    source: Path | None = None
    how: Options | None = None
    course: str | None = None
    since: date | None = None
    until: date | None = None
    name: str | None = None
    codes: tuple[str, ...] = ()
    group: str | None = None
    as_issued: bool = False

    @property
    def open(self) -> bool:
        """Whether nothing narrows it down: every certificate that there is."""
        return replace(self, group=None, as_issued=False) == Choice() and "=" not in (self.group or "")


class Chosen(NamedTuple):
    """A certificate that stands. ``family``: by what people are put in order, family name first where it is known.
    ``email`` and ``group`` may be "". ``row``: of the roster or manifest that was asked for; ``order`` counts from 0 in
    the order of that, of the codes, or else in which they were issued."""

    serial: int
    code: str
    language: str
    kind: str
    name: str
    family: str
    email: str
    group: str
    row: int | None
    order: int


class _Found(NamedTuple):
    """A row of the registry with the person on the roster and the roster's or the manifest's row."""

    held: Held
    person: Recipient | None = None
    row: int | None = None


def choose(registry: Registry, choice: Choice, problems: list[Problem], *, today: date | None = None) -> list[Chosen]:
    """The certificates that are meant, in their order: those that stand, which is neither replaced nor revoked nor
    erased. Expired ones are left out unless asked for by their code.

    People on a roster who have none, or for whom it now says otherwise, are warnings. Where nothing is left there is
    an error among the problems.
    """
    if not registry.count():
        problems.append(nothing_issued(choice.source))
        return []
    told: list[Problem] = []
    today = today or date.today()
    groups = _Groups(choice.group)
    chosen: list[Chosen] = []
    expired: list[Held] = []
    for held, person, row in _rows(registry, choice, told):
        if not _meant(held, choice) or not _stands(held, row, choice, told):
            continue
        group = groups.of(person, held.recipient)
        if group is None:
            continue
        if records.state_of(held, today) == "expired" and held.code not in choice.codes:
            expired.append(replace(held, deflated=b""))
            continue
        chosen.append(_chosen(held, group, row, len(chosen)))
    told += groups.told() if not has_errors(told) else []
    told += _expired(expired)
    if not chosen and not has_errors(told):
        told.append(_nothing_left(registry, choice))
    problems += told
    return [] if has_errors(told) else chosen


def ordered(chosen: Iterable[Chosen], by: Literal["family", "roster", "code"]) -> list[Chosen]:
    """The same in another order: of people's names as dictionaries have it, of the roster, of the codes. Source: UTS 10
    (ICU's root collation, which is right for all scripts alike)."""
    if by != "family":
        return sorted(chosen, key=lambda one: one.order if by == "roster" else one.code)
    import icu

    key = icu.Collator.createInstance(icu.Locale.getRoot()).getSortKey
    return sorted(chosen, key=lambda one: (key(one.family), key(one.name), one.code))


def _chosen(held: Held, group: str, row: int | None, order: int) -> Chosen:
    person, content = held.recipient, held.content
    assert person is not None and content is not None, "it was not erased"
    family = f"{person.family} {person.given or ''}".strip() if person.family else content.name
    return Chosen(
        serial=held.serial,
        code=held.code,
        language=held.language,
        kind=held.kind,
        name=content.name,
        family=family,
        email=person.email or "",
        group=group,
        row=row,
        order=order,
    )


# --- which rows of the registry --------------------------------------------------------------


def _rows(registry: Registry, choice: Choice, problems: list[Problem]) -> Iterator[_Found]:
    """Those that the source names, or the codes, or all; other filters are for the caller."""
    if choice.source is None:
        if choice.codes:
            yield from _by_code(registry, dict.fromkeys(choice.codes), None, problems)
        else:
            found = registry.all(course=choice.course, since=choice.since, state="issued", name=choice.name)
            yield from map(_Found, found)
    elif choice.source.suffix.casefold() == MANIFEST:
        listed = _manifest(choice.source, problems)
        yield from _by_code(registry, listed, choice.source, problems)
    else:
        yield from _on_roster(registry, choice, problems)


def _meant(held: Held, choice: Choice) -> bool:
    """Whether it is what the flags say. Words of a name are compared as everywhere: no case, no accents."""
    name = held.content.name if held.content else ""
    return (
        (choice.course is None or records.course_of(held) == choice.course)
        and (choice.since is None or held.issued >= choice.since)
        and (choice.until is None or held.issued <= choice.until)
        and (not choice.codes or held.code in choice.codes)
        and (choice.name is None or set(folded(choice.name).split()) <= set(folded(name).split()))
    )


def _stands(held: Held, row: int | None, choice: Choice, problems: list[Problem]) -> bool:
    """Whether it is in force; where it was named one by one, why not is told."""
    if held.state == "issued" and not held.erased:
        return True
    if choice.source is None and not choice.codes:
        return False
    code = codes.grouped(held.code)
    on = f" on {date_long(held.ended, 'en')}" if held.ended else ""
    hint = ""
    if held.state == "reserved":
        what, hint = "is not finished: a batch was stopped on its way", "Run that batch again: it goes on."
    elif held.state == "replaced":
        by = f" by {codes.grouped(held.replaced_by)}" if held.replaced_by else ""
        what, hint = f"was replaced{on}{by}", "Ask for the new one, or name the roster instead."
    elif held.state == "revoked":
        what = f"was revoked{on}"
    else:
        what = "cannot be made again: the personal data in it was erased"
    who = f" of {held.content.name}" if held.content else ""
    source = choice.source
    problems.append(
        Problem(
            code=held.state if held.state != "issued" else "erased",
            severity="warning",
            message=f"Certificate {code}{who} {what}, so it is left out.",
            hint=hint,
            file=str(source) if source else None,
            row=row,
            exit_code=ExitCode.USAGE,
        )
    )
    return False


def _by_code(
    registry: Registry, wanted: dict[str, int | None], source: Path | None, problems: list[Problem]
) -> Iterator[_Found]:
    """Rows by their codes, in the order of these. ``wanted``: code -> row. What is not known is an error."""
    serials: dict[str, int] = {}
    if len(wanted) > _FEW:
        serials = {held.code: held.serial for held in registry.all() if held.code in wanted}
    for some in _pieces([code for code in wanted if code in serials]):
        rows = {held.code: held for held in registry.get(serials[code] for code in some)}
        yield from (_Found(rows[code], row=wanted[code]) for code in some if code in rows)
    for code in wanted:
        if code in serials:
            continue
        held = registry.find(code)
        if held is not None:
            yield _Found(held, row=wanted[code])
        else:
            file = str(source) if source else None
            problems.append(replace(records.unknown(code), file=file, row=wanted[code]))


def _pieces(values: Sequence[str], size: int = 200) -> Iterator[Sequence[str]]:
    """In pieces that memory hardly notices."""
    for at in range(0, len(values), size):
        yield values[at : at + size]


# --- a manifest ------------------------------------------------------------------------------


class _Line(Struct):
    code: str
    row: int | None = None


class _Manifest(Struct):
    certificates: list[_Line]


def _manifest(path: Path, problems: list[Problem]) -> dict[str, int | None]:
    """The codes that a manifest lists, with their rows."""
    with output.told(f"“{path.name}” cannot be read"):
        data = path.read_bytes() if path.stat().st_size <= LARGEST else b""
    found: dict[str, int | None] = {}
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        for line in msgspec.json.decode(data, type=_Manifest).certificates:
            if (code := codes.typed(line.code)) is not None:
                found.setdefault(code, line.row)
    if not found:
        problems.append(
            Problem(
                code="not-a-manifest",
                message=f"“{path.name}” lists no certificates.",
                hint="Name the file that certgen batch wrote beside the certificates, such as roster-manifest.json, or "
                "the roster itself.",
                file=str(path),
                exit_code=ExitCode.USAGE,
            )
        )
    return found


# --- a roster --------------------------------------------------------------------------------


class _Watch(Nobody):
    """Answers for the day of issue, which a course need not say: it stands in the registry."""

    asked = False

    def ask_issued(self) -> date | None:
        self.asked = True
        return date.today()


class _Roll(Intake):
    """A roster as a batch reads it, but for the layout and other files of the course's, which have no say in who is
    who, and may be gone: certificates are what they were when they were issued."""

    def _layout(self, course: Course | None) -> layout.Layout | None:
        return layout.load("classic", [])

    def told(self) -> tuple[list[Problem], list[Problem]]:
        """What spoils it all, and what spoils one row; the rest was told by the batch."""
        errors = [
            problem
            for problem in self.problems
            if problem.severity == "error" and not (problem.code == "no-file" and problem.key)
        ]
        rows = [replace(problem, severity="warning") for problem in errors if problem.row is not None]
        return [problem for problem in errors if problem.row is None], rows

    def place(self, person: Recipient) -> dict[str, Any]:
        cell = person.cells.get("name")
        return {"row": person.row, "file": str(self.roster), "sheet": self.sheet, "cell": cell}


def _on_roster(registry: Registry, choice: Choice, problems: list[Problem]) -> Iterator[_Found]:
    """Certificates of the people on a roster, in its order: those that were issued and say the same."""
    assert choice.source is not None
    how = choice.how or Options(roster=choice.source)
    roll, watch = _Roll(replace(how, roster=choice.source)), _Watch()
    if roll.read(watch):
        roll.decide()
    errors, rows = roll.told()
    if not errors and Path(roll.issuer.folder).resolve() != registry.path.parent.resolve():
        errors.append(_other_academy(roll, registry))
    secret = None if errors else keys.secret(registry.path.parent, registry, errors, create=False)
    if errors or secret is None:
        problems += errors or [nothing_issued(choice.source)]
        return
    roll.secret = secret.value
    made = ((job, roll._mint(job.recipient, job.award, job.language)) for job in roll.jobs)
    wanted = [reconcile.wanted(job, credential, roll.course, roll.secret) for job, credential in made]
    matches = registry.match(wanted)
    told: list[Problem] = []
    some = False
    for standing in map(Standing, roll.jobs, wanted, matches):
        problem = _otherwise(standing, watch.asked, choice.as_issued)
        if problem is None:
            assert standing.match.current is not None
            some = True
            yield _Found(standing.match.current, standing.job.recipient, standing.job.recipient.row)
        else:
            some = some or standing.match.kind != "new"
            told.append(replace(problem, **roll.place(standing.job.recipient)))
    problems += rows + told if some else [*rows, _none_yet(roll, choice.source)]


def _otherwise(standing: Standing, undated: bool, as_issued: bool) -> Problem | None:
    """Why a person's certificate is not taken; None where it is. ``undated``: nothing says today what the day of issue
    was, so that the day of expiry cannot be compared."""
    match, name = standing.match, standing.job.recipient.name
    held = match.current
    if held is None:
        return _left_out("no-certificate", f"{name} has no certificate yet", "Make it first: certgen batch")
    code = codes.grouped(held.code)
    if match.kind == "unfinished":
        words = f"The certificate of {name} is not finished: a batch was stopped on its way"
        return _left_out("unfinished", words, "Run certgen batch again: it goes on.")
    if held.state != "issued":
        on = f" on {date_long(held.ended, 'en')}" if held.ended else ""
        words = f"Certificate {code} of {name} was {held.state}{on}"
        return _left_out(held.state, words, "Who is to have a new one gets it by: certgen batch --on-change replace")
    if match.kind == "other-email":
        email = held.recipient.email if held.recipient else None
        words = f"{name} has certificate {code} under {email or 'another address'}"
        return _left_out("other-email", words, "Say whether that is the same person: certgen batch --new-email …")
    differences = [each for each in match.differences if not (undated and each[0] == "expiry date")]
    if match.kind == "unchanged" or not differences or as_issued:
        return None
    told = reconcile.told(standing._replace(match=replace(match, differences=tuple(differences))))
    return _left_out(
        "changed",
        f"{name} has certificate {code}, and roster or course now say otherwise: {told}",
        "certgen batch --on-change replace makes a new one; --as-issued takes the one that there is.",
    )


def _left_out(code: str, words: str, hint: str) -> Problem:
    return Problem(code=code, severity="warning", message=f"{words}, so this row is left out.", hint=hint)


# --- groups ----------------------------------------------------------------------------------


class _Groups:
    """The values of one column of the rosters that people came from."""

    def __init__(self, asked: str | None) -> None:
        self._column, equals, only = (asked or "").partition("=")
        self._column = self._column.strip()
        self._only = only.strip() if equals else None
        self._meaning = columns.meaning_of(self._column)
        self._headers: set[str] = set()
        self._values: set[str] = set()

    def of(self, *people: Recipient | None) -> str | None:
        """The group of somebody, as the first of these who has one says it; "" for none. None: not one that is
        wanted."""
        if not self._column:
            return ""
        value = ""
        for person in people:
            if person is not None:
                self._headers.update(person.extra)
                value = value or self._value(person)
        self._values.add(value)
        return value if self._only is None or _plain(value) == _plain(self._only) else None

    def _value(self, person: Recipient) -> str:
        found = roster.extra(person, self._column)
        if found is None and self._meaning:
            kept = getattr(person, self._meaning, None)
            found = None if kept is None else str(kept)
        return " ".join((found or "").split())

    def told(self) -> list[Problem]:
        """An unknown column, or a value that nobody has."""
        if not self._column or not self._values:
            return []
        if self._values == {""}:
            near = toml.nearest(self._column, sorted(self._headers))
            words = f"No roster that these certificates came from has the column “{self._column}”."
            there = f"The columns are: {', '.join(sorted(self._headers))}." if self._headers else ""
            return [_usage("unknown-column", words, f"Did you mean “{near}”?" if near else there, "--group")]
        if self._only is not None and _plain(self._only) not in map(_plain, self._values):
            known = sorted(self._values - {""})
            near = toml.nearest(self._only, known)
            words = f"Nobody has “{self._only}” in the column “{self._column}”."
            some = f"There is: {', '.join(known[:8])}{' …' if len(known) > 8 else ''}."
            return [_usage("unknown-group", words, f"Did you mean “{near}”?" if near else some, "--group")]
        return []


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


# --- problems --------------------------------------------------------------------------------


def nothing_issued(source: Path | None = None) -> Problem:
    """There is no registry, or nothing in it."""
    name = source.name if source is not None and source.suffix.casefold() != MANIFEST else "ROSTER"
    return Problem(
        code="nothing-issued",
        message="Nothing has been issued here yet.",
        hint=f"Make the certificates first: certgen batch {name}",
        exit_code=ExitCode.REGISTRY,
    )


def _none_yet(roll: _Roll, source: Path) -> Problem:
    name = source.name
    if not roll.jobs:
        words = f"Nobody on {name} earns a certificate."
        return Problem(code="nobody", message=words, hint=f"Who gets what, and why not: certgen check {name}")
    return Problem(
        code="nothing-issued",
        message=f"Nobody on {name} has a certificate yet.",
        hint=f"Make them first: certgen batch {name}",
        file=str(roll.roster),
        exit_code=ExitCode.USAGE,
    )


def _other_academy(roll: _Roll, registry: Registry) -> Problem:
    return Problem(
        code="other-academy",
        message=f"{roll.roster.name} belongs to the academy in {roll.issuer.folder}, and this is the one in "
        f"{registry.path.parent}.",
        hint="Leave --folder out, or name the roster's own academy.",
        file=str(roll.roster),
        exit_code=ExitCode.USAGE,
    )


def _expired(expired: Sequence[Held]) -> list[Problem]:
    """One sentence for all: they are the rule in an old course."""
    if not expired:
        return []
    what = (
        "1 certificate has expired and is"
        if len(expired) == 1
        else f"{len(expired):,} certificates have expired and are"
    )
    some = [
        f"{held.content.name if held.content else codes.grouped(held.code)} ({held.expires})" for held in expired[:3]
    ]
    more = f" and {len(expired) - 3:,} more" if len(expired) > 3 else ""
    message = f"{what} left out: {', '.join(some)}{more}."
    hint = f"To take one all the same, name it: --code {codes.grouped(expired[0].code)}"
    return [Problem(code="expired", severity="warning", message=message, hint=hint, exit_code=ExitCode.USAGE)]


def _nothing_left(registry: Registry, choice: Choice) -> Problem:
    hint = "See what there is: certgen list"
    if choice.course is not None:
        known = records.courses(registry)
        near = toml.nearest(choice.course, known)
        if choice.course not in known:
            hint = f"Did you mean “{near}”?" if near else f"The courses here are: {', '.join(known)}."
    return _usage("nothing-chosen", "No certificate is left that could be taken.", hint, None)


def _usage(code: str, message: str, hint: str, key: str | None) -> Problem:
    return Problem(code=code, message=message, hint=hint, key=key, exit_code=ExitCode.USAGE)
