"""Rows of the registry, found by the roster that they were issued from, by a manifest, by codes, or by flags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certgen import codes, keys, layout, output, reconcile, records
from certgen.errors import CertgenError, ExitCode, Problem
from certgen.executor import chunks
from certgen.fields import date_long
from certgen.intake import Intake, Job, Nobody, Options
from certgen.model import Course, Recipient
from certgen.reconcile import Standing
from certgen.registry import Held, Registry
from certgen.selection.choice import MANIFEST, Choice, Chosen, nothing_issued

PIECE = 200  # rows that are in memory at a time
LARGEST = 100_000_000  # bytes of a manifest
_FEW_ROWS = 3  # codes that are not known, told one by one
_FEW = 100  # codes that are looked up one by one; for more the registry is read through


Difference = tuple[str, str, str]  # what, before, now; as registry.Match has them


class Found(NamedTuple):
    """A row of the registry with the person on the roster and the roster's or the manifest's row. ``since``: what the
    course has come to say otherwise, whatever the person's own row says."""

    held: Held
    person: Recipient | None = None
    row: int | None = None
    since: tuple[Difference, ...] = ()


class Missed(NamedTuple):
    """Somebody on the roster whose certificate is not taken, and why; ``held`` is None where there is none."""

    held: Held | None
    person: Recipient
    why: Problem


def chosen_of(held: Held, group: str, row: int | None, order: int) -> Chosen:
    """A row that is not erased, as little as is needed of it."""
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


def rows(registry: Registry, choice: Choice, problems: list[Problem]) -> Iterator[Found | Missed]:
    """Those that the source names, or the codes, or all; other filters are for the caller."""
    if choice.source is None:
        if choice.codes:
            yield from _by_code(registry, dict.fromkeys(choice.codes), None, problems)
        else:
            found = registry.all(course=choice.course, since=choice.since, state="issued", name=choice.name)
            yield from map(Found, found)
    elif choice.source.suffix.casefold() == MANIFEST:
        listed = _manifest(choice.source, problems)
        yield from _by_code(registry, listed, choice.source, problems)
    else:
        yield from _on_roster(registry, choice, problems)


def _by_code(
    registry: Registry, wanted: dict[str, int | None], source: Path | None, problems: list[Problem]
) -> Iterator[Found]:
    """Rows by their codes, in the order of these. ``wanted``: code -> row. What is not known is an error."""
    serials: dict[str, int] = {}
    if len(wanted) > _FEW:
        serials = {held.code: held.serial for held in registry.all() if held.code in wanted}
    for some in chunks((code for code in wanted if code in serials), PIECE):
        rows = {held.code: held for held in registry.get(serials[code] for code in some)}
        yield from (Found(rows[code], row=wanted[code]) for code in some if code in rows)
    unknown: list[str] = []
    for code in wanted:
        if code in serials:
            continue
        held = registry.find(code)
        if held is not None:
            yield Found(held, row=wanted[code])
        else:
            unknown.append(code)
    if source is None or len(unknown) <= _FEW_ROWS:
        file = str(source) if source else None
        problems += [replace(records.unknown(code), file=file, row=wanted[code]) for code in unknown]
    else:
        problems.append(_other_manifest(source, len(unknown), len(wanted)))


def _other_manifest(source: Path, unknown: int, count: int) -> Problem:
    how = "None" if unknown == count else f"{unknown:,}"
    none = "was" if unknown == count else "were not"
    return Problem(
        code="unknown-code",
        message=f"{how} of the {count:,} certificates that {source.name} lists {none} issued here.",
        hint="Is this the right academy's folder? --folder names another.",
        file=str(source),
        exit_code=ExitCode.USAGE,
    )


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
        return [_elsewhere(problem, self.roster) for problem in errors if problem.row is None], rows

    def standings(self, registry: Registry, jobs: Sequence[Job]) -> list[Standing]:
        made = ((job, self._mint(job.recipient, job.award, job.language)) for job in jobs)
        wanted = [reconcile.wanted(job, credential, self.course, self.secret) for job, credential in made]
        return list(map(Standing, jobs, wanted, registry.match(wanted)))

    def no_more(self, registry: Registry) -> list[tuple[Standing, str]]:
        """Those who earn no certificate by what roster and course say today, and have one, each with the reason."""
        reasons = {none.row: none.reason for none in self.not_awarded}
        jobs = []
        for person in self.people.recipients:
            if person.row in reasons:
                with suppress(CertgenError):  # no number can be made of the row: a problem of those who earn one
                    job = Job(person, 0, person.language or self.language(), 0)
                    self._mint(person, job.award, job.language)
                    jobs.append(job)
        found = self.standings(registry, jobs) if jobs else []
        return [(each, reasons[each.job.recipient.row]) for each in found if _stands(each)]

    def place(self, person: Recipient, own: Sequence[Difference]) -> dict[str, Any]:
        """Where somebody is on the roster: the cell that says otherwise, or else the name's."""
        fields = [field for what, _, _ in own for field in _SAID_BY.get(what, ("score" if what == "grade" else what,))]
        cell = next((person.cells[field] for field in fields if field in person.cells), person.cells.get("name"))
        return {"row": person.row, "file": str(self.roster), "sheet": self.sheet, "cell": cell}


