"""How simulated participants differ, and how long they take."""

from dataclasses import dataclass

from bam_pipelines.behavior.checked import check

# what every variance between people is multiplied by
POPULATIONS = {"identical": 0.0, "varied": 1.0, "doubled": 2.0}


@dataclass(frozen=True)
class ParticipantSettings:
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

    population: str
    n_participants: int
    n_clusters: int
    cluster_sd: float
    person_sd: float
    bias_sd: float
    temperature_median: float
    temperature_log_sd: float
    lapse_mean: float
    lapse_concentration: float
    drift_mean: float
    drift_sd: float

    def __post_init__(self) -> None:
        if self.population not in POPULATIONS:
            raise ValueError(f"population is {self.population!r}, expected {', '.join(POPULATIONS)}.")
        for name in ("n_participants", "n_clusters"):
            check(self, name, getattr(self, name) >= 1, "at least 1")
        for name in ("cluster_sd", "person_sd", "bias_sd", "temperature_log_sd", "drift_sd"):
            check(self, name, getattr(self, name) >= 0, "at least 0")
        for name in ("temperature_median", "lapse_concentration"):
            check(self, name, getattr(self, name) > 0, "above 0")
        check(self, "lapse_mean", 0 <= self.lapse_mean < 1, "from 0 to below 1")

    @property
    def spread(self) -> float:
        """What standard deviations between people are multiplied by."""
        return POPULATIONS[self.population] ** 0.5

    @property
    def lapse_shape(self) -> tuple[float, float] | None:
        """The two parameters of the beta distribution of lapses; None where everyone lapses as the mean does.

        Raises
        ------
        ValueError
            If twice the variance is more than a beta distribution of that mean can have.
        """
        factor = POPULATIONS[self.population]
        if factor == 0 or self.lapse_mean == 0:
            return None
        concentration = (self.lapse_concentration + 1) / factor - 1  # the variance is m (1 − m) / (concentration + 1)
        if concentration <= 0:
            raise ValueError(
                f"lapse_concentration is {self.lapse_concentration}, expected above {factor - 1:g} for population "
                f"{self.population}."
            )
        return self.lapse_mean * concentration, (1 - self.lapse_mean) * concentration


@dataclass(frozen=True)
class ResponseTimeSettings:
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

    non_decision_ms: float
    undecided_ms: float
    person_log_sd: float
    fixation_ms: int

    def __post_init__(self) -> None:
        for name in ("non_decision_ms", "undecided_ms"):
            check(self, name, getattr(self, name) > 0, "above 0")
        for name in ("person_log_sd", "fixation_ms"):
            check(self, name, getattr(self, name) >= 0, "at least 0")
