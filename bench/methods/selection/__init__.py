"""Selectors of the wider literature, one file each."""
