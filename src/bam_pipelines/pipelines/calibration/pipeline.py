"""Stage calibration: from stimuli to parameters of simulated participants."""

from kedro.pipeline import Node, Pipeline

from bam_pipelines.pipelines.calibration.nodes import calibrate_participants


def create_pipeline() -> Pipeline:
    """Create the stage; it suggests values for conf, and no other stage reads them."""
    inputs = {
        "stimuli": "stimuli",
        "observer": "observer_network",
        "behavior": "params:behavior",
        "options": "params:calibration",
        "seed": "params:seed",
    }
    outputs = ["calibrated_participants", "calibration_summary"]
    return Pipeline([Node(calibrate_participants, inputs=inputs, outputs=outputs, name="calibrate_participants")])
