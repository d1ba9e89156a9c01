"""What the report says of the loop, which not every run has."""

from bam_pipelines.analysis.report import ReportFigure

_TITLE = "Rounds of the loop"
_CAPTION = (
    "Log-loss on held-out trials of the first round after each round in which stimuli were chosen for each "
    "participant: every participant, and the mean."
)
_NONE = (
    "No loop was run with these answers; kedro loop run --rounds 5 asks each participant what their answers tell "
    "most about, and kedro run --pipelines reporting shows what that brought."
)


def loop_figures(picture: bytes | None) -> list[ReportFigure]:
    """Return the learning curve, a PNG, if there is one."""
    return [] if picture is None else [ReportFigure(picture, _TITLE, _CAPTION, "loop_figure_if_any")]


def loop_limits(picture: bytes | None) -> list[str]:
    """Say how to get a learning curve if there is none."""
    return [_NONE] if picture is None else []
