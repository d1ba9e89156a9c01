"""Images with a right answer: to practise with, and to see in between who pays attention."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from bam_pipelines.behavior.clear_digits import choose_clear_digits, natural_stimuli
from bam_pipelines.behavior.observers import Observer
from bam_pipelines.behavior.settings import SessionSettings
from bam_pipelines.compute.seeds import torch_generator
from bam_pipelines.experiment.settings import ExperimentSettings
from bam_pipelines.images.corruption import random_strokes
from bam_pipelines.images.pixels import to_uint8
from bam_pipelines.images.table import image_columns


class ClearImages(NamedTuple):
    """Stimulus tables with ``expected`` (the right answer), no image in both.

    Parameters
    ----------
    practice
        For practice, which shows all of them.
    catch
        To draw catch trials from.
    """

    practice: pd.DataFrame
    catch: pd.DataFrame


def choose_clear_images(
    digits: pd.DataFrame,
    observer: Observer,
    experiment: ExperimentSettings,
    session: SessionSettings,
    seed: int,
    round_number: int,
) -> ClearImages:
    """Choose clear digits, and for the judgment task as many scribbles that are no digits.

    Parameters
    ----------
    digits
        Natural digits: label and the image columns.
    observer
        To which the digits are clear.
    experiment, session
        The task and how many images it needs.
    seed, round_number
        The run's seed, and the round from 1, each of which gets other images.

    Returns
    -------
    ClearImages
        As many as practice and the pool of catch trials need.

    Raises
    ------
    ValueError
        If there are too few clear digits.
    """
    count = experiment.practice_trials + session.catch_pool
    n_scribbles = count // 2 if experiment.task == "judgment" else 0
    chosen = choose_clear_digits(digits, observer, count - n_scribbles, session.clear_share, seed, round_number)
    right = chosen["label"] if experiment.task == "digit" else 1
    clear = chosen.assign(expected=right).drop(columns="label").astype("object")
    if n_scribbles:
        shape = torch.Size(int(chosen[name].iloc[0]) for name in ("channels", "height", "width"))
        scribbles = _scribbles(n_scribbles, shape, torch_generator(seed, "experiment/scribbles", round_number))
        # in turns, so that practice has both
        order = np.argsort(np.concatenate([2 * np.arange(len(clear)), 2 * np.arange(n_scribbles) + 1]), kind="stable")
        clear = pd.concat([clear, scribbles.astype("object")], ignore_index=True).iloc[order]
    return ClearImages(clear.iloc[: experiment.practice_trials], clear.iloc[experiment.practice_trials :])


def _scribbles(n: int, shape: torch.Size, generator: torch.Generator) -> pd.DataFrame:
    pixels = to_uint8(random_strokes(n, shape, generator))
    table = natural_stimuli(pd.DataFrame({"label": 0, **image_columns(pixels)}))
    return table.drop(columns="label").assign(strategy="unknown", expected=0)
