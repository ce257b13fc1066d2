"""The nightly gate: what a baseline makes of a graded run, and what changed since the last one. Pure; `store` alone
touches the disk."""
