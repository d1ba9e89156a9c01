"""Stage judgments: from answers to the digit judge's targets."""

from kedro.pipeline import Node, Pipeline

from bam_pipelines.behavior.judgments import judgment_shares


def create_pipeline() -> Pipeline:
    """Create the stage; it is a stage of its own so that answers without judgments never replace judgments."""
    inputs = {"trials": "trials", "stimuli": "trial_stimuli"}
    return Pipeline([Node(judgment_shares, inputs=inputs, outputs="digit_judgments", name="gather_judgments")])
