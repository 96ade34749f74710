"""The Spark session in which dbt builds: loopback only, its tables below one folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.errors import FrontierError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_JAVA = 17
_LOG_SETTINGS = Path(__file__).parent / "log4j2.properties"

# Resources and places. What changes the meaning of SQL stands in dbt's profile instead, for every way to run dbt.
_SETTINGS = {
    "spark.sql.catalogImplementation": "in-memory",
    # Tables of some thousand rows: starting tasks and compiling plans would take longer than the work.
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.driver.extraJavaOptions": (
        f"-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -Dlog4j2.configurationFile={_LOG_SETTINGS.as_uri()}"
    ),
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def require_java() -> None:
    """Raise `FrontierError` when this machine has no Java that can start Spark."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None:
        raise FrontierError(f"Apache Spark needs Java {_JAVA} or later, and this machine has none: install a JRE.")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < _JAVA:
        raise FrontierError(
            f"Apache Spark needs Java {_JAVA} or later. {java} says: {said.strip() or 'nothing'}. "
            "Install a newer JRE, or name it in JAVA_HOME."
        )


@contextmanager
def spark_session(folder: Path, master: str) -> Generator[SparkSession]:
    """A session on the cluster `master` whose tables are Parquet below `folder`; stopped afterwards.

    dbt-spark uses the session that the process already has. The catalogue is kept in memory: a build begins with
    nothing, and leaves tables but no metastore.
    """
    from pyspark.sql import SparkSession

    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master(master).appName("frontier")
    places = {
        "spark.sql.warehouse.dir": (folder / "tables").as_uri(),
        "spark.local.dir": str(folder / "scratch"),
    }
    for name, value in (_SETTINGS | places).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()
