"""Colours, sizes and small marks that every figure shares."""

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES

# Okabe and Ito's palette: told apart with every common colour vision deficiency, and by lightness in print.
OUTCOME_COLOURS = {"success": "#0072B2", "bias": "#E69F00", "failure": "#9A9A9A"}
LEVEL_COLOURS = {"base": "#9A9A9A", "group": "#56B4E9", "individual": "#004C7A"}
CLASSIFIER_TITLES = {"vit": "ViT", "vgg": "VGG", "cornet": "CORnet", "mlp": "MLP", "lrm": "LRM"}
LEVEL_TITLES = {"base": "BaseNet", "group": "GroupNet", "individual": "IndivNet"}
# from 0 to 1; 0 is tinted, so that it is told apart from nothing, which is left white
SHARE_COLOURS = LinearSegmentedColormap.from_list("shares", ["#D3E4F3", "#6BAED6", "#2171B5", "#08306B"])
SIMULATED_NOTE = "simulated participants"

_INK = "#222222"
_BIAS, _EVERYONE = "bias-", {"group": "the group"}  # in the names of models that are no one person's
_SHORT = 2  # letters of a name that stands upright under an axis


def new_figure(width: float, height: float, title: str, simulated: bool) -> Figure:
    """Return an empty figure with a title that says when participants are simulated.

    Parameters
    ----------
    width, height
        Inches; at 8 inches the text stays readable when shown 400 pixels wide.
    title
        First line of the figure.
    simulated
        Whether the answers shown come from simulated participants.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot, so that nothing has to close it.
    """
    figure = Figure(figsize=(width, height), dpi=150, layout="constrained", facecolor="white")
    figure.suptitle(f"{title} ({SIMULATED_NOTE})" if simulated else title, fontsize=14, color=_INK, weight="bold")
    return figure


def empty_figure(title: str, reason: str) -> Figure:
    """Return a figure that says why it shows nothing."""
    figure = new_figure(8, 2, title, simulated=False)
    empty_panel(figure.subplots(), reason)
    return figure


def plain_axes(axes: Axes, letter: str = "", title: str = "") -> None:
    """Take the box away, set text sizes, and put the panel's letter and title at the left."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=11, colors=_INK)
    axes.xaxis.label.set_fontsize(12)
    axes.yaxis.label.set_fontsize(12)
    heading = f"{letter}  {title}" if letter else title
    axes.set_title(heading, loc="left", fontsize=12.5, color=_INK)


def empty_panel(axes: Axes, reason: str) -> None:
    """Say in a panel why it shows nothing."""
    axes.axis("off")
    axes.text(0.5, 0.5, reason, ha="center", va="center", fontsize=11, color=_INK, wrap=True, transform=axes.transAxes)


def label_classes(axes: Axes, across: Mapping[int, str], down: Mapping[int, str]) -> None:
    """Write the names of classes at their places on both axes, long ones at a slant."""
    axes.set_xticks(list(across), labels=list(across.values()))
    axes.set_yticks(list(down), labels=list(down.values()))
    if any(len(name) > _SHORT for name in across.values()):
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")


def classifier_title(name: str) -> str:
    """Return a classifier's name as the paper writes it, with whose model it is; others stay.

    Parameters
    ----------
    name
        For example ``mlp``, ``mlp-s001``, ``mlp-group``, or ``mlp-bias-s001`` for a model that knows the bias alone.
    """
    classifier, _, person = name.partition("-")
    title = CLASSIFIER_TITLES.get(classifier, classifier)
    if person.startswith(_BIAS):
        return f"{title}, bias of {person.removeprefix(_BIAS)}"
    return f"{title} of {_EVERYONE.get(person, person)}" if person else title


def ordered_classifiers(names: Iterable[object]) -> list[str]:
    """Return the distinct names in the paper's order, others after them by alphabet."""
    distinct = {str(name) for name in names}
    known: list[str] = [name for name in CLASSIFIER_NAMES if name in distinct]
    return known + sorted(distinct - set(known))


def picture(pixels: np.ndarray) -> np.ndarray:
    """Turn one image (C, H, W) into what matplotlib draws: (H, W) for one channel, else (H, W, C)."""
    return pixels[0] if pixels.shape[0] == 1 else np.moveaxis(pixels, 0, -1)


def draw_image(axes: Axes, pixels: np.ndarray, highest: float) -> None:
    """Draw one image (C, H, W) with values from 0 to ``highest``, without smoothing or ticks."""
    axes.imshow(picture(pixels), cmap="gray", vmin=0, vmax=highest, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
