"""Extraction: what the files in `raw/` say, as one observation per printed cell or one row per case of a survey."""
