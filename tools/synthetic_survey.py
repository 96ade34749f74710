"""Write the synthetic stand-in for the 2009 frontier survey as an SPSS file.

The microdata of the survey was never published. This generator makes 1,200 respondents that meet the
printed quotas and every printed percentage exactly, and whose trip frequency follows an ordered logit
with the directions that the dissertation states: men, residents of towns and people of 50 and over
travel more, the country matters (its sign is not stated: Kazakhstan is taken as the more mobile side),
household income has no effect.

The sizes of the effects are invented, and they and the seed were chosen so that the fitted models show
the printed pattern: country, place, sex and age significant in the pooled model, in both countries and
in all three settlement types, income in none, and some of marital status, nationality, citizenship and
education in some. A model fitted on this file recovers what was put in. It is no evidence about people.

Run: python -m tools.synthetic_survey --out raw/survey/frontier_2009/2009/frontier_2009.sav
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tools.synthetic_answers import draw_answers
from tools.synthetic_codebook import VARIABLES
from tools.synthetic_respondents import Columns, draw_respondents, draw_trips

SEED = 173
FILE_LABEL = "SYNTHETIC stand-in, frontier survey 2009: generated, no data"


def generate(seed: int = SEED) -> Columns:
    """All variables of the file by name, in file order; one integer array of 1,200 codes each."""
    rng = np.random.default_rng(seed)
    columns = draw_respondents(rng)
    columns |= draw_trips(rng, columns)
    columns |= draw_answers(rng, columns)
    total = len(columns["country"])
    columns["respondent_id"] = np.arange(1, total + 1)
    columns["weight"] = np.ones(total, dtype=int)
    return {variable.name: columns[variable.name] for variable in VARIABLES}


def write_sav(columns: Columns, path: Path) -> None:
    """Write the columns with labels, measures and user-missing codes of the codebook."""
    import pandas as pd
    import pyreadstat

    pyreadstat.write_sav(
        pd.DataFrame(columns),
        path,
        file_label=FILE_LABEL,
        column_labels={variable.name: variable.label for variable in VARIABLES},
        variable_value_labels={v.name: v.value_labels for v in VARIABLES if v.value_labels},
        missing_ranges={v.name: list(v.missing) for v in VARIABLES if v.missing},
        variable_measure={variable.name: variable.measure for variable in VARIABLES},
        variable_format={variable.name: "F8.0" for variable in VARIABLES},
        row_compress=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the synthetic stand-in for the 2009 frontier survey.")
    parser.add_argument("--out", type=Path, required=True, help="path of the .sav file to write")
    parser.add_argument("--seed", type=int, default=SEED, help=f"random seed (committed file: {SEED})")
    arguments = parser.parse_args()
    write_sav(generate(arguments.seed), arguments.out)


if __name__ == "__main__":
    main()
