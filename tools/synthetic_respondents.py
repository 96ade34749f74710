"""Who the synthetic respondents are and how often they travel: predictors, latent model, trip counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Columns = dict[str, np.ndarray]

KAZAKHSTAN, RUSSIA = 1, 2
REGIONAL_CENTRE, DISTRICT_CENTRE, VILLAGE = 1, 2, 3

# Interviews on each side of the border by settlement type.
QUOTAS = {REGIONAL_CENTRE: 300, DISTRICT_CENTRE: 200, VILLAGE: 100}
SETTLEMENTS = {
    (KAZAKHSTAN, REGIONAL_CENTRE): 1,
    (RUSSIA, REGIONAL_CENTRE): 2,
    (KAZAKHSTAN, DISTRICT_CENTRE): 3,
    (RUSSIA, DISTRICT_CENTRE): 4,
    (KAZAKHSTAN, VILLAGE): 5,
    (RUSSIA, VILLAGE): 6,
}

# The latent model: logit P(frequency <= j) = threshold_j - sum of the coefficients of the
# respondent's codes. The last code of each predictor is the reference. Household income is absent
# from the model on purpose: its coefficients are zero.
COEFFICIENTS: dict[str, dict[int, float]] = {
    "country": {1: 1.25, 2: 0.0},
    "settlement_type": {1: 1.10, 2: 0.55, 3: 0.0},
    "sex": {1: 0.95, 2: 0.0},
    "age_group": {1: -1.35, 2: -1.20, 3: -1.05, 4: 0.0},
    "education": {1: -0.25, 2: -0.15, 3: 0.0},
    "marital_status": {1: 0.25, 2: -0.10, 3: 0.0},
    "household_income": {1: 0.0, 2: 0.0, 3: 0.0, 4: 0.0},
    "nationality": {1: 0.10, 2: 0.40, 3: 0.0},
    "citizenship": {1: 0.20, 2: 0.55, 3: 0.0},
}

# Respondents by trip frequency, never to every week: 50 % travel, 14.0 % several times a month or more.
FREQUENCY_COUNTS = {1: 360, 2: 240, 3: 150, 4: 192, 5: 90, 6: 120, 7: 48}
NO_LONGER, FIRST_TRAVELLING = 2, 3

# Trips in twelve months that each frequency allows, both ends included.
TRIP_RANGES = {1: (0, 0), 2: (0, 0), 3: (0, 1), 4: (1, 11), 5: (12, 17), 6: (24, 48), 7: (52, 90)}

_AGE_SPANS = {1: (18, 29), 2: (30, 39), 3: (40, 49), 4: (50, 74)}
_AGE_SHARES = (0.28, 0.22, 0.20, 0.30)
_EDUCATION_SHARES = {
    REGIONAL_CENTRE: (0.25, 0.35, 0.40),
    DISTRICT_CENTRE: (0.32, 0.38, 0.30),
    VILLAGE: (0.40, 0.38, 0.22),
}
_MARITAL_SHARES = {1: (0.58, 0.37, 0.05), 2: (0.18, 0.67, 0.15), 3: (0.10, 0.70, 0.20), 4: (0.06, 0.62, 0.32)}
_INCOME_SHARES = (0.15, 0.40, 0.31, 0.14)
_NATIONALITY_SHARES = {KAZAKHSTAN: (0.68, 0.25, 0.07), RUSSIA: (0.18, 0.68, 0.14)}
_CITIZENSHIP_SHARES = {
    (KAZAKHSTAN, 1): (0.96, 0.01, 0.03),
    (KAZAKHSTAN, 2): (0.83, 0.14, 0.03),
    (KAZAKHSTAN, 3): (0.84, 0.06, 0.10),
    (RUSSIA, 1): (0.42, 0.55, 0.03),
    (RUSSIA, 2): (0.09, 0.89, 0.02),
    (RUSSIA, 3): (0.12, 0.78, 0.10),
}


def draw_respondents(rng: np.random.Generator) -> Columns:
    """The nine predictors, the settlement and the age of every respondent, quotas exact."""
    columns: Columns = {}
    strata = [(country, place) for country in (KAZAKHSTAN, RUSSIA) for place in QUOTAS]
    sizes = [QUOTAS[place] for _, place in strata]
    columns["country"] = np.repeat([country for country, _ in strata], sizes)
    columns["settlement_type"] = np.repeat([place for _, place in strata], sizes)
    columns["settlement"] = np.repeat([SETTLEMENTS[stratum] for stratum in strata], sizes)
    total = sum(sizes)
    columns["sex"] = np.where(rng.random(total) < 0.48, 1, 2)
    columns["age_group"] = _draw_codes(rng, [_AGE_SHARES] * total)
    columns["age_years"] = np.array([rng.integers(*_AGE_SPANS[code], endpoint=True) for code in columns["age_group"]])
    columns["education"] = _draw_codes(rng, [_EDUCATION_SHARES[place] for place in columns["settlement_type"]])
    columns["marital_status"] = _draw_codes(rng, [_MARITAL_SHARES[code] for code in columns["age_group"]])
    columns["household_income"] = _draw_codes(rng, [_INCOME_SHARES] * total)
    columns["nationality"] = _draw_codes(rng, [_NATIONALITY_SHARES[code] for code in columns["country"]])
    pairs = zip(columns["country"], columns["nationality"], strict=True)
    columns["citizenship"] = _draw_codes(rng, [_CITIZENSHIP_SHARES[pair] for pair in pairs])
    return columns


def draw_trips(rng: np.random.Generator, columns: Columns) -> Columns:
    """Trip frequency from the latent model, and a trip count inside the range of the frequency.

    The latent propensity is the sum of the coefficients plus standard logistic noise. It is cut where
    the fixed counts of the categories fall, so the shares are exact and the coefficients untouched.
    """
    total = len(columns["country"])
    latent = rng.logistic(size=total)
    for predictor, effects in COEFFICIENTS.items():
        latent += np.array([effects[code] for code in columns[predictor]])
    frequency = np.empty(total, dtype=int)
    frequency[np.argsort(latent)] = np.repeat(list(FREQUENCY_COUNTS), list(FREQUENCY_COUNTS.values()))
    trips = np.array([rng.integers(*TRIP_RANGES[code], endpoint=True) for code in frequency])
    return {"trip_frequency": frequency, "trips_per_year": trips}


def _draw_codes(rng: np.random.Generator, shares: Sequence[tuple[float, ...]]) -> np.ndarray:
    """One code 1, 2, … per respondent, by the respondent's own shares."""
    cumulative = np.cumsum(np.array(shares), axis=1)
    return 1 + (rng.random(len(shares))[:, None] > cumulative[:, :-1]).sum(axis=1)
