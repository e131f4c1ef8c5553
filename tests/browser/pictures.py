"""Small pictures of pages: few colours, which is all that text and charts need."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image

COLOURS: Final = 40


def small(png: bytes) -> bytes:
    """Write a picture in a palette of few colours."""
    with Image.open(BytesIO(png)) as picture, BytesIO() as written:
        palette = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        palette.save(written, "PNG", optimize=True)
        return written.getvalue()
