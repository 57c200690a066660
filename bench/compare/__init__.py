"""Methods beside each other: tuned on equal budgets, run on the same seeds, compared with paired statistics."""
