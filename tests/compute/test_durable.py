"""Files are there as a whole or not at all."""

import errno
import pickle

import pytest

from bam_pipelines.compute import durable
from bam_pipelines.compute.durable import WriteError, is_full, write_error, write_whole


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "new" / "numbers"
    write_whole(path, lambda place: place.write_text("1"))
    write_whole(path, lambda place: place.write_text("2"))
    assert path.read_text() == "2"
    assert [file.name for file in path.parent.iterdir()] == ["numbers"]


def half(number):
    def write(place):
        place.write_text("ha")
        raise OSError(number, "as the disk says")

    return write


@pytest.mark.parametrize(
    ("number", "why"),
    [(errno.ENOSPC, r"no space left on its disk \(\d+\.\d MiB are free\)"), (errno.EIO, "Input/output error")],
)
def test_a_write_that_fails_leaves_what_was_there(tmp_path, number, why):
    path = tmp_path / "numbers"
    path.write_text("1")
    with pytest.raises(WriteError, match=rf"^{path} cannot be written: {why}; nothing half-written is left") as raised:
        write_whole(path, half(number))
    assert raised.value.errno == number
    assert path.read_text() == "1"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_the_content_stays_what_it_is(tmp_path):
    with pytest.raises(ZeroDivisionError):
        write_whole(tmp_path / "numbers", lambda place: place.write_text(str(1 / 0)))
    assert list(tmp_path.iterdir()) == []


def test_the_content_is_on_disk_before_it_has_its_name(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(durable, "sync", lambda path: synced.append((path, (tmp_path / "numbers").exists())))
    write_whole(tmp_path / "numbers", lambda place: place.write_text("1"))
    (content, named_before), (folder, named_after) = synced
    assert (content.name.startswith("numbers."), named_before) == (True, False)
    assert (folder, named_after) == (tmp_path, True)


def test_a_full_disk_is_known_by_what_libraries_say(tmp_path):
    def wrapped(error):
        try:
            try:
                raise error
            except Exception as inner:
                raise ValueError("Failed while saving data") from inner
        except ValueError as outer:
            return outer

    assert is_full(wrapped(OSError(errno.ENOSPC, "full")))
    assert not is_full(wrapped(OSError(errno.EIO, "broken"))) and not is_full(ValueError("disk"))
    assert write_error(tmp_path / "a", ValueError("disk")) is None


def test_it_can_come_from_a_worker():
    error = pickle.loads(pickle.dumps(WriteError(errno.ENOSPC, "a cannot be written.")))
    assert (error.errno, str(error)) == (errno.ENOSPC, "a cannot be written.")
