"""How much of a simulated participant can be found again in their answers."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from torch import nn

from bam_pipelines.behavior.observers import Observer, decision_evidence, observer_features
from bam_pipelines.images.table import table_images

_LOWEST = 1e-6  # lapse of the fit, at least: an answer that no evidence explains must not be impossible
_RIDGE = 0.05  # weight of the squared biases: of a class that was never near, nothing is known
_NEUTRAL = {"temperature": 1.0, "drift": 0.0}


def recover_parameters(
    trials: pd.DataFrame, stimuli: pd.DataFrame, observer: Observer, people: pd.DataFrame
) -> pd.DataFrame:
    """Fit class biases and temperature to each person's answers, knowing the front end but nobody's attention.

    Parameters
    ----------
    trials
        Trial table of simulated participants; included, answered trials of the digit task count.
    stimuli
        Stimulus table of every image of the trials.
    observer
        The front end that they share.
    people
        Their true parameters, of :func:`~bam_pipelines.behavior.observers.draw_participants`.

    Returns
    -------
    pandas.DataFrame
        participant_id, n_trials, temperature and temperature_true, class_bias and class_bias_true (float64 arrays of K,
        mean 0: a constant changes no answer).
    """
    shown = stimuli.drop_duplicates("stimulus_id").reset_index(drop=True)
    features = observer_features(table_images(shown), observer)
    places = pd.Series(shown.index, index=shown["stimulus_id"])
    usable = trials[trials["include"] & trials["response"].notna() & (trials["task"] == "digit")]
    rows = []
    for _, person in people.iterrows():
        own = usable[usable["participant_id"] == person["participant_id"]]
        if own.empty:
            continue
        bias, temperature = fit_person(
            features[places[own["stimulus_id"]].to_numpy()],
            observer.head,
            own["response"].to_numpy(dtype=np.int64),
            float(person["lapse"]),
        )
        true = np.asarray(person["class_bias"])
        rows.append(
            {
                "participant_id": person["participant_id"],
                "n_trials": len(own),
                "temperature": temperature,
                "temperature_true": float(person["temperature"]),
                "class_bias": bias,
                "class_bias_true": true - true.mean(),
            }
        )
    return pd.DataFrame(rows)


def fit_person(features: np.ndarray, head: nn.Linear, answers: np.ndarray, lapse: float) -> tuple[np.ndarray, float]:
    """Fit class biases and temperature by maximum likelihood with a small ridge.

    Parameters
    ----------
    features
        (N, D), of the images that were shown.
    head
        Of the front end.
    answers
        int, (N,), 0 to K − 1.
    lapse
        Share of answers at random.

    Returns
    -------
    numpy.ndarray
        Biases, (K,), logits, mean 0.
    float
        Temperature.
    """
    n_classes = head.out_features
    neutral = pd.Series(
        {"participant_id": "", "class_bias": np.zeros(n_classes), "attention": np.ones(head.in_features)}
    )
    logits = decision_evidence(features, head, pd.concat([neutral, pd.Series(_NEUTRAL)]))
    rows = np.arange(len(answers))
    guess = np.log(max(lapse, _LOWEST) / n_classes)

    def loss(parameters: np.ndarray) -> float:
        bias, temperature = parameters[:-1], np.exp(parameters[-1])
        sure = log_softmax((logits + bias) / temperature, axis=1)[rows, answers] + np.log1p(-max(lapse, _LOWEST))
        likelihood = logsumexp(np.stack([sure, np.full(len(rows), guess)]), axis=0).sum()
        return float(_RIDGE * (bias**2).sum() - likelihood)

    best = minimize(loss, np.zeros(n_classes + 1), method="L-BFGS-B", bounds=[(-20, 20)] * n_classes + [(-4, 4)])
    return best.x[:-1] - best.x[:-1].mean(), float(np.exp(best.x[-1]))


def summarise_recovery(recovered: pd.DataFrame) -> dict[str, float | int | None]:
    """Summarise how close the fits come.

    Parameters
    ----------
    recovered
        From :func:`recover_parameters`.

    Returns
    -------
    dict
        ``participants``; correlation of found and true class biases over people and classes, and of log temperatures
        over people (None with fewer than three); ``temperature_ratio``, the median of found over true.
    """
    if recovered.empty:
        return {"participants": 0, "class_bias_correlation": None, "temperature_correlation": None}
    bias, true = (np.stack(recovered[name]).ravel() for name in ("class_bias", "class_bias_true"))
    found, real = (np.log(recovered[name].to_numpy()) for name in ("temperature", "temperature_true"))
    return {
        "participants": len(recovered),
        "class_bias_correlation": _correlation(bias, true),
        "temperature_correlation": _correlation(found, real),
        "temperature_ratio": float(np.exp(np.median(found - real))),
    }


def _correlation(one: np.ndarray, other: np.ndarray) -> float | None:
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.corrcoef(one, other)[0, 1])
