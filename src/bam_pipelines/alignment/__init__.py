"""Group and individual models: fine-tuning on people's answers, selection on validation, evaluation on test."""
