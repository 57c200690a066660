"""Where methods are compared: `prefbench tasks` lists the testbeds.

(A task, in the code, is one cell of an experiment. What users call a task of a comparison is a testbed here.)
"""