def _elsewhere(problem: Problem, path: Path) -> Problem:
    """What is to be done about a roster that is not where it was, when its certificates were issued."""
    if problem.code not in ("no-issuer", "no-course"):
        return problem
    what = "belongs to no academy" if problem.code == "no-issuer" else "has no course"
    return replace(
        problem,
        message=f"{path.name} {what} where it is now: {problem.message[0].lower()}{problem.message[1:]}",
        hint="Name it where it was when its certificates were issued, or the manifest that lies beside these, such as "
        f"certificates/{path.stem}-manifest.json.",
        exit_code=ExitCode.USAGE,
    )


def _on_roster(registry: Registry, choice: Choice, problems: list[Problem]) -> Iterator[Found | Missed]:
    """Certificates of the people on a roster, in its order: those that were issued and of which people's own rows say
    the same."""
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
    standings = [(standing, "") for standing in roll.standings(registry, roll.jobs)]
    standings += roll.no_more(registry)
    problems += rows
    if not any(standing.match.current for standing, _ in standings):
        problems.append(_other_day(roll, registry, choice.source) or _none_yet(roll, choice.source))
        return
    for standing, reason in sorted(standings, key=lambda each: each[0].job.recipient.row):
        held, person = standing.match.current, standing.job.recipient
        own, course = _parted(standing, watch.asked)
        if reason:
            why = None if choice.as_issued else _no_more(standing, reason)
        else:
            why = _otherwise(standing, own, choice.as_issued)
        if why is not None:
            yield Missed(held, person, replace(why, **roll.place(person, own)))
        else:
            assert held is not None
            yield Found(held, person, person.row, () if choice.as_issued else course)


_SAID_BY = {"hours": ("hours",), "first day": ("start",), "last day": ("end",), "number": ("number", "id", "extra")}
"""What of a row goes before the course, by the difference that it makes; course.toml may make numbers of ids and of
other columns."""


def _parted(standing: Standing, undated: bool) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """What a person's own row says otherwise than their certificate, and what only the course does. ``undated``:
    nothing says today what the day of issue was, so that the day of expiry cannot be compared."""
    match, person = standing.match, standing.job.recipient
    before = match.current.recipient if match.current else None
    own: list[Difference] = []
    course: list[Difference] = []
    for each in match.differences:
        what = each[0]
        if what == "expiry date":
            course += [] if undated else [each]
            continue
        fields = ("language",) if what == "course title" else _SAID_BY.get(what)
        alike = before is not None and all(getattr(before, field) == getattr(person, field) for field in fields or ())
        (course if fields and alike else own).append(each)
    return tuple(own), tuple(course)


def _otherwise(standing: Standing, own: tuple[Difference, ...], as_issued: bool) -> Problem | None:
    """Why a person's certificate is not taken; None where it is. ``own``: what their row says otherwise."""
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
        flag = "--renew-revoked" if held.state == "revoked" else "--on-change replace"
        return _left_out(held.state, words, f"Who is to have a new one gets it by: certgen batch {flag}")
    if match.kind not in ("unchanged", "changed"):
        hint = "Say whether that is the same person: certgen batch asks, or see its flags --new-email and --new-name."
        return _left_out(match.kind, reconcile.same_person(standing).rstrip("."), hint)
    if not own or as_issued:
        return None
    told = reconcile.told(standing._replace(match=replace(match, differences=own)))
    return _left_out(
        "changed",
        f"{name} has certificate {code}, and the roster now says otherwise: {told}",
        "certgen batch --on-change replace makes a new one; --as-issued takes the one that there is.",
    )


def _stands(standing: Standing) -> bool:
    """Whether somebody certainly has a certificate that is in force."""
    held = standing.match.current
    return held is not None and held.state == "issued" and standing.match.kind in ("unchanged", "changed")


def _no_more(standing: Standing, reason: str) -> Problem:
    held, name = standing.match.current, standing.job.recipient.name
    assert held is not None, "that is why it is told"
    return _left_out(
        "changed",
        f"{name} has certificate {codes.grouped(held.code)}, and would get none now: {reason}",
        "--as-issued takes the one that there is. To cancel it: certgen revoke",
    )


def _left_out(code: str, words: str, hint: str) -> Problem:
    return Problem(code=code, severity="warning", message=f"{words}, so this row is left out.", hint=hint)


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


def _other_day(roll: _Roll, registry: Registry, source: Path) -> Problem | None:
    """That the course's first day, by which its runs are told apart, is another than that of the run whose certificates
    people on the roster have; None where it is not so."""
    people = {person.name for person in roll.people.recipients}
    run = f"{roll.course.code}\n{roll.course.start or ''}"
    for held in registry.all(course=roll.course.code, state="issued"):
        if held.run != run and held.content is not None and held.content.name in people:
            before, now = held.run.partition("\n")[2] or "none", roll.course.start or "none"
            return Problem(
                code="other-run",
                message=f"People on {source.name} have certificates of a course whose first day is {before}, and by "
                f"the course file it is {now} now: to certgen that is another run of the course.",
                hint="Write the first day as it was, or name the manifest that lies beside the certificates, such as "
                f"certificates/{source.stem}-manifest.json.",
                file=roll.course.file or str(roll.roster),
                exit_code=ExitCode.USAGE,
            )
    return None


def _other_academy(roll: _Roll, registry: Registry) -> Problem:
    return Problem(
        code="other-academy",
        message=f"{roll.roster.name} belongs to the academy in {roll.issuer.folder}, and this is the one in "
        f"{registry.path.parent}.",
        hint="Leave --folder out, or name the roster's own academy.",
        file=str(roll.roster),
        exit_code=ExitCode.USAGE,
    )
