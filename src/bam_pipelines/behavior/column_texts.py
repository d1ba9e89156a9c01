"""What the columns of shared tables mean, in words."""

TRIAL_COLUMNS = {
    "row_id": "participant_id, session and trial_index, joined by hyphens",
    "dataset_id": "the data set; simulated if the participants are",
    "participant_id": "pseudonym of the participant",
    "task": "digit: which digit is it; judgment: does it look like a digit (0 no, 1 yes)",
    "round": "round of the study, from 1",
    "session": "sitting of the participant, from 1",
    "block": "block within the session, from 0",
    "trial_index": "order of presentation within participant and session; numbers may be left out",
    "phase": "practice, main, catch (test of attention on a clear digit), manipulation (second round)",
    "stimulus_id": "first 16 hexadecimal digits of the SHA-256 of the image's pixels and size",
    "repetition": "0 at the first showing of this stimulus to this participant, 1 at the second, and so on",
    "response": "class that was answered, from 0; empty if there was no answer",
    "response_modality": "how the answer was given: keyboard, button, touch, rating, unknown",
    "rt_ms": "response time from stimulus onset, milliseconds",
    "is_catch": "whether this is a test of attention",
    "expected_response": "the right answer of a catch trial; empty elsewhere, for an ambiguous image has none",
    "split": "train, validation or test: what the trial was used for in model fitting; none if for nothing",
    "include": "whether the trial passed the quality rules",
    "exclude_reason": "quality rules that exclude the trial, joined by semicolons",
    "started_at_ms": "stimulus onset, milliseconds from the begin of the session",
}

PARTICIPANT_COLUMNS = {
    "participant_id": "pseudonym of the participant",
    "n_trials": "trials, answered or not",
    "catch_accuracy": "share of right answers among answered catch trials, 0 to 1",
    "lapse": "estimated share of answers at random, K / (K - 1) times the errors in catch trials; K classes",
    "repeat_agreement": "share of repeated showings with the answer of the first, 0 to 1",
    "median_rt_ms": "median response time, milliseconds",
    "blur_events": "how often the window lost focus",
    "include": "whether the participant passed the quality rules",
    "exclude_reason": "quality rules that exclude the participant, joined by semicolons",
}
