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
from certgen.errors import ExitCode, Problem
from certgen.executor import chunks
from certgen.fields import date_long
from certgen.intake import Intake, Nobody, Options
from certgen.model import Course, Recipient
from certgen.reconcile import Standing
from certgen.registry import Held, Registry
from certgen.selection.choice import MANIFEST, Choice, Chosen, nothing_issued

PIECE = 200  # rows that are in memory at a time
LARGEST = 100_000_000  # bytes of a manifest
_FEW_ROWS = 3  # of one reason, told one by one
_FEW = 100  # codes that are looked up one by one; for more the registry is read through


class Found(NamedTuple):
    """A row of the registry with the person on the roster and the roster's or the manifest's row."""

    held: Held
    person: Recipient | None = None
    row: int | None = None


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


def rows(registry: Registry, choice: Choice, problems: list[Problem]) -> Iterator[Found]:
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

    def place(self, person: Recipient) -> dict[str, Any]:
        cell = person.cells.get("name")
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


def _on_roster(registry: Registry, choice: Choice, problems: list[Problem]) -> Iterator[Found]:
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
    changed: dict[tuple[str, ...], list[tuple[str, Problem]]] = {}  # by what of the course is another
    some = False
    for standing in map(Standing, roll.jobs, wanted, matches):
        held, person = standing.match.current, standing.job.recipient
        some = some or held is not None
        problem = _otherwise(standing, watch.asked, choice.as_issued)
        if problem is None:
            assert held is not None
            yield Found(held, person, person.row)
            continue
        problem = replace(problem, **roll.place(person))
        fields = tuple(field for field, _, _ in standing.match.differences)
        if problem.code == "changed" and set(fields) <= _OF_COURSE:
            changed.setdefault(fields, []).append((reconcile.told(standing), problem))
        else:
            told.append(problem)
    for each in changed.values():
        told += [problem for _, problem in each] if len(each) <= _FEW_ROWS else [_course_changed(roll, each)]
    problems += rows + told if some else [*rows, _none_yet(roll, choice.source)]


_OF_COURSE = frozenset({"course title", "hours", "first day", "last day", "expiry date"})


def _course_changed(roll: _Roll, rows: Sequence[tuple[str, Problem]]) -> Problem:
    """One reason for many: the course was changed since."""
    words, first = rows[0]
    return replace(
        first,
        message=f"For {len(rows):,} people on {roll.roster.name} roster or course now say otherwise than their "
        f"certificates, so they are left out: {words}.",
        file=roll.course.file or str(roll.roster),
        sheet=None,
        cell=None,
        row=None,
    )


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
    if match.kind not in ("unchanged", "changed"):
        hint = "Say whether that is the same person: certgen batch asks, or see its flags --new-email and --new-name."
        return _left_out(match.kind, reconcile.same_person(standing).rstrip("."), hint)
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
