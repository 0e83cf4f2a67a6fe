"""A roster beside the registry: who is new, who has a certificate already, whose says something else.

Nothing is written here. A person whose certificate says the same is left alone; what to do about one who has another
is the user's to say (``--on-change``), and is told row by row until they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from certgen import codes
from certgen import credential as credentials
from certgen.errors import ExitCode, Problem
from certgen.facts import figure
from certgen.fields import date_long
from certgen.intake import Job
from certgen.model import Course, Credential
from certgen.registry import Content, Held, Match, Wanted
from certgen.roster import extra
from certgen.values import as_bool

OnChange = Literal["keep", "replace", "refuse"]
OnEmail = Literal["same", "other"]
CONSENT = "public"
"""The roster column in which people agree that their certificate is listed in public."""


class Standing(NamedTuple):
    """A certificate that the roster asks for, and what is to be done: made new; made in another one's place; the same
    one made again from today's course and layout; or left as it was issued."""

    job: Job
    wanted: Wanted
    match: Match
    do: Literal["make", "replace", "remake", "keep"] = "make"

    @property
    def kept(self) -> Held | None:
        return self.match.current if self.do == "keep" else None


class Asker(Protocol):
    """Who can be asked about people that have a certificate already."""

    def ask_changes(self, changed: Sequence[Standing]) -> OnChange | None:
        """What to do about all of them; None where nobody can be asked."""

    def ask_email(self, standing: Standing) -> OnEmail | None:
        """Whether this is the person who had another address; None where nobody can be asked."""


def wanted(job: Job, made: Credential, course: Course, secret: bytes) -> Wanted:
    """What the roster asks the registry for. ``made`` may be of any revision."""
    person = job.recipient
    who = credentials.identity(person)
    score = None
    if person.score is not None:
        score = figure(person.score) + (f"/{figure(person.score_out_of)}" if person.score_out_of else "")
    agreed = as_bool(extra(person, CONSENT) or "") is True
    return Wanted(
        person=credentials.code(course.code, course.start, who, secret),
        by=_BASIS[who.partition(":")[0]],
        run=f"{course.code}\n{course.start or ''}",
        content=Content(
            name=person.name,
            number=made.number,
            course=course.code,
            title=course.editions[job.language].title,
            award=made.kind,
            hours=made.hours,
            start=made.start,
            end=made.end,
            grade=score,
            expires=made.expires,
        ),
        recipient=person,
        language=job.language,
        award=job.award,
        kind=made.kind,
        consented=agreed,
    )


_BASIS: dict[str, Literal["id", "email", "name"]] = {"id": "id", "email": "email", "name": "name"}


def settle(
    found: Sequence[Standing],
    on_change: OnChange | None,
    on_email: OnEmail | None,
    asker: Asker,
    *,
    again: bool,
    revoked: bool,
) -> tuple[list[Standing], list[tuple[Standing, Problem]]]:
    """What to do about each, and the problems of those about whom it is not said. Whose certificate was revoked gets
    none, unless they are to have new ones (``revoked``). Who is known otherwise than before, and whose certificate says
    the same, keeps it. ``again``: those that say the same are made again."""
    done: list[Standing] = []
    problems: list[tuple[Standing, Problem]] = []
    changed = [standing for standing in found if _changed(standing)]
    answer = on_change or (asker.ask_changes(changed) if changed else None)
    for standing in found:
        match = standing.match
        if _revoked(standing):
            if revoked:
                done.append(standing._replace(do="replace"))
        elif match.kind == "unchanged":
            done.append(standing._replace(do="remake" if again else "keep"))
        elif match.kind in ("other-email", "other-name"):
            said = on_email or asker.ask_email(standing)
            if said is None:
                problems.append((standing, _identity_problem(standing)))
            elif said == "other":
                done.append(standing)
            else:
                done.append(standing._replace(do="replace" if _otherwise(standing) else "remake" if again else "keep"))
        elif _changed(standing):
            if answer in ("keep", "replace"):
                done.append(standing._replace(do=answer))
            else:
                problems.append((standing, _change_problem(standing)))
        else:
            done.append(standing)
    return done, problems


def _otherwise(standing: Standing) -> bool:
    """Whether the certificate of somebody who is known otherwise says something else than the roster does: what stands
    first of the differences of an other-email is how they are known."""
    return len(standing.match.differences) > (standing.match.kind == "other-email")


def ended(standing: Standing) -> str | None:
    """Why somebody gets no certificate although the roster and the rules would give one: theirs was revoked."""
    held = standing.match.current
    if held is None or not _revoked(standing):
        return None
    why = f" ({held.reason})" if held.reason else ""
    when = f" on {date_long(held.ended, 'en')}" if held.ended else ""
    return f"certificate {codes.grouped(held.code)} was revoked{when}{why}; --renew-revoked makes a new one"


def _revoked(standing: Standing) -> bool:
    held = standing.match.current
    return standing.match.kind == "changed" and held is not None and held.state == "revoked"


def _changed(standing: Standing) -> bool:
    """Other content than what was issued, or than what a batch that was cut short may have handed out."""
    if _revoked(standing):
        return False
    match = standing.match
    if match.kind == "unfinished" and match.differences and match.current is not None:
        return bool(match.current.file) and (Path(match.current.folder) / match.current.file).exists()
    return match.kind == "changed"


def _change_problem(standing: Standing) -> Problem:
    held = standing.match.current
    assert held is not None
    when = f" on {date_long(held.issued, 'en')}" if isinstance(held.issued, date) else ""
    return Problem(
        code="changed",
        message=f"{standing.job.recipient.name} has certificate {codes.grouped(held.code)}, issued{when}, and the "
        f"roster now says otherwise: {told(standing)}.",
        hint="--on-change replace makes a new one and cancels the old; --on-change keep leaves the old one as it is.",
        cell=_cell(standing),
        exit_code=ExitCode.ROSTER,
    )


def told(standing: Standing) -> str:
    """The differences in words: "hours 60, now 50"."""
    return "; ".join(f"{field} {before}, now {now}" for field, before, now in standing.match.differences)


def _cell(standing: Standing) -> str | None:
    cells = standing.job.recipient.cells
    fields = [field for field, _, _ in standing.match.differences]
    return next((cells[field] for field in fields if field in cells), None)


def same_person(standing: Standing) -> str:
    """What is to be asked about somebody who may be the person of an earlier certificate: a statement."""
    held, person = standing.match.current, standing.job.recipient
    assert held is not None
    code, before = codes.grouped(held.code), held.content.name if held.content else ""
    if standing.match.kind == "other-name":
        return f"{before} has certificate {code} and is not on the roster any more; {person.name} is new there."
    old = held.recipient.email if held.recipient else None
    return f"{person.name} had {old or 'no address'} with certificate {code}, and has {person.email or 'none'} now."


def what_then(standing: Standing) -> str:
    """What becomes of the earlier certificate if it is the same person's."""
    if _otherwise(standing):
        return "a new certificate is made with a new code, and the old one is cancelled"
    return "the certificate and its code stay, and mail goes to the new address"


def _identity_problem(standing: Standing) -> Problem:
    person = standing.job.recipient
    kind = "name" if standing.match.kind == "other-name" else "email"
    return Problem(
        code=f"other-{kind}",
        message=f"{same_person(standing)} Is that the same person?",
        hint=f"--new-{kind} same if so: {what_then(standing)}. --new-{kind} other if it is somebody else.",
        cell=person.cells.get(kind),
        exit_code=ExitCode.ROSTER,
    )
