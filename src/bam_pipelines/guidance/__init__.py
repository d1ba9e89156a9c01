"""From noise to accepted stimuli: objectives, schedule, sampler, acceptance, cells."""
