"""A battery of models on one relation: cells once, every subset fitted on them, results as tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.glm.cells import read_cells
from orchestration.glm.errors import SpecificationError
from orchestration.glm.model import fit_model
from orchestration.glm.results import GlmResult
from orchestration.glm.sample import list_subsets
from orchestration.glm.spec import ModelSpec, SpecSource, load_specs
from orchestration.glm.tables import tabulate

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MODELS_FILE = Path(__file__).with_name("models.yml")
"""The models of frontier migration that the refresh fits."""


def fit_battery(
    connection: "DuckDBPyConnection", specs: SpecSource = MODELS_FILE, relation: str | None = None
) -> list[GlmResult]:
    """Fit every model of a specification on every subset that it asks for.

    Args:
        connection: an open DuckDB connection that holds the relation; only reads.
        specs: a YAML file, one specification, or a list of them.
        relation: table or view to fit on, in place of the one that the models name.

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
    cells = {name: read_cells(connection, name, group) for name, group in by_relation.items()}
    return [
        fit_model(cells[_relation(spec, relation)], spec, subset)
        for spec in models
        for subset in list_subsets(cells[_relation(spec, relation)], spec)
    ]


def _relation(spec: ModelSpec, given: str | None) -> str:
    relation = spec.relation if given is None else given
    if relation is None:
        raise SpecificationError(
            f"Model {spec.name} names no relation to be fitted on; give 'relation' in the specification."
        )
    return relation


def write_results(
    connection: "DuckDBPyConnection", results: Sequence[GlmResult], is_synthetic: bool | None = None
) -> dict[str, int]:
    """Create the glm_* tables from their declarations, in place of any that stand there, and fill them.

    Args:
        connection: an open DuckDB connection that may write.
        results: fitted models.
        is_synthetic: marks every row; by default each result says itself whether its data was synthetic.

    Returns:
        number of rows by table.
    """
    from orchestration.modelling.declared_tables import create_declared_table, insert_rows

    written = {}
    for table, rows in tabulate(results, is_synthetic).items():
        declared = create_declared_table(connection, f"main.{table}")
        written[table] = insert_rows(connection, declared, rows)
    return written
