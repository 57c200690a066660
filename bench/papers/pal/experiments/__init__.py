"""The paper's experiments, by what people judge."""

from bench.papers.pal.experiments.images import IMAGES
from bench.papers.pal.experiments.people import PEOPLE
from bench.papers.pal.experiments.summaries import SUMMARIES
from bench.papers.pal.experiments.synthetic import SYNTHETIC
from bench.spec import Experiment

EXPERIMENTS: tuple[Experiment, ...] = (*SYNTHETIC, *SUMMARIES, *PEOPLE, *IMAGES)
