"""What the prior stage is asked for; conf/base/prior/parameters.yml explains each parameter."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge

from bam_pipelines.analysis.judge_quality import Climb
from bam_pipelines.compute.checked import CheckedSettings, Count, Problem, wrong
from bam_pipelines.networks.classifiers import VggSettings
from bam_pipelines.networks.denoiser import DenoiserSettings
from bam_pipelines.networks.diffusion_training import DiffusionTraining
from bam_pipelines.networks.judging import AdversarialTraining
from bam_pipelines.networks.noise import NoiseSpecification
from bam_pipelines.networks.training import PassSettings, TrainingSettings


@dataclass(frozen=True)
class DiffusionPriorSettings(CheckedSettings):
    """The denoiser, its noise and training; earlier weights to go on from, or None; where checkpoints lie."""

    denoiser: DenoiserSettings
    noise: NoiseSpecification
    training: DiffusionTraining
    initial_weights: str | None
    checkpoint: str


@dataclass(frozen=True)
class IndependentJudgeSettings(CheckedSettings):
    """How a judge is trained."""

    training: TrainingSettings
    adversarial: AdversarialTraining


@dataclass(frozen=True)
class DigitJudgeSettings(IndependentJudgeSettings):
    """The same of the judge that guides, what it learns of, and its architecture."""

    source: Literal["corruptions", "judgments"]
    architecture: VggSettings


@dataclass(frozen=True)
class QualitySettings(CheckedSettings):
    """How the prior is measured: samples, how they are made, and neighbours for precision and recall."""

    n_samples: Count
    steps: Count
    repeats: Count
    batch_size: Count
    k: Count

    def conflicts(self) -> Iterable[Problem]:
        """Give more neighbours than there are."""
        if self.k >= self.n_samples:
            yield wrong("k", self.k, f"a number below n_samples, {self.n_samples}")


@dataclass(frozen=True)
class JudgeQualitySettings(CheckedSettings):
    """How judges are measured: images, score that counts as a digit, attacks."""

    n_images: Annotated[int, Ge(2)]
    accepted_above: float
    climb: Climb


@dataclass(frozen=True)
class PriorSettings(CheckedSettings):
    """All parameters of the stage, by the node that takes them."""

    diffusion_prior: DiffusionPriorSettings
    digit_judge: DigitJudgeSettings
    independent_judge: IndependentJudgeSettings
    feature_network: PassSettings
    observer_network: PassSettings
    quality: QualitySettings
    judge_quality: JudgeQualitySettings

    def conflicts(self) -> Iterable[Problem]:
        """Give more sampling steps than the prior is trained with."""
        most = self.diffusion_prior.noise.steps
        if self.quality.steps > most:
            yield wrong("quality.steps", self.quality.steps, f"at most diffusion_prior.noise.steps, {most}")
