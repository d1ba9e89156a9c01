"""Stage own_stimuli: from a folder of images to the stimuli that a study shows."""

from kedro.pipeline import Node, Pipeline

from bam_pipelines.pipelines.own_stimuli.nodes import read_stimuli


def create_pipeline() -> Pipeline:
    """Create the stage; it takes the place of sampling, and every later stage reads what it gives."""
    inputs = {"digits": "mnist_test", "options": "params:own_stimuli", "classes": "params:preprocessing.classes"}
    outputs = ["stimuli", "stimulus_files"]
    return Pipeline([Node(read_stimuli, inputs=inputs, outputs=outputs, name="read_stimuli")])
