"""Archives, pictures and tensors that were made to break or to trick a reader."""

import io
import json
import stat
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from bam_pipelines.behavior.readers.images import from_folder, read_image, read_tensor
from bam_pipelines.behavior.readers.jatos import read_archive

METADATA = json.dumps({"data": [{"studyResults": [{"id": 1, "componentResults": [{"id": 2}]}]}]})
ANSWERS = "study_result_1/comp_result_2/data.txt"


@pytest.fixture
def archive(tmp_path):
    """A function from members, names or ZipInfo with contents, to the path of an archive."""

    def write(*members, kind=zipfile.ZIP_DEFLATED, metadata=METADATA):
        path = tmp_path / "results.jzip"
        with zipfile.ZipFile(path, "w", kind) as file:
            file.writestr("metadata.json", metadata)
            for name, content in members:
                file.writestr(name, content)
        return path

    return write


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def test_an_archive_that_unpacks_to_far_more_than_it_takes_is_refused(archive):
    path = archive((ANSWERS, b"0" * 20_000_000))
    with pytest.raises(ValueError, match=r"member '.*data.txt' unpacks from \d+ to 20000000 bytes; do not trust"):
        list(read_archive(path))


def test_the_total_is_bounded_too(archive, monkeypatch):
    monkeypatch.setattr("bam_pipelines.behavior.readers.jatos.LARGEST_ARCHIVE", 1000)
    with pytest.raises(ValueError, match="brings the archive above 1000 bytes unpacked, the most that is read"):
        list(read_archive(archive((ANSWERS, b"[]"), *((f"{number}", b"x" * 300) for number in range(4)))))


def test_a_link_is_refused(archive):
    with pytest.raises(ValueError, match="data.txt' is a link, expected a file"):
        list(read_archive(archive((link(ANSWERS), "/etc/passwd"))))


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("second", [ANSWERS, ANSWERS.replace("/", "//", 1), "./" + ANSWERS])
def test_a_member_that_is_there_twice_is_refused(archive, second):
    with pytest.raises(ValueError, match="is there twice"):
        list(read_archive(archive((ANSWERS, "[1]"), (second, "[2]"))))


def test_an_encrypted_member_is_refused(archive):
    path = archive((ANSWERS, "[1]"))
    content = bytearray(path.read_bytes())
    # bit 0 of the flags: 6 bytes into a local header, 8 into one of the directory
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.rindex(signature) + offset] |= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is encrypted, expected an export without a password"):
        list(read_archive(path))


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_compression_is_refused(archive, kind):
    with pytest.raises(ValueError, match="is compressed by method 1[24], expected 0 or 8"):
        list(read_archive(archive((ANSWERS, "[1]"), kind=kind)))


def test_a_damaged_member_is_named(archive):
    path = archive((ANSWERS, "[12345]"), kind=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"[12345]", b"[12845]"))
    with pytest.raises(ValueError, match="data.txt: cannot be read as a whole member of the archive .*CRC"):
        list(read_archive(path))


def test_answers_in_another_encoding_are_a_reject_that_says_so(archive):
    (component,) = read_archive(archive((ANSWERS, '[{"note": "né"}]'.encode("latin-1"))))
    assert component.text is None
    assert component.problem.startswith("cannot be read as text in UTF-8")


@pytest.mark.parametrize(
    "metadata",
    ["[" * 100_000, '{"data": [{"studyResults": [5]}]}', '{"data": [{"studyResults": [{"componentResults": [5]}]}]}',
     '{"data": [{"studyResults": [{"workerId": "\\ud800", "componentResults": [{"id": 2}]}]}]}', '{"data": 5}', "5"],
)  # fmt: skip
def test_metadata_of_another_shape_is_named(archive, metadata):
    with pytest.raises(ValueError, match="results.jzip/metadata.json: expected JATOS's"):
        list(read_archive(archive((ANSWERS, "[]"), metadata=metadata)))


