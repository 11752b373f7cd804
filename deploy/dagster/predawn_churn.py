"""The sample job as a partitioned asset of Dagster 1.8 or newer: a partition is a data date.

    dagster dev -f deploy/dagster/predawn_churn.py
"""

import json
import re
import tempfile
from pathlib import Path

import dagster as dg

JOB = "churn"
PROJECT = "/srv/predawn"
TIMEZONE = "Europe/London"  # the job's own

# Running again gives the same: a person is needed. Every other code is tried again.
NEVER_RETRY = {64, 65, 70, 76, 77, 78}

days = dg.DailyPartitionsDefinition(start_date="2026-11-01", timezone=TIMEZONE)


@dg.asset(
    name=f"{JOB}_predictions",
    partitions_def=days,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
)
def predictions(context: dg.AssetExecutionContext, pipes: dg.PipesSubprocessClient) -> dg.MaterializeResult:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "receipt.json"
        command = ["node", "dist/main.js", "run", JOB, "--date", context.partition_key]
        try:
            pipes.run(context=context, command=[*command, "--quiet", "--report", str(report)], cwd=PROJECT)
        except Exception as error:
            raise outcome(error, report) from error
        receipt = json.loads(report.read_text())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": receipt["output"]["rows"],
            "rejected": receipt["rows"]["rejected"],
            "attempt": receipt["attempt_id"],
            "artefact": f"{receipt['artefact']['name']}@{receipt['artefact']['version']}",
            "input": receipt["input"]["fingerprint"],
        }
    )


def outcome(error: Exception, report: Path) -> Exception:
    """What Dagster is to make of a run that failed: retry it, or not."""
    said = re.search(r"code (-?\d+)", str(error))
    code = int(said[1]) if said else None
    message = json.loads(report.read_text())["error"]["message"] if report.exists() else str(error)
    if code in NEVER_RETRY:
        return dg.Failure(description=f"{message} (exit code {code})", allow_retries=False)
    return dg.RetryRequested(max_retries=8, seconds_to_wait=600)


job = dg.define_asset_job(f"predawn_{JOB}", selection=[predictions])

defs = dg.Definitions(
    assets=[predictions],
    jobs=[job],
    # Every morning at six, the partition of the day that has ended.
    schedules=[dg.build_schedule_from_partitioned_job(job, hour_of_day=6)],
    resources={"pipes": dg.PipesSubprocessClient()},
)
