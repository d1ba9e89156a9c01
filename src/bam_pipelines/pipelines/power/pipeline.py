"""The power stage."""

from kedro.pipeline import Node, Pipeline

from bam_pipelines.pipelines.power.nodes import draw_power, find_power


def create_pipeline() -> Pipeline:
    """Return the stage: a second round's outcomes to how large the next one must be."""
    sizes = {"outcomes": "manipulation_outcomes", "options": "params:power", "seed": "params:seed"}
    drawn = {"table": "power_table", "summary": "power_summary", "trials": "trials"}
    return Pipeline(
        [
            Node(find_power, inputs=sizes, outputs=["power_table", "power_summary"], name="find_power"),
            Node(draw_power, inputs=drawn, outputs="figure_power", name="draw_power"),
        ]
    )
