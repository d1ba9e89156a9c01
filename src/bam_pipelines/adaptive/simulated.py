"""Simulated participants' answers to a planned round."""

from dataclasses import replace

import pandas as pd

from bam_pipelines.adaptive.state import ROUNDS_BEFORE
from bam_pipelines.behavior.clear_digits import choose_clear_digits
from bam_pipelines.behavior.observers import Observer
from bam_pipelines.behavior.settings import BehaviorSettings, SessionSettings
from bam_pipelines.behavior.simulator import simulate_trials


def short_session(session: SessionSettings) -> SessionSettings:
    """Return a sitting as short as a round of the loop: catch trials by their share alone, and the plan's repeats."""
    return replace(session, minimum_catch=1, repeat_share=0.0, second_round_repeat_share=0.0)


def simulated_answers(
    plan: pd.DataFrame,
    stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    observer: Observer,
    participants: pd.DataFrame,
    settings: BehaviorSettings,
    seed: int,
) -> pd.DataFrame:
    """Let simulated participants answer one planned round.

    Parameters
    ----------
    plan
        Rows of one round of :class:`~bam_pipelines.adaptive.state.LoopState`'s plan.
    stimuli
        Stimulus table of what is planned, and perhaps more.
    digits
        Labelled natural digits for catch trials.
    observer
        The participants' front end.
    participants
        Their true parameters.
    settings
        Parameters of the stage behavior.
    seed
        The run's seed.

    Returns
    -------
    pandas.DataFrame
        Trial table; repetition is 1 where the plan shows a stimulus again.
    """
    session = short_session(settings.session)
    others = digits[~digits["stimulus_id"].isin(stimuli["stimulus_id"])]
    # the same clear digits in all rounds of the loop, or many rounds would use them up
    catch = choose_clear_digits(others, observer, session.catch_pool, session.clear_share, seed, ROUNDS_BEFORE + 1)
    trials = simulate_trials(
        stimuli[stimuli["stimulus_id"].isin(plan["stimulus_id"])],
        catch,
        observer,
        participants,
        plan[["participant_id", "stimulus_id"]],
        replace(settings, session=session),
        seed,
        ROUNDS_BEFORE + int(plan["round"].iloc[0]),
    )
    again = plan[plan["reason"] == "repeat"].set_index(["participant_id", "stimulus_id"]).index
    shown = pd.MultiIndex.from_frame(trials[["participant_id", "stimulus_id"]])
    return trials.assign(repetition=shown.isin(again).astype("int8"))
