"""The harness proved on the reference endpoint: a fault is named by its requirement, no legal habit raises an alarm."""
