"""Picks of images, with and without colour filters, and how much PAL learns."""

from __future__ import annotations

from functools import partial

from bench.papers.pal import sizes
from bench.papers.pal.experiments.crowds import CORRECTED, of_crowds
from bench.spec import Context, Experiment, Outcome, Profile, Task

_SCALES = (Profile.EMBEDDED, Profile.PAPER)
_SIZES_VERSION = 1


def _counted(task: Task, context: Context) -> Outcome:
    """Build and count."""
    return sizes.counted(task, context)


IMAGES = (
    of_crowds(
        "pickapic",
        "Pick-a-Pic",
        "Picks of images by people who hardly differ: is a personal reward model harmless where it is not needed?",
        seconds=1.0,
        profiles=_SCALES,
    ),
    of_crowds(
        "pickafilter",
        "Pick-a-Filter (Figure 4)",
        "Two groups prefer opposite colours in a share beta of their picks: accuracy by beta.",
        seconds=0.7,
        profiles=_SCALES,
    ),
    Experiment(
        name="sizes",
        title="Learned parameters",
        shows="How many numbers PAL learns on each backbone, and how many fine-tuning CLIP would.",
        variants=CORRECTED,
        profiles=_SCALES,
        config=sizes.SizesConfig,
        plan=partial(sizes.plan, _SIZES_VERSION),
        execute=_counted,
        version=_SIZES_VERSION,
        batch=lambda task: task.seed,
    ),
)
