"""Made-up stimuli and answers of any number, in the proportions of the paper's study."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.behavior.clear_digits import natural_stimuli
from bam_pipelines.images.digits import bundled_digits
from bam_pipelines.images.table import image_columns

# a participant's main trials, repeats and catch trials; answers an image
MAIN, REPEATS, CATCH = 474, 47, 26
ANSWERS = 5.85
CLEAR = 30
_CLASSIFIERS = ("vit", "vgg", "cornet", "mlp", "lrm")


@dataclass(frozen=True)
class Size:
    """How many of everything a number of trials goes with.

    Parameters
    ----------
    people, main, repeats, catch
        People, and trials of each.
    stimuli
        Different images, clear digits not among them.
    """

    people: int
    main: int
    repeats: int
    catch: int
    stimuli: int

    @property
    def trials(self) -> int:
        """All trials."""
        return self.people * (self.main + self.repeats + self.catch)


def size_of(trials: int) -> Size:
    """Return the paper's proportions at about so many trials; four people at least."""
    people = max(4, round(trials / (MAIN + REPEATS + CATCH)))
    scale = min(1.0, trials / people / (MAIN + REPEATS + CATCH))
    main, repeats, catch = (max(1, round(scale * number)) for number in (MAIN, REPEATS, CATCH))
    return Size(people, main, repeats, catch, max(main, round(people * main / ANSWERS)))


def mixed_images(number: int, seed: int) -> np.ndarray:
    """Return different images, uint8 (N, 1, 28, 28): bundled digits laid over each other, with a little noise."""
    pixels, draw = bundled_digits().pixels, np.random.default_rng(seed)
    images = np.empty((number, *pixels.shape[1:]), dtype=np.uint8)
    for begin in range(0, number, 10_000):
        part = images[begin : begin + 10_000]
        first, second = (pixels[draw.integers(len(pixels), size=len(part))] for _ in range(2))
        np.maximum(np.maximum(first, second), draw.integers(32, size=part.shape, dtype=np.uint8), out=part)
    return images


def made_up_stimuli(number: int) -> pd.DataFrame:
    """Return a stimulus table as the stage sampling makes it, half uncertainty and half controversial."""
    draw = np.random.default_rng(1)
    targets = np.stack([draw.integers(10, size=number), draw.integers(1, 10, size=number)])
    controversial = np.arange(number) % 2 == 1
    models = np.array([draw.permutation(len(_CLASSIFIERS))[:2] for _ in range(number)])
    first, second = (np.array(_CLASSIFIERS, dtype=object)[models[:, place]] for place in range(2))
    shares = {name: draw.uniform(0.4, 0.6, number) for name in ("p1_target_1", "p1_target_2")}
    others = {
        name: np.where(controversial, draw.uniform(0, 1, number), np.nan) for name in ("p2_target_1", "p2_target_2")
    }
    return pd.DataFrame(
        {
            **image_columns(mixed_images(number, 0)),
            "strategy": np.where(controversial, "controversial", "uncertainty"),
            "source": "base",
            "method": "fast",
            "target_1": targets[0],
            "target_2": targets.sum(axis=0) % 10,
            "model_1": first,
            "model_2": np.where(controversial, second, None),
            "pair_id": None,
            "margin": np.nan,
            "seed": draw.integers(2**62, size=number),
            "judge_score": draw.uniform(0.5, 1, number),
            **shares,
            **others,
            "source_index": None,
        }
    )


def clear_digits() -> pd.DataFrame:
    """Return clear digits as a study's stimulus table has them, and ``label``."""
    return natural_stimuli(bundled_digits().table().iloc[::150][:CLEAR].reset_index(drop=True))


