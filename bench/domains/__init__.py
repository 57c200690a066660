"""Where a study runs: whose prompts, whose labels, which SFT policy, and who judges.

`domain.domain` gives one of two: the known-truth world (`world.py`), or language models on text (`text.py`). This file
imports nothing, so that a plan, which reads `settings.py`, loads no torch.
"""
