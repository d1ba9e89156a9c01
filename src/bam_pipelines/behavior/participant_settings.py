"""How simulated participants differ, and how long they take."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Interval

from bam_pipelines.compute.checked import CheckedSettings, Count, NotNegative, Positive, Problem, WholeNumber, wrong

Population = Literal["identical", "varied", "doubled"]
# what every variance between people is multiplied by
POPULATIONS: dict[Population, float] = {"identical": 0.0, "varied": 1.0, "doubled": 2.0}


@dataclass(frozen=True)
class ParticipantSettings(CheckedSettings):
    """How simulated participants differ; conf/base/behavior/parameters.yml gives units and ranges.

    Parameters
    ----------
    population
        ``varied``: people differ as the other parameters say; ``identical``: not at all; ``doubled``: every variance
        between them is twice as large.
    n_participants, n_clusters
        Number of people, and of hidden clusters whose members weigh features alike.
    cluster_sd, person_sd
        Standard deviation of log attention between clusters and within them.
    bias_sd
        Standard deviation of a person's class biases, in logits.
    temperature_median, temperature_log_sd
        Decision noise that logits are divided by: median, and standard deviation of its logarithm.
    lapse_mean, lapse_concentration
        Mean λ and concentration a + b of the beta distribution of lapses.
    drift_mean, drift_sd
        Growth of the logarithm of the temperature in 100 trials: mean, and standard deviation between people.
    """

    population: Population
    n_participants: Count
    n_clusters: Count
    cluster_sd: NotNegative
    person_sd: NotNegative
    bias_sd: NotNegative
    temperature_median: Positive
    temperature_log_sd: NotNegative
    lapse_mean: Annotated[float, Interval(ge=0, lt=1)]
    lapse_concentration: Positive
    drift_mean: float
    drift_sd: NotNegative

    def conflicts(self) -> Iterable[Problem]:
        """Give a beta distribution of lapses that cannot be."""
        factor = POPULATIONS[self.population]
        if factor and self.lapse_mean and self._lapse_sum(factor) <= 0:
            expected = f"above {factor - 1:g} for population {self.population}"
            yield wrong("lapse_concentration", self.lapse_concentration, expected)

    def _lapse_sum(self, factor: float) -> float:
        """Return a + b of the beta distribution whose variance, m (1 − m) / (a + b + 1), is ``factor`` times larger."""
        return (self.lapse_concentration + 1) / factor - 1

    @property
    def spread(self) -> float:
        """What standard deviations between people are multiplied by."""
        return float(POPULATIONS[self.population] ** 0.5)

    @property
    def lapse_shape(self) -> tuple[float, float] | None:
        """The two parameters of the beta distribution of lapses; None where everyone lapses as the mean does."""
        factor = POPULATIONS[self.population]
        if factor == 0 or self.lapse_mean == 0:
            return None
        concentration = self._lapse_sum(factor)
        return self.lapse_mean * concentration, (1 - self.lapse_mean) * concentration


@dataclass(frozen=True)
class ResponseTimeSettings(CheckedSettings):
    """Response times: a drift diffusion, longer where two answers are about as likely.

    Parameters
    ----------
    non_decision_ms
        Seeing and pressing the key, from stimulus onset.
    undecided_ms
        Mean decision time where the answer and its strongest rival are equally likely.
    person_log_sd
        Standard deviation of the logarithm of a person's level.
    fixation_ms
        Pause before each stimulus.
    """

    non_decision_ms: Positive
    undecided_ms: Positive
    person_log_sd: NotNegative
    fixation_ms: WholeNumber
