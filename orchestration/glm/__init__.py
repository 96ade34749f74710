"""Generalized linear models fitted on covariate-pattern cells; a plain package that never imports Dagster."""
