"""Which certificates are meant: those issued from a roster, those of a manifest, or those that flags narrow down to.

Whatever prints, sends, packs or pictures certificates begins here. Nothing is written and nobody is asked. What comes
back is small; whoever needs the rows or the PDF files reads them some at a time (:func:`read`, :class:`Files`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from msgspec.structs import replace

from certgen import codes, records, toml
from certgen.errors import ExitCode, Problem, has_errors
from certgen.fields import date_long
from certgen.names import folded
from certgen.registry import Held, Registry
from certgen.selection.changes import Changed
from certgen.selection.choice import MANIFEST, Choice, Chosen, nothing_issued, usage
from certgen.selection.expiry import Due, expiring, until
from certgen.selection.files import File, Files, read
from certgen.selection.groups import Groups
from certgen.selection.sources import Missed, chosen_of, rows

__all__ = [
    "MANIFEST",
    "Choice",
    "Chosen",
    "Due",
    "File",
    "Files",
    "choose",
    "expiring",
    "left_out",
    "nothing_issued",
    "ordered",
    "read",
    "until",
]


def choose(registry: Registry, choice: Choice, problems: list[Problem], *, today: date | None = None) -> list[Chosen]:
    """The certificates that are meant, in their order: those that stand, which is neither replaced nor revoked nor
    erased. Expired ones are left out unless asked for by their code.

    People on a roster who have none, or whose own row now says otherwise, are warnings and left out
    (:func:`left_out`). What only the course says otherwise today leaves nobody out and is one warning. Where nothing is
    left there is an error among the problems.
    """
    if not registry.count():
        problems.append(nothing_issued(choice.source))
        return []
    told: list[Problem] = []
    today = today or date.today()
    groups = Groups(choice.group)
    chosen: list[Chosen] = []
    expired: list[tuple[str, str, date | None]] = []
    missed = dict.fromkeys(choice.codes) if choice.source else {}
    changed = Changed(choice.source)
    for found in rows(registry, choice, told):
        if isinstance(found, Missed):
            told += _why(found, choice, groups)
            missed.pop(found.held.code if found.held else "", None)
            continue
        held, person, row, since = found
        missed.pop(held.code, None)
        if not _meant(held, choice) or not _stands(held, row, choice, told):
            continue
        group = groups.of(person, held.recipient)
        if group is None:
            continue
        if records.state_of(held, today) == "expired" and held.code not in choice.codes:
            name = held.content.name if held.content else ""
            expired.append((name, codes.grouped(held.code), held.expires))
            continue
        chosen.append(chosen_of(held, group, row, len(chosen)))
        changed.add(since)
    told[:0] = changed.told()
    told += groups.told() if not has_errors(told) else []
    told += _expired(expired) + [_not_among(code, choice) for code in missed]
    if not chosen and not has_errors(told):
        told.append(_nothing_left(registry, choice, told))
    problems += told
    return [] if has_errors(told) else chosen


def left_out(problems: Iterable[Problem]) -> int:
    """How many rows of a roster or manifest were left out that should not have to be: for the exit code. Those whose
    certificates were revoked, replaced or erased are left out rightly."""
    rightly = ("revoked", "replaced", "erased")
    return len({problem.row for problem in problems if problem.row is not None and problem.code not in rightly})


def ordered(
    chosen: Iterable[Chosen], by: Literal["family", "roster", "code"], language: str | None = None
) -> list[Chosen]:
    """The same in another order: of people's names as the dictionaries of ``language`` have it, of the roster, of the
    codes. Source: UTS 10 (ICU's collations; the root's, which is right for all scripts alike, where no language is
    given)."""
    if by != "family":
        return sorted(chosen, key=lambda one: one.order if by == "roster" else one.code)
    import icu

    locale = icu.Locale.forLanguageTag(language) if language else icu.Locale.getRoot()
    key = icu.Collator.createInstance(locale).getSortKey
    return sorted(chosen, key=lambda one: (key(one.family), key(one.name), one.code))


def _why(missed: Missed, choice: Choice, groups: Groups) -> list[Problem]:
    """What is to be told of somebody who is left out; nothing where the flags mean others."""
    held, person = missed.held, missed.person
    if held is None:
        meant = choice.codes == () and choice.since is choice.until is None and _called(person.name, choice)
    else:
        meant = _meant(held, choice) or (_called(person.name, choice) and _meant(held, replace(choice, name=None)))
    recipient = held.recipient if held else None
    return [missed.why] if meant and groups.of(person, recipient) is not None else []


def _called(name: str, choice: Choice) -> bool:
    """Whether a name has the words. They are compared as everywhere: no case, no accents."""
    return choice.name is None or set(folded(choice.name).split()) <= set(folded(name).split())


def _meant(held: Held, choice: Choice) -> bool:
    """Whether it is what the flags say."""
    name = held.content.name if held.content else ""
    return (
        (choice.course is None or records.course_of(held) == choice.course)
        and (choice.since is None or held.issued >= choice.since)
        and (choice.until is None or held.issued <= choice.until)
        and (not choice.codes or held.code in choice.codes)
        and _called(name, choice)
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


def _not_among(code: str, choice: Choice) -> Problem:
    name = choice.source.name if choice.source else ""
    words = f"Certificate {codes.grouped(code)} is not among those taken from {name}."
    return replace(
        usage("not-among", words, f"To take it all the same, leave {name} out.", "--code"), severity="warning"
    )


def _expired(expired: Sequence[tuple[str, str, date | None]]) -> list[Problem]:
    """One sentence for all: they are the rule in an old course."""
    if not expired:
        return []
    count = len(expired)
    what = "1 certificate has expired and is" if count == 1 else f"{count:,} certificates have expired and are"
    some = [f"{name} ({day})" for name, _, day in expired[:3]]
    more = f" and {count - 3:,} more" if count > 3 else ""
    message = f"{what} left out: {', '.join(some)}{more}."
    hint = f"To take one all the same, name it: --code {expired[0][1]}"
    return [Problem(code="expired", severity="warning", message=message, hint=hint, exit_code=ExitCode.USAGE)]


def _nothing_left(registry: Registry, choice: Choice, told: Sequence[Problem]) -> Problem:
    hint = "Why not is said above." if told else "See what there is: certgen list"
    if choice.course is not None:
        known = records.courses(registry)
        near = toml.nearest(choice.course, known)
        if choice.course not in known:
            hint = f"Did you mean “{near}”?" if near else f"The courses here are: {', '.join(known)}."
    return usage("nothing-chosen", "No certificate is left that could be taken.", hint, None)
