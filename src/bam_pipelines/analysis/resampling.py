"""How a table of results is resampled."""

from dataclasses import dataclass

import numpy as np

from bam_pipelines.compute.seeds import numpy_generator


@dataclass(frozen=True)
class Resampling:
    """Seed, number and coverage that all intervals and tests of a table share.

    Parameters
    ----------
    seed
        The run's seed.
    resamples
        Number of bootstrap samples and of permutations.
    confidence
        Coverage of intervals, 0 to 1.
    """

    seed: int
    resamples: int
    confidence: float

    def generator(self, purpose: str, *key: object) -> np.random.Generator:
        """Return a generator of its own for one purpose and key."""
        return numpy_generator(self.seed, purpose, *key)
