"""A source's files in a folder of the test, read as conf/base says."""

from pathlib import Path

import numpy as np
import pytest
from kedro.config import OmegaConfigLoader

from bam_pipelines.behavior.ingestion import ingest
from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).parents[3] / "conf"
SALT = "a secret of the test"


def settings_of(source, env="base", **changes):
    loader = OmegaConfigLoader(str(CONF), env=env, **{**CONFIG_LOADER_ARGS, "default_run_env": "base"})
    parameters = loader["parameters"]["behavior"]
    parameters["sources"][source] |= changes
    return behavior_settings(parameters).sources[source]


@pytest.fixture
def take(tmp_path):
    """A function from a source and what differs from conf to what is read from the test's folder."""

    def read(source, env="base", known=None, share=0.5, salt=SALT, n_classes=10, **changes):
        settings = settings_of(source, env, **{"path": ".", **changes})
        return ingest(source, settings, tmp_path, salt, known, share, n_classes)

    return read


def pixels(n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 1, 4, 4), dtype=np.uint8)
