"""The sample job as a flow of Prefect 3.2 or newer.

    python deploy/prefect/predawn_churn.py     serves it, every morning at six
"""

from __future__ import annotations

import subprocess

from prefect import flow, task
from prefect.schedules import Cron

JOB = "churn"
PROJECT = "/srv/predawn"
TIMEZONE = "Europe/London"  # the job's own

# Running again gives the same: a person is needed. Every other code is tried again.
NEVER_RETRY = {64, 65, 70, 76, 77, 78}


class PredawnFailed(Exception):
    """A run that exited with another code than 0."""

    def __init__(self, code: int, page: str):
        super().__init__(f"exit code {code}: {page}")
        self.code = code


def retry_helps(task, task_run, state) -> bool:
    """Whether predawn's exit code says that running again may help."""
    try:
        state.result()
    except PredawnFailed as failure:
        return failure.code not in NEVER_RETRY
    except Exception:
        return True
    return False


@task(retries=8, retry_delay_seconds=600, retry_condition_fn=retry_helps, timeout_seconds=7200)
def run(job: str, date: str | None) -> None:
    command = ["node", "dist/main.js", "run", job, "--quiet"]
    if date is not None:
        command += ["--date", date]
    done = subprocess.run(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise PredawnFailed(done.returncode, done.stderr)


@flow(name=f"predawn {JOB}", log_prints=True)
def predawn(job: str = JOB, date: str | None = None) -> None:
    """Scores one data date; without one, yesterday in the job's time zone."""
    run(job, date)


if __name__ == "__main__":
    predawn.serve(name=JOB, schedule=Cron("0 6 * * *", timezone=TIMEZONE))
