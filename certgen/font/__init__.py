"""Faces: what is bundled, what the issuer brings, what the system has for Chinese, Japanese and Korean.

Metrics are in the face's own units (``Face.upem`` to the em), y up. Tables are those of OpenType
(ISO/IEC 14496-22); the index reads ``name``, ``OS/2`` and ``fvar`` alone, and HarfBuzz opens a face
when it is first used. Font files are data: sizes are checked, and one that cannot be read becomes a
:class:`Problem` in ``FontBook.problems``.
"""

from __future__ import annotations

from certgen.font.book import FontBook
from certgen.font.cjk import CJK_HINT, CJK_SCRIPTS
from certgen.font.face import NOWHERE, Box, Face, Subset, subset

__all__ = ["CJK_HINT", "CJK_SCRIPTS", "NOWHERE", "Box", "Face", "FontBook", "Subset", "subset"]
