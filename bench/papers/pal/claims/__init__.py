"""What the paper says that can be tested at any scale. Criteria are fixed here, before a reported seed is run."""

from bench.papers.pal.claims.images import IMAGES
from bench.papers.pal.claims.people import PEOPLE
from bench.papers.pal.claims.summaries import SUMMARIES
from bench.papers.pal.claims.synthetic import SYNTHETIC
from bench.spec import Claim

CLAIMS: tuple[Claim, ...] = (*SYNTHETIC, *SUMMARIES, *PEOPLE, *IMAGES)
