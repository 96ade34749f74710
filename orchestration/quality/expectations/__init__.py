"""Content checks: a steward's suite files, run by Great Expectations on frames read from the candidate."""
