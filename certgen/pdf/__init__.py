"""Documents of runs, paths and artwork -> PDF bytes. The only package that knows PDF syntax.

:func:`engrave` serialises once what a :class:`certgen.page.Document` says about every file;
:meth:`Plate.fill` writes what one :class:`certgen.page.Filling` adds. A file is
``plate.prefix + plate.fill(filling)``. Source: ISO 32000-1 (PDF 1.7), ISO 19005-3 (PDF/A-3,
level A) and ISO 14289-1 (PDF/UA-1), all three at once. :class:`certgen.pdf.job.Job` is for paper: many
fillings in one file.
"""

from __future__ import annotations

from certgen.pdf.plate import Plate, engrave

__all__ = ["Plate", "engrave"]
