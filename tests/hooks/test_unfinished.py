"""Finished shards go with the run that saved what they are for."""

import pytest

from bam_pipelines.datasets import AtomicDataset
from bam_pipelines.hooks.refusal import RunFailedError
from bam_pipelines.pipelines.manipulation import create_pipeline as create_manipulation
from bam_pipelines.pipelines.sampling import create_pipeline


@pytest.fixture
def shards(tmp_path):
    """Shards of the node that the pipeline ``trial`` runs, and of another."""
    files = {name: tmp_path / "data" / ".shards" / name / "plan" / "shard.npz" for name in ("double", "triple")}
    for file in files.values():
        file.parent.mkdir(parents=True)
        file.touch()
    return files


def test_they_go_when_the_outputs_are_saved(run, shards):
    run()
    assert not shards["double"].parent.parent.exists()
    assert shards["triple"].exists()


def test_they_stay_when_the_node_fails(run, shards):
    with pytest.raises(ZeroDivisionError):
        run(parameters={"trial": {"factor": 0}})
    assert shards["double"].exists()


def test_they_stay_when_saving_fails(run, shards, monkeypatch):
    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(AtomicDataset, "save", full)
    with pytest.raises(RunFailedError, match="No space left on device"):
        run()
    assert shards["double"].exists()


@pytest.mark.parametrize(
    ("stage", "name"), [(create_pipeline, "sample_stimuli"), (create_manipulation, "sample_customised_stimuli")]
)
def test_nodes_that_keep_shards_are_called_as_their_folders(stage, name):
    assert name in {node.name for node in stage().nodes}
