"""Titles and captions of the report's figures, by their catalog names, in the order shown, and what its words mean."""

from collections.abc import Sequence

from bam_pipelines.images.classes import class_noun

FIGURES = {
    "figure_guidance": (
        "Guidance outcomes, after the paper's figure 4",
        "Success: at least 80 % of the participants chose one of the two targets, and at least 10 % chose each. Bias: "
        "80 % on the targets, but below 10 % on one of them. Failure: otherwise. A stimulus that two classifiers "
        "guided counts for both. Entropy is that of the observed shares, which few answers bias downwards.",
    ),
    "figure_alignment": (
        "Alignment, after the paper's figure 5",
        "BaseNet was trained on digits, GroupNet also on everyone's answers, IndivNet also on one person's. Epochs are "
        "chosen on validation stimuli; every number comes from test stimuli that no training and no choice saw. "
        "Dotted: the share of answers that are everyone's most frequent to their image; dashed: how often a person "
        "asked twice says the same. A participant's accuracies are means over classifiers.",
    ),
    "figure_individuals": (
        "What is individual",
        "Each participant's model against the averaged prediction of all other participants' models, on that "
        "participant's test trials: above 0, the own model knows something that is true of this participant alone. "
        "Intervals resample participants and images; p, among the key numbers, deals these participants' models out at "
        "random. Below, what it costs to predict one participant by another's model; averaging others is the harder "
        "opponent, since it has nobody's peculiarities.",
    ),
    "figure_differences": (
        "How people differ",
        "Hierarchical models of one classifier. Gains after fewer training trials of everyone, with the same test "
        "trials. Places: what the models say of validation images, as principal coordinates; reliability is the "
        "correlation of people's distances between models of two halves of the training images. A cluster is something "
        "if both halves find it and its members' models predict a fellow member better than everybody's do.",
    ),
    "figure_manipulation": (
        "Manipulation, after the paper's figure 6b and 6c",
        "Success: the two people of a pair chose different targets. Targeted: each chose the one meant for them. "
        "First-round stimuli were made for nobody, so their order of targets is arbitrary and their targeted ratio "
        "is .5 in expectation. Net directed success: targeted minus opposite successes over all stimuli. Lines join "
        "the values of a pair; p values permute the source of stimuli within pairs.",
    ),
    "figure_dose": (
        "Dose and response",
        "The margin is the least log-odds by which each guiding model names the digit meant for its person. A source "
        "that knows the people should part them more often in the direction meant, the larger the margin. Sources "
        "without a margin stand at the left; those that have a direction for nobody are to be compared by success.",
    ),
    "figure_power": (
        "How large a second round must be",
        "Power at 5 % of two tests of the primary endpoint, customised less swapped stimuli, for differences in net "
        "directed success (the paper's is .06). Above: the randomisation test, which speaks of these people. Below: "
        "signs of whole groups, which speaks of people in general and needs six groups at least. Rounds are drawn "
        "with the success and the spread of pairs measured here, pulled towards what was taken for granted before as "
        "far as there are few answers. Bars are Monte Carlo standard errors.",
    ),
}


def meant_by_digit(classes: Sequence[str]) -> list[str]:
    """Say what a digit is where the images show something else."""
    if class_noun(classes) == "digit":
        return []
    return [f"Where this report says digit, it means one of what these images show: {', '.join(classes)}."]
