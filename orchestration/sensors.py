"""Dagster sensors: what starts a refresh when something new stands in the raw folder, and what alerts people."""

import datetime as dt
import json

import dagster as dg

from orchestration import pipeline
from orchestration.alerting import send_alert
from orchestration.jobs import refresh_job
from orchestration.landing.calendar import find_overdue
from orchestration.policies import SENSOR_SECONDS, SENSOR_STATUS
from orchestration.release.fingerprint import inputs_fingerprint
from orchestration.release.store import is_up_to_date
from orchestration.resources import WarehouseResource

_HOUR = 3600


@dg.sensor(job=refresh_job, minimum_interval_seconds=SENSOR_SECONDS, default_status=SENSOR_STATUS)
def raw_folder(warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
    """Ask for a refresh, once per state of the inputs, when raw/ or a declaration has changed."""
    if is_up_to_date(warehouse.workspace):
        return dg.SkipReason("The current release was made from just these inputs.")
    return dg.RunRequest(run_key=inputs_fingerprint(warehouse.workspace))


@dg.run_failure_sensor(
    name="failure_alerts",
    minimum_interval_seconds=min(SENSOR_SECONDS, 30),
    default_status=SENSOR_STATUS,
    description="Tells people, by FRONTIER_ALERT_URLS, of a fetch that failed, a refresh that failed or was refused.",
)
def failure_alerts(context: dg.RunFailureSensorContext) -> None:
    """Send what failed in the words of the failure."""
    described = [_in_words(event) for event in context.get_step_failure_events()]
    body = "\n\n".join(one for one in described if one) or context.failure_event.message or "No step says why."
    sent = send_alert(f"Frontier warehouse: {context.dagster_run.job_name} failed", body)
    context.log.info("Alerted %d addresses.", sent)


def _in_words(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    return data.error.message.strip() if data.error else ""


@dg.sensor(minimum_interval_seconds=_HOUR, default_status=SENSOR_STATUS)
def overdue_editions(context: dg.SensorEvaluationContext, warehouse: WarehouseResource) -> dg.SkipReason:
    """Tell people, once per edition, that a publisher's edition is overdue by its release calendar."""
    told = set(json.loads(context.cursor or "[]"))
    found = [find_overdue(dataset, dt.datetime.now(dt.UTC)) for dataset in pipeline.catalogue(warehouse.workspace)]
    overdue = {f"{one.dataset} {one.due_on}": one for one in found if one}
    new = [one for key, one in overdue.items() if key not in told]
    if new:
        send_alert("Frontier warehouse: overdue editions", "\n\n".join(one.message for one in new))
    context.update_cursor(json.dumps(sorted(overdue)))
    return dg.SkipReason(f"{len(overdue)} datasets are overdue, {len(new)} of them newly so.")
