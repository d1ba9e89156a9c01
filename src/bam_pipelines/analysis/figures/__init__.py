"""Figures after the paper's 4, 5 and 6; each function returns a Matplotlib figure and writes nothing."""

from bam_pipelines.analysis.figures.alignment import figure_alignment
from bam_pipelines.analysis.figures.differences import figure_differences
from bam_pipelines.analysis.figures.dose import figure_dose
from bam_pipelines.analysis.figures.guidance import figure_guidance
from bam_pipelines.analysis.figures.individuals import figure_individuals
from bam_pipelines.analysis.figures.loop import figure_loop
from bam_pipelines.analysis.figures.manipulation import figure_manipulation
from bam_pipelines.analysis.figures.power import figure_power
from bam_pipelines.analysis.style import empty_figure

__all__ = [
    "empty_figure",
    "figure_alignment",
    "figure_differences",
    "figure_dose",
    "figure_guidance",
    "figure_individuals",
    "figure_loop",
    "figure_manipulation",
    "figure_power",
]
