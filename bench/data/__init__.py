"""Preference data: one file a dataset, split manifests, fingerprints, cached features."""
