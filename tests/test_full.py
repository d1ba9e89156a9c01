"""The official MNIST files through conf/full; their folder is named by the environment variable BAM_MNIST."""

import os
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

from bam_pipelines.images.digits import bundled_digits
from bam_pipelines.images.pixels import stimulus_ids
from bam_pipelines.pipelines.preprocessing.nodes import split_digits, summarise_digits
from bam_pipelines.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).parents[1] / "conf"

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(
        "BAM_MNIST" not in os.environ, reason="BAM_MNIST does not name the folder of the official MNIST files"
    ),
]


@pytest.fixture(scope="module")
def tables():
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    here = {"preprocessing": {"folder": os.environ["BAM_MNIST"]}}
    parameters = OmegaConfigLoader(str(CONF), env="full", runtime_params=here, **arguments)["parameters"]
    assert len(parameters["preprocessing"]["md5"]) == 4
    return split_digits(parameters["preprocessing"], parameters["seed"])


def test_counts_are_the_published_ones(tables):
    summary = summarise_digits(**tables)  # which also checks that no image is in two splits
    assert {name: counts["n"] for name, counts in summary.items()} == {
        "train": 50_000,
        "validation": 5_000,
        "test": 10_000,
    }
    # of the test digits, as published by LeCun, Cortes and Burges
    published = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert list(summary["test"]["classes"].values()) == published
    # of the 60,000 training digits, less 500 of each class that are bundled
    official = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    kept = [sum(summary[split]["classes"][str(digit)] for split in ("train", "validation")) for digit in range(10)]
    assert kept == [count - 500 for count in official]


def test_no_bundled_digit_is_trained_on(tables):
    bundled = set(stimulus_ids(bundled_digits().pixels))
    assert len(bundled) == 5_000
    for name in ("train", "validation"):
        assert not bundled & set(tables[name]["stimulus_id"])
