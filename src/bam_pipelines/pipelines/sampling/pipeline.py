"""The sampling stage."""

from kedro.pipeline import Pipeline, node, pipeline

from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.pipelines.sampling.nodes import describe_stimuli, sample_boundary_stimuli


def create_pipeline() -> Pipeline:
    """Return the stage: classifiers, prior and judge to accepted stimuli."""
    networks: dict[str, str] = {name: f"classifier_{name}" for name in CLASSIFIER_NAMES}
    inputs = {
        **networks,
        "prior": "diffusion_prior",
        "judge": "digit_judge",
        "digits": "mnist_train",
        "options": "params:sampling",
        "compute": "params:compute",
        "seed": "params:seed",
    }
    return pipeline(
        [
            node(sample_boundary_stimuli, inputs, ["stimuli", "sampling_acceptance"], name="sample_stimuli"),
            node(
                describe_stimuli,
                ["stimuli", "sampling_acceptance", "params:sampling", "params:preprocessing.classes"],
                ["sampling_metrics", "stimulus_gallery"],
                name="describe_stimuli",
            ),
        ]
    )
