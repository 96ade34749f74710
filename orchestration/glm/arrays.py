"""Array types of the engine, and sums of weights by code."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


def sum_by_code(codes: Integers, weights: NDArray[np.number], size: int) -> Floats:
    """Sum of the weights at each code 0 .. size-1."""
    return np.bincount(codes, weights=weights, minlength=size).astype(np.float64, copy=False)
