"""People who differ, as a study of personal reward models needs them: whose comparisons, in which features, who is new.

`making.crowd` makes the crowd that a task's settings name. This file imports nothing, so that a plan, which reads
`settings.py`, loads no torch.
"""
