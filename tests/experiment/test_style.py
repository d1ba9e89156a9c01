"""The page's colours by the rule of WCAG 2: contrast of text at least 4.5."""

import re

import pytest

from bam_pipelines.experiment.study import PAGE

CSS = (PAGE / "study.css").read_text()
COLOURS = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", CSS))


def luminance(colour):
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_rule():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("text, ground", [("ink", "paper"), ("quiet", "paper"), ("paper", "accent")])
def test_text_can_be_read(text, ground):
    assert contrast(COLOURS[text], COLOURS[ground]) >= 4.5


def test_messages_of_trouble_can_be_read():
    (colour,) = re.findall(r"\.trouble \{ color: (#[0-9a-f]{6});", CSS)
    assert contrast(colour, COLOURS["paper"]) >= 4.5


def test_focus_and_reduced_motion_are_cared_for():
    assert ":focus-visible { outline: 3px" in CSS
    assert "prefers-reduced-motion: reduce" in CSS
