"""Preference variance (Guo, Li, Qiu, Wu and Wang, 2025).

The paper as the suite knows it is `paper.PAPER`. This file imports nothing, so that a worker loads one experiment only.
"""
