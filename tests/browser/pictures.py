"""Small pictures of pages: few colours, which is all that text and charts need, and no filter."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

COLOURS: Final = 32
Pixels = NDArray[np.uint8]

# The browser reads its own PNG: filters of PNG would take a reader of their own here.
PIXELS: Final = """async png => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const paper = new OffscreenCanvas(image.width, image.height).getContext("2d");
    paper.drawImage(image, 0, 0);
    const bytes = paper.getImageData(0, 0, image.width, image.height).data;
    const pieces = [];
    for (let at = 0; at < bytes.length; at += 32768)
        pieces.push(String.fromCharCode(...bytes.subarray(at, at + 32768)));
    return [image.width, image.height, btoa(pieces.join(""))];
}"""


def pixels_of(png: bytes, desk: Page) -> Pixels:
    """Return the colours of a picture, height × width × 3, as a page at about:blank reads it."""
    width, height, read = desk.evaluate(PIXELS, base64.b64encode(png).decode())
    return np.frombuffer(base64.b64decode(read), np.uint8).reshape(height, width, 4)[:, :, :3]


def indexed_png(pixels: Pixels) -> bytes:
    """Write a picture, height × width × 3, in its most frequent colours; others become the nearest of these."""
    height, width, _ = pixels.shape
    colours, place, times = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    palette = colours[np.argsort(-times, kind="stable")[:COLOURS]]
    apart = colours[:, None].astype(np.int32) - palette[None]
    nearest = (apart**2).sum(axis=2).argmin(axis=1).astype(np.uint8)
    rows = np.zeros((height, 1 + width), np.uint8)  # each begins with 0: no filter
    rows[:, 1:] = nearest[place.reshape(height, width)]
    head = struct.pack(">2I5B", width, height, 8, 3, 0, 0, 0)
    parts = [(b"IHDR", head), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, *zip(*parts, strict=True)))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
