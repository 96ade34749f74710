"""What the second engine needs before Spark starts, and what keeps the models buildable there."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import FrontierError
from scale_out.inputs import export_inputs
from scale_out.session import require_java
from tests.published import CHECKOUT

# Words by which a model would depend on one engine. What needs them is a macro.
ENGINE_WORDS = re.compile(
    r"::|\btarget\.|\badapter\.|\bqualify\b|\b(exclude|replace|columns)\s*\(\s*\*|\* (exclude|replace)\b|\bvarchar\b"
    r"|\bgroup by all\b|\bunpivot\b|\bpivot\b|\bstruct_|\blist_|\bstrftime\b|\bilike\b|\basof\b",
    re.IGNORECASE,
)


def test_no_model_depends_on_an_engine() -> None:
    found = {
        f"{path.relative_to(CHECKOUT)}:{number}": line.strip()
        for path in sorted((CHECKOUT / "dbt_project" / "models").rglob("*.sql"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if ENGINE_WORDS.search(line)
    }
    assert found == {}


def test_inputs_are_handed_over_whole(tmp_path: Path) -> None:
    database = tmp_path / "frontier.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema raw; create table raw.observations as select 1.5::decimal(28, 8) as value")

    folders = export_inputs(database, {("raw", "observations")}, tmp_path / "inputs")

    with duckdb.connect() as connection:
        written = connection.sql(f"from read_parquet('{folders['raw', 'observations']}/*.parquet')")
        assert [str(kind) for kind in written.types] == ["DECIMAL(28,8)"]
        assert len(written) == 1


def test_a_release_of_another_project_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "frontier.duckdb"
    duckdb.connect(str(database)).close()

    with pytest.raises(FrontierError, match=r"no table raw\.observations.*make refresh"):
        export_inputs(database, {("raw", "observations")}, tmp_path / "inputs")


def test_a_machine_without_java_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(FrontierError, match="needs Java 17 or later, and this machine has none"):
        require_java()


@pytest.mark.parametrize(("version", "is_enough"), [("1.8.0_402", False), ("11.0.2", False), ("17.0.15", True)])
def test_an_old_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, is_enough: bool) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    if is_enough:
        require_java()
    else:
        with pytest.raises(FrontierError, match=f"{java} says: openjdk version"):
            require_java()


def test_without_a_release_the_command_says_what_to_do(tmp_path: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "scale_out", "--warehouse", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
        timeout=60,
    )
    assert outcome.returncode == 1
    assert "frontier.duckdb does not exist. Publish a release first: make refresh." in outcome.stderr


def test_both_environments_read_with_the_same_duckdb_and_dbt() -> None:
    def pinned(lock: Path) -> dict[str, str]:
        packages = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
        return {package["name"]: package.get("version", "") for package in packages}

    main, second = pinned(CHECKOUT / "uv.lock"), pinned(CHECKOUT / "scale_out" / "uv.lock")
    assert {name: second[name] for name in ("duckdb", "dbt-core")} == {
        name: main[name] for name in ("duckdb", "dbt-core")
    }
