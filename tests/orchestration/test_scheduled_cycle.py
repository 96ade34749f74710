"""A whole scheduled cycle with the real daemon: fetch by calendar, refresh by sensor, publish, alert on failure."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.refresh import prepare_dagster_home
from orchestration.release.fingerprint import inputs_fingerprint
from orchestration.release.store import current_release, note_same_contents
from orchestration.workspace import Workspace
from tests.long_series import DATASET, write_long_series
from tests.published import CHECKOUT

BROKEN = "goskomstat/vital_statistics"
PATIENCE = 300


@dataclass
class Agency:
    """A server that publishes one file, answers another address with an error page, and receives alerts."""

    file: bytes
    alerts: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[Agency]:
    known = Agency(write_long_series(tmp_path / "demo11.xls", stamp="Обновлено 19.04.2019").read_bytes())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/demo11.xls":
                self._answer(200, "application/vnd.ms-excel", known.file)
            else:
                self._answer(503, "text/html", "<title>Ведутся работы</title>".encode())

        def do_POST(self) -> None:
            known.alerts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(200, "text/plain", b"")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    known.url = f"http://127.0.0.1:{server.server_port}"
    yield known
    server.shutdown()
    server.server_close()


def _declare_source(raw: Path, dataset: str, url: str) -> None:
    """Give a dataset a source that is due every minute."""
    path = raw / dataset / "dataset.yml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    declared["release_calendar"] = {"description": "Every minute", "cron": "* * * * *"}
    declared["source"] = {"kind": "file", "url": url, "attempts": 1, "min_interval": 0}
    path.write_text(yaml.safe_dump(declared, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.fixture
def workspace(tmp_path: Path, agency: Agency, warehouse_copy: Path) -> Workspace:
    """A published warehouse whose raw folder has the two sources, and nothing new in it yet."""
    raw = Path(shutil.copytree(CHECKOUT / "raw", tmp_path / "raw"))
    _declare_source(raw, DATASET, f"{agency.url}/demo11.xls")
    _declare_source(raw, BROKEN, f"{agency.url}/gone.xls")
    workspace = Workspace.of(raw, warehouse_copy)
    release = current_release(workspace)
    assert release is not None
    note_same_contents(workspace, release, inputs_fingerprint(workspace))
    return workspace


def _children(pid: int) -> list[int]:
    """Every process that a process started, by the process table."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()[1:]]
    found, parents = [], {pid}
    while parents:
        parents = {child for child, parent in pairs if parent in parents}
        found += sorted(parents)
    return found


@pytest.fixture
def daemon(workspace: Workspace, agency: Agency, tmp_path: Path) -> Iterator[Path]:
    """The daemon with every schedule and sensor on; the file of what it logs."""
    environment = os.environ | {
        "DAGSTER_HOME": str(prepare_dagster_home(workspace)),
        "FRONTIER_RAW": str(workspace.raw),
        "FRONTIER_WAREHOUSE": str(workspace.warehouse),
        "FRONTIER_AUTOMATION": "on",
        "FRONTIER_SENSOR_SECONDS": "5",
        "FRONTIER_RETRY_SECONDS": "1",
        "FRONTIER_ALERT_URLS": agency.url.replace("http://", "json://"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    log = tmp_path / "daemon.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", "-m", "orchestration.definitions"],
            env=environment, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True, cwd=tmp_path,
        )  # fmt: skip
    yield log
    started = [process.pid, *_children(process.pid)]
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in started[1:]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _published_editions(workspace: Workspace) -> list[str]:
    release = current_release(workspace)
    return [one["edition"] for one in release.manifest["inputs"]] if release else []


def test_a_due_edition_is_fetched_refreshed_and_published(workspace: Workspace, agency: Agency, daemon: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        editions = [one for one in _published_editions(workspace) if one.startswith(DATASET)]
        failures = [one for one in agency.alerts if "failed" in one["title"]]
        if editions and failures:
            break
        time.sleep(1)
    else:
        pytest.fail(f"nothing was published or alerted in time:\n{daemon.read_text(encoding='utf-8')[-4000:]}")
    (edition,) = editions
    with duckdb.connect(str(workspace.database), read_only=True) as connection:
        printed = connection.execute(
            "select raw_text, released_on from raw.observations join raw.editions using (edition_id) "
            "where edition_id = ? and cell = 'B7'",
            [edition],
        ).fetchone()
    assert printed is not None
    assert (printed[0], str(printed[1])) == ("148.3", "2019-04-19")
    assert "fetch_goskomstat_vital_statistics" in failures[0]["title"]
    assert "503" in failures[0]["message"]
    assert f"{agency.url}/gone.xls" in failures[0]["message"]
    overdue = [one["message"] for one in agency.alerts if "overdue" in one["title"]]
    assert any(BROKEN in message for message in overdue)
