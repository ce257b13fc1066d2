"""Runs against the reference endpoint for the tests of the proof."""

from conformance.proof.runs import COSTLY, ENVIRONMENT, EVERYTHING, KEY, SECOND_KEY, WINDOW, broken, judged

__all__ = ["COSTLY", "ENVIRONMENT", "EVERYTHING", "KEY", "SECOND_KEY", "WINDOW", "broken", "judged"]
