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

STIMULUS_COLUMNS = {
    "stimulus_id": "first 16 hexadecimal digits of the SHA-256 of the image's pixels and size",
    "image": "pixels, 0 to 255, flat: channel by channel, row by row",
    "height": "pixels",
    "width": "pixels",
    "channels": "1 if grey, 3 if in colour",
    "strategy": "what was asked: uncertainty, controversial, reference, unguided; natural or unknown of other images",
    "source": "whose models guided: base, group, individual, swapped, bias_only; none for nobody's",
    "method": "the sampler: paper, fast; none if not guided",
    "target_1": "the first digit that it was made for, o1; empty if for none",
    "target_2": "the second one, o2",
    "model_1": "the guiding classifier, or the participant whose model guided towards o1; empty for nobody",
    "model_2": "the second one, guided towards o2; empty with one model",
    "pair_id": "the pair of participants that it was made for",
    "margin": "least log-odds of each model's own target over the other's that was asked for, nats",
    "seed": "what its noise and its beginning were drawn from",
    "judge_score": "of the judge that guided, about 1 for digits and 0 for non-digits",
    "p1_target_1": "probability of o1 to the first model",
    "p1_target_2": "probability of o2 to the first model",
    "p2_target_1": "probability of o1 to the second model",
    "p2_target_2": "probability of o2 to the second model",
    "source_index": "row of the training digit that it was to stay near",
}

PAIR_COLUMNS = {
    "pair_id": "{participant_1}x{participant_2}",
    "participant_1": "who was to see target_1",
    "participant_2": "who was to see target_2",
    "round": "round of the study, from 1",
    "source": "whose models guided the stimulus",
    "margin": "the dose: log-odds that were asked for, nats; empty for first-round stimuli",
    "stimulus_id": "of the stimulus that both answered",
    "target_1": "the digit meant for participant_1",
    "target_2": "the digit meant for participant_2",
    "choice_1": "what participant_1 answered",
    "choice_2": "what participant_2 answered",
    "outcome": "success: both are targets and differ; bias: both are the same target; failure: anything else",
    "direction": "of a success: targeted if each chose the digit meant for them, opposite if the other's; else none",
}

REJECT_COLUMNS = {
    "file": "where the record stands",
    "line": "which line or record of the file, from 1",
    "reason": "what was found and what was expected",
    "content": "the record, without fields that may say who it is",
}

EXCLUSION_COLUMNS = {
    "participant_id": "who broke the rule",
    "row_id": "in which trial; empty where the whole participant is excluded",
    "rule": "name of the rule in behavior.quality",
    "found": "what was measured",
    "expected": "what the rule asks for",
}

SITTING_COLUMNS = {
    "participant_id": "pseudonym of the participant",
    "planned_trials": "trials that were planned, practice left out; empty where nobody knows",
    "blur_events": "how often the window lost focus; empty where nobody knows",
}