def made_up_answers(size: Size, stimuli: pd.DataFrame, clear: pd.DataFrame) -> pd.DataFrame:
    """Let people answer: six of ten the first target, three the second, one anything; clear digits nearly always right.

    Returns
    -------
    pandas.DataFrame
        person and trial_index, from 0; phase; stimulus_id; repetition; response; expected (-1 but for clear digits);
        rt_ms. By person, in order of presentation: main trials, repeats, catch trials.
    """
    draw = np.random.default_rng(2)
    n = size.main + size.repeats + size.catch
    digits = np.argsort(draw.random((size.people, len(clear))), axis=1)[:, : size.catch]
    shown = np.concatenate([_main_images(size, draw), len(stimuli) + digits], axis=1).ravel()
    is_catch = shown >= len(stimuli)
    right = np.concatenate([stimuli["target_1"], clear["label"]])[shown]
    second = np.concatenate([stimuli["target_2"], clear["label"]])[shown]
    kind = draw.random(len(shown))
    response = np.select([kind < np.where(is_catch, 0.97, 0.6), kind < 0.9], [right, second], 0)
    anything = ~is_catch & (kind >= 0.9)
    response[anything] = draw.integers(10, size=int(anything.sum()))
    place = np.tile(np.arange(n), size.people)
    return pd.DataFrame(
        {
            "person": np.repeat(np.arange(size.people), n),
            "trial_index": place,
            "phase": np.where(is_catch, "catch", "main"),
            "stimulus_id": np.concatenate([stimuli["stimulus_id"], clear["stimulus_id"]])[shown],
            "repetition": ((place >= size.main) & ~is_catch).astype(int),
            "response": response,
            "expected": np.where(is_catch, right, -1),
            "rt_ms": draw.lognormal(6.8, 0.35, len(shown)).clip(200, 9_000).round(1),
        }
    )


def _main_images(size: Size, draw: np.random.Generator) -> np.ndarray:
    """Deal images to people from shuffled decks of all, then the first of them a second time; rows of the stimuli."""
    a_deck = size.stimuli // size.main
    decks = [draw.permutation(size.stimuli)[: a_deck * size.main] for _ in range(-(-size.people // a_deck))]
    dealt = np.concatenate(decks).reshape(-1, size.main)[: size.people]
    return np.concatenate([dealt, dealt[:, : size.repeats]], axis=1)


def write_study_answers(answers: pd.DataFrame, folder: Path) -> None:
    """Write answers as the study's server stores them: a file a person, a record a line, a fixation before each."""
    folder.mkdir(parents=True)
    for person, own in answers.groupby("person"):
        facts = {
            "participant_id": f"{person:024x}",
            "session": 1,
            "round": 1,
            "list": int(person) + 1,
            "planned_trials": len(own),
            "study": "scale",
            "viewing_distance_cm": 57.0,
            "image_degrees": 4.5,
        }
        records = (record for row in own.itertuples() for record in _records(row, facts))
        (folder / f"scale-{person:06d}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))


def _records(row: Any, facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    begun = 2_000 * row.trial_index
    yield {
        "rt": None,
        "stimulus": "<div class='fixation'>+</div>",
        "response": None,
        "trial_type": "html-keyboard-response",
        "trial_index": 2 * row.trial_index,
        "time_elapsed": begun,
        **facts,
    }
    yield {
        "rt": row.rt_ms,
        "stimulus": f'<div class="stimulus"><img src="images/{row.stimulus_id}.png" width="280" height="280"></div>',
        "response_source": "button",
        "button_response": row.response,
        "keyboard_response": None,
        "trial_type": "html-multi-response",
        "trial_index": 2 * row.trial_index + 1,
        "time_elapsed": round(begun + row.rt_ms),
        "phase": row.phase,
        "stimulus_id": row.stimulus_id,
        "repetition": row.repetition,
        "is_catch": row.phase == "catch",
        "expected_response": None if row.expected < 0 else row.expected,
        "task": "digit",
        "block": row.trial_index // 50,
        "response": row.response,
        "started_at_ms": begun,
        **facts,
    }


def write_csv(answers: pd.DataFrame, path: Path) -> None:
    """Write answers as one CSV of published pseudonyms, without images."""
    table = answers.assign(participant_id=answers["person"].map("s{:06d}".format), is_catch=answers["phase"] == "catch")
    table["expected_response"] = table["expected"].where(table["expected"] >= 0).astype("Int64")
    path.parent.mkdir(parents=True, exist_ok=True)
    table.drop(columns=["person", "expected"]).to_csv(path, index=False)
