"""Artwork: ornaments drawn from parameters, pictures and designers' pages, each as a one-page PDF without text.

What comes from outside is data only: nothing in it is run, fetched or followed; limits hold before it is parsed.
"""

from __future__ import annotations

from certgen.artwork.drawing import KINDS, drawing
from certgen.artwork.outline import lettering
from certgen.artwork.picture import background, image
from certgen.artwork.sheet import contrast

__all__ = ["KINDS", "background", "contrast", "drawing", "image", "lettering"]
