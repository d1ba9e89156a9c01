"""What a lab registers before a second round: everything that could be chosen after the data is written down."""

from collections.abc import Mapping

import pandas as pd
from jinja2 import Environment

from bam_pipelines.behavior.settings import QualityRules
from bam_pipelines.experiment.settings import PairDesign

_PAGE = """\
# Preregistration of study {{ name }}, round {{ round_number }}

Written by the program that built the study, design `{{ design_id }}`. Register it before the first participant.

## Question

Do stimuli that were made to part two people part them in the direction that their models predict, more than stimuli
made for two others?

## Design

- {{ n_people }} participants in {{ counted(n_pairs, "pair", "pairs") }}. Both members of a pair see the
  same stimuli, each in an order of their own, at random; nothing that they see says which stimulus is of which source.
- Each pair sees {{ counted(design.images_per_pair, "different stimulus", "different stimuli") }}:
{% for source, count in design.quotas().items() %}
  {{ count }} of source `{{ source }}`{{ "," if not loop.last else "." }}
{% endfor %}
- {{ "%g" | format(100 * design.repeat_share) }} % of each source's stimuli are shown twice to both members, at least
  {{ counted(design.repeat_gap, "trial", "trials") }} apart.
- A person sees {{ trials }} trials, catch trials on clear digits among them, in one sitting.

## Primary endpoint

Net directed success N = P(c1 = o1, c2 = o2) − P(c1 = o2, c2 = o1): the share of trials on which the first member
answers the digit meant for them and the second the one meant for them, minus the share on which both do the opposite,
over all included trials of a source. {{ contrast }}. Two-sided, α = .05. The 95 % interval is that of clusters by group
of people (pairs that share a person are of one group) and by digit pair, with Student's t; a single group has none.

Everything else is secondary: {% if controlled %}the same difference for other controls (by N where they have a
direction, else by success; Holm), {% endif %}success, bias and failure by the paper's thresholds, the targeted ratio,
and N from one showing's answers crossed with the other's.

## Exclusions

Applied before any outcome is looked at; what they exclude is reported.
{% for text in exclusions %}
- {{ text }}
{% endfor %}
- A pair counts if both members do.

## Stopping

Data collection ends when every list is answered or abandoned. No interim analysis of outcomes.
"""

_CONTROLLED = """\
Tested is N(customised) − N(swapped) within pair, digit pair and, where
both sources have one, margin (weights of Mantel and Haenszel), by a randomisation test that permutes the source of the
stimuli within these strata"""
_ALONE = """\
This design has no swapped control: tested is
N(customised), by a randomisation test that permutes which direction a stimulus was made for within pair, digit pair
and margin"""


def exclusion_texts(rules: QualityRules) -> list[str]:
    """Return a sentence for each quality rule that has a threshold."""
    texts = [
        f"A participant with fewer than {100 * rules.catch_accuracy:g} % of the clear digits in between right, if at "
        f"least {rules.minimum_catch_answered} of them were answered.",
        f"A participant who answered fewer than {100 * rules.completion:g} % of the planned trials.",
        f"A trial answered in less than {rules.shortest_rt_ms:g} ms or more than {rules.longest_rt_ms:g} ms.",
    ]
    optional = {
        "longest_run": "A participant with more than {:g} equal answers in a row.",
        "response_entropy_bits": "A participant whose answers have an entropy below {:g} bits.",
        "rt_deviation": "A trial whose response time is more than {:g} scaled median absolute deviations from what "
        "participant and image let expect.",
        "clear_repeat_agreement": "A participant who answers a smaller share than {:g} of repeated clear digits as at "
        f"first, if at least {rules.minimum_clear_repeats} of them were answered.",
        "blur_events": "A participant who left the window more than {:g} times.",
    }
    return texts + [
        text.format(getattr(rules, name)) for name, text in optional.items() if getattr(rules, name) is not None
    ]


def preregistration(
    study: Mapping[str, str | int],
    lists: pd.DataFrame,
    pairs: pd.DataFrame,
    design: PairDesign,
    rules: QualityRules,
) -> str:
    """Write the page.

    Parameters
    ----------
    study
        Its design as ``design.json`` has it.
    lists, pairs, design
        Of :func:`~bam_pipelines.experiment.pair_lists.build_pair_lists`.
    rules
        Of the behavior stage.

    Returns
    -------
    str
        Markdown.
    """
    trials = lists[lists["phase"] != "practice"].groupby("list").size()
    fewest, most = int(trials.min()), int(trials.max())
    control = "swapped" if "swapped" in design.shares else None
    contrast = _CONTROLLED if control else _ALONE
    return (
        Environment(trim_blocks=True)
        .from_string(_PAGE)
        .render(
            name=study["name"],
            design_id=study["design_id"],
            round_number=study["round"],
            n_people=lists["list"].nunique(),
            n_pairs=len(pairs),
            design=design,
            counted=_counted,
            trials=f"{fewest}" if fewest == most else f"{fewest} to {most}",
            contrast=contrast,
            controlled=len(design.shares) > 1,
            exclusions=exclusion_texts(rules),
        )
    )


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
