"""Where the samples of a model come from: cells that models share, or the rows where there are too many cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from orchestration.glm.cells import Cells, read_cells
from orchestration.glm.query import MANY_CELLS, CellQuery, can_stream
from orchestration.glm.sample import SampleHead, Subset, draw_sample, list_subsets
from orchestration.glm.spec import ModelSpec

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Source(Protocol):
    """Gives one model its subsets and their samples."""

    @property
    def relation(self) -> str:
        """What the model is fitted on."""
        ...

    def has_rows(self) -> bool:
        """Whether any row meets the model's condition."""
        ...

    def subsets(self) -> list[Subset]:
        """What the model is fitted on, one after the other."""
        ...

    def sample(self, subset: Subset) -> SampleHead:
        """The sample of a subset."""
        ...


@dataclass(frozen=True)
class CellSource:
    """Cells in memory."""

    cells: Cells
    spec: ModelSpec

    @property
    def relation(self) -> str:
        """What the model is fitted on."""
        return self.cells.relation

    def has_rows(self) -> bool:
        """Whether any row meets the model's condition."""
        return bool(self.cells.conditions[self.spec.where].any())

    def subsets(self) -> list[Subset]:
        """What the model is fitted on, one after the other."""
        return list_subsets(self.cells, self.spec)

    def sample(self, subset: Subset) -> SampleHead:
        """The sample of a subset."""
        return draw_sample(self.cells, self.spec, subset)


@dataclass(frozen=True)
class RowSource:
    """The rows of a model that has too many different predictors."""

    query: CellQuery

    @property
    def relation(self) -> str:
        """What the model is fitted on."""
        return self.query.relation

    def has_rows(self) -> bool:
        """Whether any row meets the model's condition."""
        conditions = [text for key, text in self.query.presence().items() if key[0] == "where"]
        sql = f"SELECT 1 FROM {self.query.source} WHERE {' AND '.join(conditions) or 'true'} LIMIT 1"
        return self.query.connection.execute(sql).fetchone() is not None

    def subsets(self) -> list[Subset]:
        """What the model is fitted on, one after the other."""
        from orchestration.glm.streaming import list_stream_subsets

        return list_stream_subsets(self.query)

    def sample(self, subset: Subset) -> SampleHead:
        """The sample of a subset."""
        from orchestration.glm.streaming import open_stream

        return open_stream(self.query, subset)


def open_sources(connection: "DuckDBPyConnection", relation: str, specs: Sequence[ModelSpec]) -> dict[str, Source]:
    """A source for each model, by its name: cells for all together, where these are too many for each alone.

    The response of a single model on a large relation is summed by cell; otherwise cells are grouped by
    the response as well.

    Args:
        connection: an open DuckDB connection; only reads.
        relation: table or view, schema-qualified where needed.
        specs: the models; their factors, covariates, offsets, conditions and responses share one GROUP BY.

    Raises:
        GlmError: the relation cannot be read, or has no such column, or an expression fails.
    """
    query = CellQuery(connection, relation, specs)
    if not can_stream(connection) or query.estimate_cells() <= MANY_CELLS:
        cells = read_cells(query)
        return {spec.name: CellSource(cells, spec) for spec in specs}
    if len(specs) == 1:
        return {specs[0].name: RowSource(CellQuery(connection, relation, specs, may_pool=False))}
    return {name: source for spec in specs for name, source in open_sources(connection, relation, [spec]).items()}
