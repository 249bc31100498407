"""Ten traces that exercise a DRAM differently, 0.5 to 2 MB each."""

import numpy as np

from dsconv.dram.trace import Kind, Trace, Transfer

MB = 1 << 20
READ, WRITE = Kind.READ, Kind.WRITE


def rows(kind: Kind, first: int, count: int, size: int, stride: int) -> list[Transfer]:
    """Pieces of `size` bytes, `stride` bytes apart."""
    return [Transfer(kind, first + row * stride, size) for row in range(count)]


def copies(size: int, count: int) -> list[Transfer]:
    """Loads and stores in turn."""
    return [
        Transfer(kind, base + piece * size, size)
        for piece in range(count)
        for kind, base in ((READ, 0), (WRITE, 8 * MB))
    ]


def layer(strips: int, loaded: int, weights: int, stored: int) -> list[Transfer]:
    """Strips of a map, with weights that come again for each."""
    return [
        one
        for strip in range(strips)
        for one in (
            Transfer(READ, strip * loaded, loaded),
            Transfer(READ, 16 * MB, weights),
            Transfer(WRITE, 32 * MB + strip * stored, stored),
        )
    ]


def tiles(count: int) -> list[Transfer]:
    """Tiles of some rows of a wide map, weights between them, narrow rows stored."""
    return [
        one
        for tile in range(count)
        for one in (
            *rows(READ, tile * 512, 28, 448, 1792),
            Transfer(READ, 16 * MB + tile % 20 * 6144, 6144),
            *rows(WRITE, 32 * MB + tile * 256, 14, 224, 896),
        )
    ]


def random_pieces(count: int, size: int) -> list[Transfer]:
    """Anywhere; a third of them stored."""
    generator = np.random.default_rng(0)
    lines = generator.integers(0, MB, count).tolist()
    stored = (generator.random(count) < 1 / 3).tolist()
    return [
        Transfer(WRITE if write else READ, 64 * line, size)
        for line, write in zip(lines, stored, strict=True)
    ]


TRACES = {
    name: Trace.of(transfers)
    for name, transfers in {
        "read stream": [Transfer(READ, 0, MB)],
        "write stream": [Transfer(WRITE, 0, MB)],
        "copies of 4 KB": copies(4096, 128),
        "copies of 512 B": copies(512, 1024),
        "parts of rows": rows(READ, 0, 7168, 56, 112),
        "rows 8 KB apart": rows(READ, 0, 4000, 256, 8192),
        "rows of one bank": rows(READ, 0, 8000, 64, 65536),
        "layer": layer(30, 24_000, 9_000, 15_000),
        "tiles": tiles(80),
        "random pieces": random_pieces(1000, 1024),
    }.items()
}