@pytest.mark.parametrize("kind", ["PCX", "SGI", "EPS"])  # of the last one Ghostscript would run whatever it says
def test_formats_that_no_study_has_are_no_images(tmp_path, kind):
    path = tmp_path / "a.png"
    Image.new("L", (4, 4)).save(path, kind)
    with pytest.raises(ValueError, match=r"a\.png: cannot be read as an image, expected one of PNG, JPEG"):
        read_image(path)


def test_an_image_of_enormous_size_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "a.png"
    Image.new("1", (5000, 5000)).save(path)
    with pytest.raises(ValueError, match=r"5000 x 5000 pixels, expected at most 16777216 together"):
        read_image(path)


def test_a_name_that_no_file_can_have_is_no_image(tmp_path):
    find = from_folder(tmp_path)
    assert find("data:image/png;base64," + "A" * 5000) is None
    assert find("a/" * 3000 + "b.png") is None
    assert find("a\0b") is None


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF"])
def test_pictures_come_back(tmp_path, kind):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a", kind)
    np.testing.assert_array_equal(read_image(tmp_path / "a"), pixels[None])


@pytest.mark.parametrize(
    ("tensor", "reason"),
    [
        (torch.zeros(0, 4, 4), r"found a tensor of \(0, 4, 4\)"),
        (torch.zeros(0, 4, 4, dtype=torch.int64), r"found a tensor of \(0, 4, 4\)"),
        (
            torch.zeros(2, 4, 4, dtype=torch.int64),
            "found a torch.strided tensor of torch.int64, expected uint8 or floats",
        ),
        (
            torch.zeros(2, 4, 4, dtype=torch.complex64),
            "found a torch.strided tensor of torch.complex64, expected uint8 or floats",
        ),
        (torch.zeros(2, 4, 4).to_sparse(), "found a torch.sparse_coo tensor"),
        (torch.zeros(1, 1, 1).expand(100_000, 28, 28), r"found 78400000 pixels in \d+ bytes"),
        (torch.full((2, 4, 4), float("nan")), "found torch.float32 from nan to nan, expected uint8 or"),
    ],
)
def test_tensors_that_are_no_images_are_named(tmp_path, tensor, reason):
    torch.save(tensor, tmp_path / "images.pt")
    with pytest.raises(ValueError, match=rf"images\.pt: {reason}"):
        read_tensor(tmp_path / "images.pt")


def test_gradients_and_other_precisions_do_no_harm(tmp_path):
    torch.save(torch.nn.Parameter(torch.ones(2, 4, 4, dtype=torch.bfloat16)), tmp_path / "images.pt")
    assert read_tensor(tmp_path / "images.pt").shape == (2, 1, 4, 4)


class Evil:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize(
    "content", [Evil(), [Evil()], torch.nn.Linear(1, 1), {"a": 1}], ids=["object", "list", "network", "dict"]
)
def test_whatever_else_a_tensor_file_holds_is_not_run_and_no_way_to_run_it_is_shown(tmp_path, content, capsys):
    torch.save(content, tmp_path / "images.pt")
    with pytest.raises(ValueError, match=r"images\.pt: (cannot be read as one tensor|found dict)") as caught:
        read_tensor(tmp_path / "images.pt")
    assert "weights_only" not in str(caught.value)
    assert capsys.readouterr().out == ""


def test_a_tensor_file_that_unpacks_to_more_than_it_takes_is_refused(tmp_path):
    content = io.BytesIO()
    torch.save(torch.zeros(500, 28, 28), content)
    with zipfile.ZipFile(content) as whole, zipfile.ZipFile(tmp_path / "images.pt", "w", zipfile.ZIP_DEFLATED) as bomb:
        for member in whole.infolist():
            bomb.writestr(member.filename, whole.read(member))
    with pytest.raises(ValueError, match="it holds more than torch.save writes of one tensor"):
        read_tensor(tmp_path / "images.pt")
