"""The preprocessing stage on the bundled digits; tests/test_full.py has the official files."""

import numpy as np
import pytest

from bam_pipelines.images.digits import Digits, bundled_digits
from bam_pipelines.images.pixels import stimulus_ids
from bam_pipelines.pipelines.preprocessing import create_pipeline
from bam_pipelines.pipelines.preprocessing.nodes import split_digits, summarise_digits

OPTIONS = {
    "source": "bundled",
    "n_train": 30,
    "n_validation": 10,
    "n_test": 20,
    "classes": [str(digit) for digit in range(10)],
    "file": "nowhere.npz",
    "exclude_bundled": False,
    "folder": "nowhere",
    "md5": {},
}


@pytest.fixture(autouse=True, scope="module")
def digits_read_once():
    digits = bundled_digits()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bam_pipelines.pipelines.preprocessing.nodes.bundled_digits", lambda: digits)
        yield


def test_bundled_digits_are_split_by_class():
    summary = summarise_digits(**split_digits(OPTIONS, seed=0))
    assert summary == {
        split: {"n": 10 * share, "classes": {str(digit): share for digit in range(10)}}
        for split, share in (("train", 3), ("validation", 1), ("test", 2))
    }


def test_labels_stay_with_their_images():
    bundle = bundled_digits()
    label = dict(zip(stimulus_ids(bundle.pixels), bundle.labels.tolist(), strict=True))
    table = split_digits(OPTIONS, seed=0)["test"]
    assert [label[name] for name in table["stimulus_id"]] == table["label"].tolist()


def test_the_seed_decides():
    first, again, other = (split_digits(OPTIONS, seed)["test"]["stimulus_id"].tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_an_unknown_source_is_named():
    with pytest.raises(ValueError, match="preprocessing.source is 'web', expected bundled, sklearn, idx or npz"):
        split_digits(OPTIONS | {"source": "web"}, seed=0)


def test_the_stage_takes_parameters_only():
    stage = create_pipeline()
    assert stage.inputs() == {"params:preprocessing", "params:seed"}
    assert stage.all_outputs() == {"mnist_train", "mnist_validation", "mnist_test", "mnist_summary"}


def test_the_official_test_digits_are_kept_whole(monkeypatch):
    module = "bam_pipelines.pipelines.preprocessing.nodes.official_digits"
    monkeypatch.setattr(module, lambda *arguments: bundled_digits().take(np.arange(50)))
    with pytest.raises(ValueError, match="preprocessing.n_test is 20, expected 50: the official test digits are kept"):
        split_digits(OPTIONS | {"source": "idx"}, seed=0)


def test_own_images_are_split_by_class(tmp_path):
    draw = np.random.default_rng(0)
    images, labels = draw.integers(0, 256, (80, 9, 9, 3), dtype=np.uint8), np.arange(80) % 4
    np.savez(tmp_path / "own.npz", images=images, labels=labels)
    own = {"source": "npz", "file": str(tmp_path / "own.npz"), "classes": ["cat", "dog", "ox", "cow"]}
    sizes = {"n_train": 40, "n_validation": 20, "n_test": 20}
    splits = split_digits(OPTIONS | own | sizes, seed=0)
    assert summarise_digits(**splits)["train"] == {"n": 40, "classes": dict.fromkeys("0123", 10)}
    assert set(splits["test"][["channels", "height", "width"]].itertuples(index=False, name=None)) == {(3, 9, 9)}
    with pytest.raises(ValueError, match="training images is of class 4, 'hen', expected some of each of the 5 in "):
        split_digits(OPTIONS | own | sizes | {"classes": [*own["classes"], "hen"]}, seed=0)


def test_small_digits_are_a_source():
    splits = split_digits(OPTIONS | {"source": "sklearn"}, seed=0)
    assert {name: len(table) for name, table in splits.items()} == {"train": 30, "validation": 10, "test": 20}
    assert set(splits["train"]["height"]) == {8}


def test_official_images_of_another_size_must_be_squares(monkeypatch):
    oblong = Digits(np.zeros((60, 1, 8, 9), dtype=np.uint8), np.zeros(60, dtype=np.uint8))
    monkeypatch.setattr("bam_pipelines.pipelines.preprocessing.nodes.official_digits", lambda *arguments: oblong)
    with pytest.raises(ValueError, match="nowhere: images are 8 x 9 pixels, expected squares"):
        split_digits(OPTIONS | {"source": "idx"}, seed=0)
