"""What a million stimuli and ten thousand participants would take, from what was measured at a hundredth of that."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

STIMULI, PEOPLE = 1_000_000, 10_000
LIMIT = 4 * 2**30
# of conf/base and the paper's study: share of the images that models are tested on, main trials, answers an image
_TEST_SHARE, _MAIN, _ANSWERS, _CLASSES = 0.2, 474, 5.85, 10
_FLOAT64 = 8
# arrays of a float a model and test trial that the individual gain holds at once
_GAIN_ARRAYS = 4
CLASSIFIERS = 5


def hours(seconds: float) -> float:
    """Return hours."""
    return seconds / 3600


def sampling_hours(rate_1: float, efficiency: float, cores: int, stimuli: int = STIMULI) -> float:
    """Return the hours of sampling.

    Parameters
    ----------
    rate_1
        Stimuli a second of one worker.
    efficiency
        Of each of several workers, 0 to 1, as measured with two.
    cores
        Workers.
    stimuli
        How many.
    """
    return hours(stimuli / (rate_1 * cores * (efficiency if cores > 1 else 1)))


def alignment_hours(seconds_on_two: float, cores: int, most_workers: float = math.inf, people: int = PEOPLE) -> float:
    """Return the hours of individual models of all classifiers.

    Parameters
    ----------
    seconds_on_two
        Of a participant and classifier, on two cores.
    cores
        Workers.
    most_workers
        Shards that there are: more workers have nothing to do.
    people
        How many.
    """
    return hours(CLASSIFIERS * people * seconds_on_two * 2 / min(cores, most_workers))


def linear(sizes: Sequence[float], values: Sequence[float], size: float) -> float:
    """Return the value at a size, on the line through the two largest sizes that were measured."""
    (x0, x1), (y0, y1) = sizes[-2:], values[-2:]
    return y1 + (y1 - y0) / (x1 - x0) * (size - x1)


def growth(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the exponent of growth between the two largest sizes: 1 is linear, 2 the square."""
    (x0, x1), (y0, y1) = sizes[-2:], values[-2:]
    return math.log(y1 / y0) / math.log(x1 / x0)


def crossed_bytes(people: float, stimuli: float) -> float:
    """Return the memory of scoring everyone's model on everyone's test trials, of one classifier.

    Probabilities of P models for the S test images, and four numbers for each of them and each test trial, in float64.
    """
    probabilities = people * stimuli * _TEST_SHARE * _CLASSES
    return _FLOAT64 * (probabilities + _GAIN_ARRAYS * people * people * _MAIN * _TEST_SHARE)


def most_people(limit: float = LIMIT) -> int:
    """Return how many people that is possible for within a memory, in the proportions of the paper's study."""
    # with stimuli in proportion to people it grows with their square
    return int(math.sqrt(limit / crossed_bytes(1, _MAIN / _ANSWERS)))


def swap_rows(people: int = PEOPLE) -> int:
    """Return the rows of the table of each model on each person's trials."""
    return CLASSIFIERS * people**2


def image_bytes(stimuli: int = STIMULI, pixels: int = 784) -> int:
    """Return the memory of images as networks take them, float32."""
    return 4 * stimuli * pixels


def per_row(size: Mapping[str, Any]) -> dict[str, float]:
    """Return bytes of one stimulus, and of one trial as it was sent, in the table and in the shared folder."""
    found = size["bytes"]
    return {
        "stimulus": found["trial_stimuli"] / size["stimuli"],
        **{name: found[name] / size["trials"] for name in ("sent", "trials", "psych_ds")},
        "swap": found["swaps"] / swap_rows(size["people"]),
    }
