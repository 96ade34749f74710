"""What is computed from a fit: hypotheses, tests, intervals, contrasts, influence and residuals."""
