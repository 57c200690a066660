"""From a request to records: plan, execute in worker processes, store, read back as one tidy table."""
