"""Layout, course and issuer -> blanks: places boxes, fits texts, finds what varies.

One blank is made for each language, award and set of optional fields (a certificate with a register
number has other boxes than one without); a credential's blank is a function of the credential and
the course alone, so that its bytes never depend on who else is on the roster.
"""

from __future__ import annotations

from certgen.compose.blank import Blank, Filled, Fit, Matter, engraved
from certgen.compose.specimen import CODE as SPECIMEN
from certgen.compose.studio import Studio

__all__ = ["SPECIMEN", "Blank", "Filled", "Fit", "Matter", "Studio", "engraved"]
