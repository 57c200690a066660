"""The built-in methods: a table a slot, read without loading any of them."""

from bench.methods.catalogue.label import LABEL
from bench.methods.catalogue.literature import LITERATURE
from bench.methods.catalogue.policy import POLICY
from bench.methods.catalogue.policy_literature import POLICY_LITERATURE
from bench.methods.catalogue.reward import REWARD
from bench.methods.catalogue.select import SELECT
from bench.methods.method import Method

BUILT_IN: tuple[Method, ...] = (*SELECT, *LABEL, *REWARD, *LITERATURE, *POLICY, *POLICY_LITERATURE)
