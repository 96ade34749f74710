"""What the synthetic respondents answer: every item is dealt so that its printed share is exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tools.synthetic_codebook import DO_NOT_KNOW, DO_NOT_KNOW_COUNT, NOT_ASKED, NOT_ASKED_COUNT, REFUSED
from tools.synthetic_respondents import FIRST_TRAVELLING, KAZAKHSTAN, NO_LONGER, RUSSIA, Columns

if TYPE_CHECKING:
    from collections.abc import Mapping

SIDES = (KAZAKHSTAN, RUSSIA)
SUMMER_SHARE = 0.80


def draw_answers(rng: np.random.Generator, columns: Columns) -> Columns:
    """All items, given the predictors and the trips of the same respondents."""
    answers: Columns = {}
    for draw in (_draw_recent_trips, _draw_visits, _draw_ties, _draw_plans, _draw_visa, _draw_attitudes):
        answers |= draw(rng, columns | answers)
    return answers


def _deal(
    rng: np.random.Generator,
    answer: np.ndarray,
    members: np.ndarray,
    counts: Mapping[int, int],
    rest: int,
    leaning: Mapping[int, np.ndarray] | None = None,
) -> None:
    """Give each code to exactly its count of the members, the rest code to whoever remains.

    `leaning` holds, per code, a score for every respondent: members with a higher score are more
    likely to receive the code (Gumbel noise, so a score is a log odds of being drawn).
    """
    remaining = members.copy()
    for code, count in counts.items():
        if count > len(remaining):
            raise ValueError(f"code {code} needs {count} respondents, only {len(remaining)} are left")
        score = rng.gumbel(size=len(remaining))
        if leaning and code in leaning:
            score = score + leaning[code][remaining]
        order = np.argsort(-score)
        answer[remaining[order[:count]]] = code
        remaining = remaining[order[count:]]
    answer[remaining] = rest


def _select(condition: np.ndarray) -> np.ndarray:
    return np.flatnonzero(condition)


def _blank(columns: Columns, code: int) -> np.ndarray:
    return np.full(len(columns["country"]), code)


def _draw_recent_trips(rng: np.random.Generator, columns: Columns) -> Columns:
    """Trips of the last three years: 40 % as often, 37 % less, 14 % more; 2 % past the posts."""
    frequency = columns["trip_frequency"]
    visited = np.where(frequency >= FIRST_TRAVELLING, 1, 2)
    change, reason, main_reason, outside = (_blank(columns, NOT_ASKED) for _ in range(4))
    for side in SIDES:
        on_side = columns["country"] == side
        travelling = _select(on_side & (frequency >= FIRST_TRAVELLING))
        # 40, 37 and 14 % leave 9 %: 8 % were there and no longer go, 1 % find it hard to say.
        base = round(len(travelling) / 0.92)
        gave_up = rng.choice(_select(on_side & (frequency == NO_LONGER)), base - len(travelling), replace=False)
        visited[gave_up] = 1
        change[gave_up] = 4
        shares = {3: round(0.14 * base), 1: round(0.40 * base), 2: round(0.37 * base)}
        _deal(rng, change, travelling, shares, DO_NOT_KNOW, {3: 0.3 * frequency})
        fewer = _select(on_side & np.isin(change, (2, 4)))
        causes = {1: round(0.38 * len(fewer)), 2: round(0.36 * len(fewer)), 3: round(0.14 * len(fewer))}
        _deal(rng, reason, fewer, causes | {DO_NOT_KNOW: 4}, 4)
        recent = _select(on_side & (visited == 1))
        purposes = {
            1: round(0.46 * base),
            2: round(0.18 * base),
            3: round(0.14 * base),
            4: round(0.13 * base),
        }
        _deal(rng, main_reason, recent, purposes | {REFUSED: 3}, 5)
        _deal(
            rng,
            outside,
            recent,
            {1: round(0.02 * base), REFUSED: round(0.01 * base)},
            2,
            {1: 0.3 * frequency},
        )
    return {
        "visited_last_3_years": visited,
        "trip_change": change,
        "decrease_reason": reason,
        "trip_reason": main_reason,
        "crossed_outside_posts": outside,
    }


def _draw_visits(rng: np.random.Generator, columns: Columns) -> Columns:
    """Visits with a known season, 80 % of them in summer over all visits (not over visitors)."""
    total, summer = (_blank(columns, NOT_ASKED_COUNT) for _ in range(2))
    travelling = _select(columns["trip_frequency"] >= FIRST_TRAVELLING)
    forgotten = rng.choice(travelling, 24, replace=False)
    known = np.setdiff1d(travelling, forgotten)
    visits = columns["trips_per_year"][known]
    in_summer = rng.binomial(visits, rng.beta(16, 4, size=len(known)))
    surplus = int(in_summer.sum() - round(SUMMER_SHARE * visits.sum()))
    step = 1 if surplus > 0 else -1
    while surplus:
        movable = _select((in_summer - step >= 0) & (in_summer - step <= visits))
        changed = rng.choice(movable, min(len(movable), abs(surplus)), replace=False)
        in_summer[changed] -= step
        surplus -= step * len(changed)
    total[known], summer[known] = visits, in_summer
    total[forgotten] = summer[forgotten] = DO_NOT_KNOW_COUNT
    return {"visits_total": total, "visits_summer": summer}


def _draw_ties(rng: np.random.Generator, columns: Columns) -> Columns:
    """Ties across the border: 48 % of each side, 80 % of these in touch regularly."""
    ties, contact = _blank(columns, 2), _blank(columns, NOT_ASKED)
    for side in SIDES:
        on_side = columns["country"] == side
        _deal(rng, ties, _select(on_side), {1: 288, REFUSED: 6}, 2, {1: 0.5 * columns["trip_frequency"]})
        tied = _select(on_side & (ties == 1))
        _deal(rng, contact, tied, {1: 230, 2: 40, REFUSED: 3}, 3, {1: 0.3 * columns["trip_frequency"]})
    return {"has_cross_border_ties": ties, "contact_regularity": contact}


def _draw_plans(rng: np.random.Generator, columns: Columns) -> Columns:
    """Plans to leave: 464 of 600 on each side stay; who leaves, where to, why; what keeps people."""
    intention, stay = _blank(columns, 3), _blank(columns, DO_NOT_KNOW)
    destination, motive = _blank(columns, NOT_ASKED), _blank(columns, NOT_ASKED)
    russian = columns["nationality"] == 2
    working_age = (columns["age_years"] >= 20) & (columns["age_years"] <= 49)
    leaning = 1.2 * working_age + 2.0 * (columns["education"] == 3)
    for side in SIDES:
        on_side = columns["country"] == side
        russians_leave = 2.2 * russian if side == KAZAKHSTAN else 0.3 * russian
        _deal(rng, intention, _select(on_side), {2: 100, 3: 36}, 1, {2: leaning + russians_leave})
        leaving = on_side & (intention == 2)
        # Only Russians of Kazakhstan mostly leave for the neighbour; all others for developed countries.
        to_russia = leaving & russian & (side == KAZAKHSTAN)
        homeward, others = _select(to_russia), _select(leaving & ~to_russia)
        neighbour = 1 if side == KAZAKHSTAN else 2
        _deal(
            rng,
            destination,
            homeward,
            {neighbour: round(0.75 * len(homeward)), 3: round(0.2 * len(homeward))},
            5,
        )
        elsewhere = {3: round(0.65 * len(others)), neighbour: round(0.15 * len(others)), DO_NOT_KNOW: 4}
        _deal(rng, destination, others, elsewhere, 5)
        _deal(rng, motive, _select(leaving), {1: 44, 2: 27, 3: 14, 4: 8, REFUSED: 1}, 5)
        for is_staying in (True, False):
            group = _select(on_side & ((intention == 1) == is_staying))
            kept = {1: round(0.30 * len(group)), 2: round(0.27 * len(group)), 3: round(0.18 * len(group))}
            _deal(rng, stay, group, kept | {4: round(0.11 * len(group)), REFUSED: 2, DO_NOT_KNOW: 6}, 5)
    return {
        "emigration_intention": intention,
        "emigration_destination": destination,
        "emigration_motive": motive,
        "stay_reason": stay,
    }


def _draw_visa(rng: np.random.Generator, columns: Columns) -> Columns:
    """Visa regime: 503 and 486 of 600 against, 38 and 40 for; opponents rise with trip frequency."""
    attitude, effect = _blank(columns, 3), _blank(columns, DO_NOT_KNOW)
    frequency = columns["trip_frequency"]
    for side, against, in_favour in ((KAZAKHSTAN, 503, 38), (RUSSIA, 486, 40)):
        on_side = columns["country"] == side
        opponents = _rising_counts(frequency[on_side], against)
        for code, count in opponents.items():
            _deal(rng, attitude, _select(on_side & (frequency == code)), {1: count}, 3)
        undecided = _select(on_side & (attitude == 3))
        _deal(rng, attitude, undecided, {2: in_favour, DO_NOT_KNOW: 24, REFUSED: 4}, 3)
        for is_travelling in (True, False):
            group = _select(on_side & ((frequency >= FIRST_TRAVELLING) == is_travelling))
            size = len(group)
            shares = {1: round(size / 3), 2: round(size / 10), 3: round(size / 5), 4: round(0.25 * size)}
            _deal(rng, effect, group, shares, DO_NOT_KNOW)
    return {"visa_attitude": attitude, "visa_effect": effect}


def _rising_counts(frequency: np.ndarray, total: int) -> dict[int, int]:
    """Split a total over the frequency codes so that the share of each code rises with the code."""
    codes, sizes = np.unique(frequency, return_counts=True)
    share = total / sizes.sum() + 0.035 * (codes - (codes * sizes).sum() / sizes.sum())
    counts = np.ceil(share * sizes).astype(int)
    # Rounding up keeps the small, frequent groups high; the many who never travel absorb the rest.
    counts[0] = total - counts[1:].sum()
    if (counts > sizes).any() or (np.diff(counts / sizes) < 0).any():
        raise ValueError(f"no rising split of {total} over {dict(zip(codes, sizes, strict=True))}")
    return {int(code): int(count) for code, count in zip(codes, counts, strict=True)}


def _draw_attitudes(rng: np.random.Generator, columns: Columns) -> Columns:
    """Inconvenience in Russia, delimitation, attitude to Russia, self-identification."""
    inconvenience, delimitation, friendly, identity = (_blank(columns, 2) for _ in range(4))
    russian = columns["nationality"] == 2
    citizen_of_russia = columns["citizenship"] == 2
    for side in SIDES:
        on_side = columns["country"] == side
        been_in_russia = _select(on_side & ((side == RUSSIA) | (columns["trip_frequency"] >= NO_LONGER)))
        _deal(rng, inconvenience, been_in_russia, {1: 200, DO_NOT_KNOW: 15, REFUSED: 5}, 2, {1: -1.5 * russian})
        _deal(rng, delimitation, _select(on_side), {1: 330, 2: 138, DO_NOT_KNOW: 42}, 3)
        _deal(rng, friendly, _select(on_side), {1: 400}, 2, {1: 0.2 * columns["trip_frequency"]})
        own, neighbour = (1, 2) if side == KAZAKHSTAN else (2, 1)
        if side == KAZAKHSTAN:
            sides_with_neighbour = 3.2 * citizen_of_russia + 1.5 * russian
        else:
            sides_with_neighbour = 5.0 * (columns["citizenship"] == 1)
        leaning = {3: 0.09 * columns["age_years"], neighbour: sides_with_neighbour, 5: 1.0 * russian}
        _deal(rng, identity, _select(on_side), {3: 12, neighbour: 15, 5: 39, 4: 40, REFUSED: 4}, own, leaning)
    return {
        "inconvenience_in_russia": inconvenience,
        "delimitation_view": delimitation,
        "attitude_to_russia": friendly,
        "self_identification": identity,
    }
