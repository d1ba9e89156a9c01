"""The reporting stage: results of all stages to figures and a report."""

from kedro.pipeline import Node, Pipeline

from bam_pipelines.pipelines.reporting import nodes

_RESULTS = (
    "classifiers_summary",
    "sampling_acceptance",
    "sampling_metrics",
    "stimuli",
    "trial_stimuli",
    "guidance_outcomes",
    "participants",
    "exclusions",
    "quality_report",
    "reading_report",
    "guidance_summary",
    "alignment_metrics",
    "alignment_entropy",
    "alignment_summary",
    "alignment_swap_costs",
    "alignment_clusters",
    "manipulation_summary",
    "manipulation_naturalness",
    "power_summary",
    "figure_guidance",
    "figure_alignment",
    "figure_individuals",
    "figure_differences",
    "figure_manipulation",
    "figure_dose",
    "figure_power",
)


def create_pipeline() -> Pipeline:
    """Create the reporting stage.

    Returns
    -------
    kedro.pipeline.Pipeline
        From the results of every stage to ``guidance_outcomes``, ``guidance_summary``, six figures and ``report``.
    """
    return Pipeline(
        [*_guidance_nodes(), *_alignment_nodes(), _differences_node(), *_manipulation_nodes(), _report_node()]
    )


def _guidance_nodes() -> list[Node]:
    return [
        Node(
            nodes.describe_guidance,
            inputs={"trials": "trials", "trial_stimuli": "trial_stimuli", "classes": "params:reporting.classes"},
            outputs="guidance_outcomes",
            name="describe_guidance",
        ),
        Node(
            nodes.summarise_guidance,
            inputs={"outcomes": "guidance_outcomes", "seed": "params:seed"},
            outputs="guidance_summary",
            name="summarise_guidance",
        ),
        Node(
            nodes.draw_guidance,
            inputs={
                "outcomes": "guidance_outcomes",
                "trial_stimuli": "trial_stimuli",
                "trials": "trials",
                "classes": "params:reporting.classes",
            },
            outputs="figure_guidance",
            name="draw_guidance",
        ),
    ]


def _alignment_nodes() -> list[Node]:
    return [
        Node(
            nodes.draw_alignment,
            inputs={
                "metrics": "alignment_metrics",
                "quality": "quality_report",
                "entropies": "alignment_entropy",
                "trials": "trials",
                "focus": "params:reporting.entropy_classifier",
                "classes": "params:reporting.classes",
            },
            outputs="figure_alignment",
            name="draw_alignment",
        ),
        Node(
            nodes.draw_individuals,
            inputs={
                "swaps": "alignment_swaps",
                "entropies": "alignment_entropy",
                "summary": "alignment_summary",
                "trials": "trials",
                "focus": "params:reporting.entropy_classifier",
                "classes": "params:reporting.classes",
            },
            outputs="figure_individuals",
            name="draw_individuals",
        ),
    ]


def _differences_node() -> Node:
    return Node(
        nodes.draw_differences,
        inputs={
            "curve": "alignment_learning_curve",
            "places": "alignment_places",
            "clusters": "alignment_clusters",
            "entropies": "alignment_entropy",
            "trials": "trials",
            "classes": "params:reporting.classes",
        },
        outputs="figure_differences",
        name="draw_differences",
    )


def _manipulation_nodes() -> list[Node]:
    return [
        Node(
            nodes.draw_manipulation,
            inputs={"outcomes": "manipulation_outcomes", "summary": "manipulation_summary", "trials": "trials"},
            outputs="figure_manipulation",
            name="draw_manipulation",
        ),
        Node(
            nodes.draw_dose,
            inputs={"rates": "manipulation_rates", "outcomes": "manipulation_outcomes", "trials": "trials"},
            outputs="figure_dose",
            name="draw_dose",
        ),
    ]


def _report_node() -> Node:
    return Node(
        nodes.write_report,
        inputs={
            "run_identity": "run_identity",
            "trials": "trials",
            "outcomes": "manipulation_outcomes",
            "seed": "params:seed",
            "options": "params:reporting",
            "second_stimuli": "round_2.trial_stimuli",
            "loop_metrics": "loop_metrics_if_any",
            "loop_figure": "loop_figure_if_any",
            **{name: name for name in _RESULTS},
        },
        outputs="report",
        name="write_report",
    )
