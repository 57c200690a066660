"""Policy methods that are more than a named loss, and need an objective of their own: one file each."""
