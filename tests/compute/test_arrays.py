"""Arrays on disk: what was written comes back, and any other byte is found."""

import numpy as np
import pytest

from bam_pipelines.compute.arrays import DamagedArraysError, read_arrays, write_arrays

ARRAYS = {"drawn": np.arange(3.0, dtype=np.float32), "none": np.empty((0, 2))}


def same(found):
    return list(found) == list(ARRAYS) and all(
        found[name].dtype == array.dtype and np.array_equal(found[name], array) for name, array in ARRAYS.items()
    )


def test_they_come_back(tmp_path):
    write_arrays(tmp_path / "new" / "a.npz", ARRAYS)
    assert same(read_arrays(tmp_path / "new" / "a.npz"))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.npz"]


def test_every_cut_and_every_flipped_bit_is_found_or_changes_nothing(tmp_path):
    path = tmp_path / "a.npz"
    write_arrays(path, ARRAYS)
    content = path.read_bytes()
    cuts = [content[:length] for length in range(0, len(content), 9)]
    flips = [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in range(len(content))]
    for number, damaged in enumerate([*cuts, *flips]):
        path.write_bytes(damaged)
        try:
            assert same(read_arrays(path)), number
            assert number >= len(cuts), number  # dates and the like; a cut is always found
        except DamagedArraysError as error:
            assert str(error) == f"{path} is damaged, it does not hold what was written: remove it and run again."


@pytest.mark.parametrize("others", [{}, {"*digest": np.array("0123456789abcdef")}])
def test_arrays_that_are_not_those_of_the_digest_are_damaged(tmp_path, others):
    with (tmp_path / "a.npz").open("wb") as file:
        np.savez(file, **ARRAYS, **others)
    with pytest.raises(DamagedArraysError):
        read_arrays(tmp_path / "a.npz")


def test_a_file_that_is_not_there_is_not_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "a.npz")
