"""What the course has come to say otherwise than the certificates that were issued from it: one warning for all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from certgen.errors import ExitCode, Problem
from certgen.selection.sources import Difference

_FEW = 4  # differences that are told


class Changed:
    """Counts certificates for which the course says otherwise today."""

    def __init__(self, source: Path | None) -> None:
        self._source = source
        self._count = 0
        self._found: dict[Difference, None] = {}

    def add(self, differences: Iterable[Difference]) -> None:
        """Of one certificate; none where the course says the same."""
        before = dict.fromkeys(differences)
        self._count += bool(before)
        self._found |= before

    def told(self) -> list[Problem]:
        if not self._count or self._source is None:
            return []
        few = [f"{what} {before}, now {now}" for what, before, now in list(self._found)[:_FEW]]
        more = f"; and {len(self._found) - _FEW:,} more" if len(self._found) > _FEW else ""
        one = self._count == 1
        many = "1 certificate" if one else f"{self._count:,} certificates"
        as_issued = "It comes as it was issued." if one else "They come as they were issued."
        return [
            Problem(
                code="course-changed",
                severity="warning",
                message=f"For {many} the course now says otherwise: {'; '.join(few)}{more}. {as_issued}",
                hint=f"New ones are made by: certgen batch {self._source.name} --on-change replace",
                exit_code=ExitCode.USAGE,
            )
        ]
