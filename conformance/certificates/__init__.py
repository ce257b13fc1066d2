"""Certificates: a complete run as a signed statement, and what a reader checks of one. Source of the forms: DSSE 1.0.2
and in-toto Attestation Statement v1 with the predicate test-result v0.1."""
