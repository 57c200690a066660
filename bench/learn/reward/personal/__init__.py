"""Reward models of people who differ. `model.py` says what all of them take and give."""
