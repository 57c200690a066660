"""What every method must hold to, checked in seconds: `prefbench check`, and the tests of all built-in methods."""

from bench.methods.checks.contract import CHECKS, Verdict, verdicts

__all__ = ["CHECKS", "Verdict", "verdicts"]
