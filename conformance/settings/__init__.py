"""Options: one table (`options`) for pytest, the command line, the configuration file and the environment, and what
they come to (`resolve`). Empty on purpose: pytest loads the table on every start."""
