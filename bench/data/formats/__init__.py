"""Users' preferences: files, folders and datasets of the hub, in the formats that people have, as pairs.

The format is found by the columns:

    prompt, chosen, rejected[, annotator][, score]   texts, or TRL's conversations: lists of {role, content}
    chosen, rejected[, ...]                          TRL's implicit prompt: both begin alike
    prompt or instruction, completions               UltraFeedback's answers to a prompt, each with a score

`preferences` reads all of them.
"""

from bench.data.formats.preferences import Preferences, preferences

__all__ = ["Preferences", "preferences"]
