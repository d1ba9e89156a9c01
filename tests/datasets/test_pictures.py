"""Figures are stored as PNG and come back as its bytes; pages keep their letters."""

import base64

from matplotlib.figure import Figure

from bam_pipelines.datasets import FigureDataset, PageDataset


def drawn():
    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([0, 1])
    return figure


def test_a_figure_comes_back_as_the_bytes_of_its_picture(tmp_path):
    dataset = FigureDataset(filepath=str(tmp_path / "figure.png"), dpi=40)
    dataset.save(drawn())
    assert dataset.load().startswith(b"\x89PNG\r\n")
    assert dataset.load() == (tmp_path / "figure.png").read_bytes()
    assert base64.b64decode(dataset.preview()) == dataset.load()


def test_the_same_figure_gives_the_same_file(tmp_path):
    for name in ("a.png", "b.png"):
        FigureDataset(filepath=str(tmp_path / name)).save(drawn())
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_page_is_utf_8(tmp_path):
    dataset = PageDataset(filepath=str(tmp_path / "page.html"))
    dataset.save("<p>σ → ½</p>")
    assert (tmp_path / "page.html").read_bytes() == "<p>σ → ½</p>".encode()
    assert dataset.load() == "<p>σ → ½</p>"
