"""Sets text: from characters in a style to :class:`certgen.page.Line`, glyph by glyph.

The steps, in this order: normalise (NFC); itemise by bidi level (UAX 9), script (UAX 24) and face; shape each
item with HarfBuzz; break (UAX 14; names only where a name may break); reorder (UAX 9, L1 and L2); measure.
A face is chosen for a whole text or script run, never letter by letter, and only if it has every glyph and its
marks attach: .notdef never comes out of here.

Lengths are points; inside, a shaped text is measured in em of its style's size, so that one shaping serves
every size that :meth:`Typesetter.fit` tries.
"""

from __future__ import annotations

from certgen.text.style import Direction, Fit, Fitted, Style, Uncovered, Unfit
from certgen.text.typesetter import Typesetter

__all__ = ["Direction", "Fit", "Fitted", "Style", "Typesetter", "Uncovered", "Unfit"]
