"""Stage release: from answers to files that code for variMNIST reads."""

from kedro.pipeline import Node, Pipeline

from bam_pipelines.behavior.sharing.release import release_files


def create_pipeline() -> Pipeline:
    """Create the stage; it is a stage of its own because it writes a file an image."""
    inputs = {"trials": "trials", "stimuli": "trial_stimuli"}
    return Pipeline([Node(release_files, inputs=inputs, outputs="release_export", name="export_release")])
