"""Real clients against a target: each in an environment of its own, each scenario in a process of its own."""
