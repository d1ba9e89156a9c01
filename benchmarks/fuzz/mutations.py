"""What happens to files on their way: bits flip, ends are cut off, pieces are lost, doubled, or come from elsewhere."""

from collections.abc import Callable, Sequence

import numpy as np

# what parsers treat in a way of its own
_TOKENS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b'"', b"'", b",", b";", b"\t", b"{", b"}", b"[", b"]", b":",
    b"\\", b"null", b"true", b"NaN", b"Infinity", b"-1", b"1e999", b"9" * 40, b"9" * 5000, b"\\ud800", b"../", b"%",
    b"&a ", b"*a", b"!!python/object", b"<img src=", b"\xc3\x28", b"\xed\xa0\x80", b"[" * 3000, b'{"a":' * 3000,
    b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff\xff\xff\xff\xff", b"PK\x03\x04", b"\x1f\x8b", b"\xe9", b"0x10",
    "７".encode(),
)  # fmt: skip


def _flip(content: bytearray, draw: np.random.Generator) -> bytearray:
    for place in draw.integers(len(content), size=int(draw.integers(1, 9))):
        content[place] ^= 1 << int(draw.integers(8))
    return content


def _overwrite(content: bytearray, draw: np.random.Generator) -> bytearray:
    place = int(draw.integers(len(content)))
    content[place] = int(draw.integers(256))
    return content


def _cut(content: bytearray, draw: np.random.Generator) -> bytearray:
    return content[: int(draw.integers(len(content)))]


def _lose(content: bytearray, draw: np.random.Generator) -> bytearray:
    begin, end = sorted(draw.integers(len(content) + 1, size=2))
    return (
        content[:begin] + content[max(end, begin + 1) :]
        if draw.random() < 0.5
        else content[:begin] + content[begin + 1 :]
    )


def _insert(content: bytearray, draw: np.random.Generator) -> bytearray:
    place = int(draw.integers(len(content) + 1))
    return content[:place] + _TOKENS[int(draw.integers(len(_TOKENS)))] + content[place:]


def _double(content: bytearray, draw: np.random.Generator) -> bytearray:
    begin, end = sorted(draw.integers(len(content) + 1, size=2))
    return content[:end] + content[begin:end] * int(draw.integers(1, 4)) + content[end:]


_CHANGES: tuple[Callable[[bytearray, np.random.Generator], bytearray], ...] = (
    _flip,
    _overwrite,
    _overwrite,
    _cut,
    _lose,
    _insert,
    _insert,
    _double,
)


def mutate(files: Sequence[bytes], draw: np.random.Generator) -> bytes:
    """Return one of some whole files after one to three changes, or the beginning of one and the end of another."""
    content = bytearray(files[int(draw.integers(len(files)))])
    if draw.random() < 0.15:
        other = files[int(draw.integers(len(files)))]
        return bytes(content[: int(draw.integers(len(content) + 1))] + other[int(draw.integers(len(other) + 1)) :])
    # mostly one change, and often one that moves nothing: what stands behind it can then still be read
    for _ in range(int(draw.choice([1, 1, 1, 2, 3]))):
        if content:
            content = _CHANGES[int(draw.integers(len(_CHANGES)))](content, draw)
    return bytes(content)
