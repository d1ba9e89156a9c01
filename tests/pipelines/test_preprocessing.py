"""The preprocessing stage on the bundled digits, and on official files where they are given."""

import os

import numpy as np
import pytest

from bam_pipelines.images.digits import bundled_digits
from bam_pipelines.images.pixels import stimulus_ids
from bam_pipelines.pipelines.preprocessing import create_pipeline
from bam_pipelines.pipelines.preprocessing.nodes import split_digits, summarise_digits

OPTIONS = {
    "source": "bundled",
    "n_train": 30,
    "n_validation": 10,
    "n_test": 20,
    "n_classes": 10,
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
    with pytest.raises(ValueError, match="preprocessing.source is 'web', expected 'bundled' or 'idx'"):
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


@pytest.mark.full
@pytest.mark.skipif("BAM_MNIST" not in os.environ, reason="BAM_MNIST does not name the folder of the official files")
def test_the_official_files_without_the_bundled_digits():
    options = OPTIONS | {"source": "idx", "folder": os.environ["BAM_MNIST"], "exclude_bundled": True}
    tables = split_digits(options | {"n_train": 50_000, "n_validation": 5_000, "n_test": 10_000}, seed=0)
    summary = summarise_digits(**tables)
    assert {name: counts["n"] for name, counts in summary.items()} == {
        "train": 50_000,
        "validation": 5_000,
        "test": 10_000,
    }
    # the published counts of zeros and ones among the test digits
    assert (summary["test"]["classes"]["0"], summary["test"]["classes"]["1"]) == (980, 1135)
    assert not set(tables["train"]["stimulus_id"]) & set(stimulus_ids(bundled_digits().pixels))
