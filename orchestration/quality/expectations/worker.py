"""The process that runs the expectations on another core, while the models are built on this one.

It takes a copy of the landed tables as soon as they are there, loads its library and judges them at
leisure; when the models and the audit stand it judges the rest. It ends when its input closes, so that
it does not outlive whoever started it.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from orchestration.errors import FrontierError
from orchestration.quality.expectations.results import CheckResult

if TYPE_CHECKING:
    from orchestration.quality.expectations.checkpoint import JudgedSuite

LANDED_SCHEMA = "raw"
_running: dict[Path, subprocess.Popen[bytes]] = {}


def begin_with_landed(database: Path, suites: Path) -> None:
    """Start a worker on the landed tables of a closed database; returns when it has its copy of them."""
    worker = _start(_complaints(database))
    _running[database] = worker
    _ask(worker, {"database": str(database), "suites": str(suites)}, database)


def finish(database: Path, suites: Path, data_docs: Path, run_name: str) -> list[CheckResult]:
    """The results of every suite on a closed database, with Data Docs; see `checkpoint.run_suites`.

    The Data Docs lead to the report that is written beside their folder when the candidate is refused or released.

    Raises `FrontierError` with the worker's words when it fails.
    """
    from orchestration.quality.report.writing import REPORT

    if database not in _running:
        begin_with_landed(database, suites)
    worker = _running.pop(database)
    try:
        paths = {"data_docs": str(data_docs), "report": str(data_docs.with_name(REPORT))}
        results = _ask(worker, {**paths, "run_name": run_name}, database)
    finally:
        worker.communicate()
    _complaints(database).unlink()
    return results


def dismiss() -> None:
    """End workers that nobody will ask any more."""
    while _running:
        _, worker = _running.popitem()
        worker.kill()
        worker.communicate()


def _complaints(database: Path) -> Path:
    """Where the worker of a candidate writes what goes wrong; kept when it fails."""
    return database.with_name("expectations.log")


def _start(complaints: Path) -> subprocess.Popen[bytes]:
    with complaints.open("wb") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "orchestration.quality.expectations.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stream,
        )


def _ask(worker: subprocess.Popen[bytes], request: dict[str, str], database: Path) -> Any:
    answers, requests = _pipes(worker)
    try:
        requests.write(json.dumps(request).encode() + b"\n")
        requests.flush()
        outcome = pickle.load(answers)  # noqa: S301 - our own child wrote it
    except (BrokenPipeError, EOFError) as error:
        raise FrontierError(
            f"The process that runs the expectations ended with code {worker.wait()} before it had answered: "
            f"{_complaints(database)} holds its last words."
        ) from error
    if isinstance(outcome, FrontierError):
        raise outcome
    return outcome


def _pipes(worker: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if worker.stdout is None or worker.stdin is None:
        raise ValueError("a worker is started with pipes")
    return worker.stdout, worker.stdin


def _serve() -> None:
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever a library prints is no answer
    judged: list[JudgedSuite] = []
    try:
        first = json.loads(sys.stdin.readline() or "null")
        if first is None:
            return
        landed = _copy_landed(Path(first["database"]), Path(first["suites"]))
        _answer(answers, None)
        judged = _judge_landed(landed, Path(first["suites"]))
        second = json.loads(sys.stdin.readline() or "null")
        if second is not None:
            _answer(answers, _judge_rest(first, second, judged))
    except FrontierError as error:
        _answer(answers, error)


def _answer(answers: IO[bytes], outcome: object) -> None:
    answers.write(pickle.dumps(outcome))
    answers.flush()


def _copy_landed(database: Path, suites: Path) -> Any:
    """An in-memory copy of the landed tables that suites judge: the database is free for the models again."""
    import duckdb

    from orchestration.quality.expectations.suite_files import read_suites

    tables = sorted({file.suite.table for file in read_suites(suites)})
    memory = duckdb.connect()
    memory.execute(f"attach '{database}' as candidate (read_only)")
    memory.execute(f"create schema {LANDED_SCHEMA}")
    for table in tables:
        if table.startswith(f"{LANDED_SCHEMA}."):
            memory.execute(f"create table {table} as select * from candidate.{table}")
    memory.execute("detach candidate")
    return memory


def _judge_landed(landed: Any, suites: Path) -> list[JudgedSuite]:
    from orchestration.quality.expectations.checkpoint import judge_suites
    from orchestration.quality.expectations.suite_files import read_suites

    files = [file for file in read_suites(suites) if file.suite.table.startswith(f"{LANDED_SCHEMA}.")]
    return judge_suites(landed, files)


def _judge_rest(first: dict[str, str], second: dict[str, str], judged: list[JudgedSuite]) -> list[CheckResult]:
    import duckdb

    from orchestration.quality.expectations.checkpoint import conclude, judge_suites
    from orchestration.quality.expectations.suite_files import read_suites

    done = {one.file.path for one in judged}
    with duckdb.connect(first["database"], read_only=True) as connection:
        rest = [file for file in read_suites(Path(first["suites"])) if file.path not in done]
        judged = [*judged, *judge_suites(connection, rest)]
    return conclude(judged, Path(second["data_docs"]), second["run_name"], Path(second["report"]))


if __name__ == "__main__":
    _serve()
