"""Rounds of choosing, answering and fitting, for all newcomers of one seed."""

from dataclasses import replace

import numpy as np
import torch
from tqdm import tqdm

from bam_pipelines.adaptive.answer_model import answer_probabilities
from bam_pipelines.adaptive.choice import choose_round, known_of
from bam_pipelines.adaptive.posterior import Posterior, fit_posterior, padded
from bam_pipelines.adaptive.settings import LoopSettings
from bam_pipelines.behavior.simulator import draw_answers
from bam_pipelines.compute.seeds import numpy_generator, torch_generator
from benchmarks.loop.people import Scene

# of what is personal, for held-out predictions and for what needs no pair of images
SAMPLES = 64


def learning_curves(scene: Scene, settings: LoopSettings, rounds: int, seed: int) -> dict[str, np.ndarray]:
    """Let everyone go through so many rounds.

    Returns
    -------
    dict
        ``expected`` and ``drawn``, (P, rounds + 1): log-loss in nats on held-out images, under the true probabilities
        of answers and of one answer to each image; ``telling``, (rounds,): mean score of the chosen images.
    """
    run = _Run(scene, settings, seed)
    curves, scores = [run.losses()], []
    for number in tqdm(range(1, rounds + 1), settings.acquisition, mininterval=5.0):
        scores.append(run.go_on(number))
        curves.append(run.losses())
    expected, drawn = np.array(curves).transpose(1, 2, 0)
    return {"expected": expected, "drawn": drawn, "telling": np.array(scores)}


class _Run:
    def __init__(self, scene: Scene, settings: LoopSettings, seed: int) -> None:
        self.scene, self.seed = scene, seed
        self.settings = settings if settings.acquisition == "epig" else replace(settings, samples=SAMPLES)
        single = scene.model.to(torch.float32)
        self.pool = single.take(torch.from_numpy(scene.pool))
        self.targets = [single.take(torch.from_numpy(own)) for own in scene.targets]
        self.held_out = [single.take(torch.from_numpy(own)) for own in scene.held_out]
        people = range(len(scene.names))
        self.shown = [np.zeros(0, dtype=np.int64) for _ in people]  # rows of the pool
        self.answers = [np.zeros(0, dtype=np.int64) for _ in people]
        self.true = [scene.chances[person, scene.held_out[person]] for person in people]
        self.drawn = [draw_answers(chances, self._draw("held-out", person)) for person, chances in enumerate(self.true)]
        self.posterior = self._fit(None)

    def go_on(self, number: int) -> float:
        """Go through one round; return the mean score of what was chosen for its score, 0 for random."""
        scores = []
        for person in range(len(self.scene.names)):
            generator = torch_generator(self.seed, "bench/loop/samples", person, number)
            known = known_of(self.posterior, person, self.settings.samples, generator)
            draw, answered = self._draw("choice", person, number), np.unique(self.shown[person])
            chosen = choose_round(known, self.pool, self.targets[person], answered, self.settings, draw)
            images = chosen["image"].to_numpy()
            chances = self.scene.chances[person, self.scene.pool[images]]
            self.answers[person] = np.append(
                self.answers[person], draw_answers(chances, self._draw("answers", person, number))
            )
            self.shown[person] = np.append(self.shown[person], images)
            scores.append(np.nan_to_num(chosen["score"]).max())
        self.posterior = self._fit(self.posterior.mean)
        return float(np.mean(scores))

    def losses(self) -> tuple[list[float], list[float]]:
        """Return each person's log-loss on held-out images, expected and of drawn answers."""
        expected, drawn = [], []
        for person, model in enumerate(self.held_out):
            samples = self.posterior.samples(person, SAMPLES, torch_generator(self.seed, "bench/loop/predict", person))
            logs = answer_probabilities(model, samples.float()).mean(dim=0).log().numpy()
            expected.append(float(-(self.true[person] * logs).sum(axis=1).mean()))
            drawn.append(float(-logs[np.arange(len(logs)), self.drawn[person]].mean()))
        return expected, drawn

    def _fit(self, start: torch.Tensor | None) -> Posterior:
        images = [self.scene.pool[own] for own in self.shown]
        return fit_posterior(self.scene.model, padded(images, self.answers), start)

    def _draw(self, *key: object) -> np.random.Generator:
        return numpy_generator(self.seed, "bench/loop", *key)
