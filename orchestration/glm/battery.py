"""A battery of models on one relation: cells once, every subset fitted on them, results as tables."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from orchestration.glm.assembly import assemble
from orchestration.glm.errors import SpecificationError
from orchestration.glm.model import estimate_sample
from orchestration.glm.results import GlmResult
from orchestration.glm.sources import Source, open_sources
from orchestration.glm.spec import ModelSpec, SpecSource, load_specs
from orchestration.glm.tables import tabulate

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MODELS_FILE = Path(__file__).with_name("models.yml")
"""The models of frontier migration that the refresh fits."""

FLOWS_FILE = Path(__file__).with_name("flows.yml")
"""The models of the migration flows that the refresh fits."""


class Timings:
    """Seconds spent on aggregating, fitting, and everything after a fit."""

    def __init__(self) -> None:
        self._spent = {"aggregate": 0.0, "fit": 0.0, "tests": 0.0}

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Count what happens inside to a step."""
        start = perf_counter()
        try:
            yield
        finally:
            self._spent[name] += perf_counter() - start

    def seconds(self) -> dict[str, float]:
        """By step, and in total."""
        return {**self._spent, "total": sum(self._spent.values())}


def fit_battery(
    connection: "DuckDBPyConnection",
    specs: SpecSource = MODELS_FILE,
    relation: str | None = None,
    timings: "Timings | None" = None,
    *,
    skip_without_rows: bool = False,
) -> list[GlmResult]:
    """Fit every model of a specification on every subset that it asks for.

    Args:
        connection: an open DuckDB connection that holds the relation; only reads.
        specs: a YAML file, one specification, or a list of them.
        relation: table or view to fit on, in place of the one that the models name.
        timings: takes up the seconds spent on each step.
        skip_without_rows: leave out a model whose condition no row meets, rather than fail.

    Returns:
        a result per model and subset, in the order of the specification.

    Raises:
        SpecificationError: a specification is wrong, or names no relation.
        GlmError: the data does not serve for a model, or its iterations do not converge.
    """
    models = load_specs(specs)
    by_relation: dict[str, list[ModelSpec]] = {}
    for spec in models:
        by_relation.setdefault(_relation(spec, relation), []).append(spec)
    timings = timings or Timings()
    sources: dict[str, Source] = {}
    for name, group in by_relation.items():
        with timings.step("aggregate"):
            sources |= open_sources(connection, name, group)
    results = []
    for spec in models:
        source = sources[spec.name]
        if skip_without_rows and not source.has_rows():
            continue
        for subset in source.subsets():
            with timings.step("aggregate"):
                sample = source.sample(subset)
            with timings.step("fit"):
                fit = estimate_sample(source.relation, subset, spec, sample)
            with timings.step("tests"):
                results.append(assemble(fit))
    return results


def _relation(spec: ModelSpec, given: str | None) -> str:
    relation = spec.relation if given is None else given
    if relation is None:
        raise SpecificationError(
            f"Model {spec.name} names no relation to be fitted on; give 'relation' in the specification."
        )
    return relation


def write_results(
    connection: "DuckDBPyConnection",
    results: Sequence[GlmResult],
    is_synthetic: bool | None = None,
    prefix: str = "glm",
) -> dict[str, int]:
    """Create the result tables from their declarations, in place of any that stand there, and fill them.

    Args:
        connection: an open DuckDB connection that may write.
        results: fitted models.
        is_synthetic: marks every row; by default each result says itself whether its data was synthetic.
        prefix: glm for the models of the survey, flow for those of the flows; a table that is not declared
            under this prefix is not written.

    Returns:
        number of rows by table.
    """
    from orchestration.modelling.declared_tables import create_declared_table, declared_tables, insert_rows

    written = {}
    for table, rows in tabulate(results, is_synthetic, prefix).items():
        if f"main.{table}" in declared_tables():
            written[table] = insert_rows(connection, create_declared_table(connection, f"main.{table}"), rows)
    return written
