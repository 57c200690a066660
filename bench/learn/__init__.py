"""Slot LEARN: from labels to a reward model or a policy."""
