"""prefbench: benchmark and reproducibility suite for sample-efficient preference learning.

A method is clever in one of four slots: it *selects* pairs to label, *labels* them, *learns* a reward
model or a policy from the labels, or *evaluates* the outcome. A paper module (`bench.papers`) says what its
authors did with those slots; `bench.run` executes that into records, `bench.verdict` holds the records
against the published numbers and claims, and `bench.report` shows what holds.

Importing this package is cheap: nothing heavy (torch, pandas, scipy) is loaded until it is used.
"""

__version__ = "0.1.0"
