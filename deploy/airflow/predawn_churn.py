"""The sample job as a DAG of Airflow 2.9 or newer: yesterday's data interval becomes predawn's --date.

PredawnOperator starts predawn on the worker; with the provider for Kubernetes, PredawnPodOperator starts it in a pod.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pendulum
from airflow.exceptions import AirflowException, AirflowFailException
from airflow.models.dag import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

try:  # Airflow 3, or the standard provider
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:
    from airflow.operators.bash import BashOperator

JOB = "churn"
TIMEZONE = "Europe/London"  # the job's own

# The date that the interval begins with, in the job's time zone: with a run every morning at six, that is yesterday.
DATE = "{{ data_interval_start.in_timezone('" + TIMEZONE + "').to_date_string() }}"

# Running again gives the same: a person is needed. Every other code is tried again.
NEVER_RETRY = {64, 65, 70, 76, 77, 78}


def fail_for_good(code: int | None, error: Exception) -> None:
    """Raises what Airflow does not retry, where predawn's exit code says that a retry does not help."""
    if code in NEVER_RETRY:
        raise AirflowFailException(f"predawn exited with {code}: running it again gives the same") from error


class PredawnOperator(BashOperator):
    """A command whose exit code says whether Airflow is to try again."""

    def execute(self, context):
        try:
            return super().execute(context)
        except AirflowException as error:
            said = re.search(r"exit code (\d+)", str(error))
            fail_for_good(int(said[1]) if said else None, error)
            raise


with DAG(
    dag_id=f"predawn_{JOB}",
    schedule=CronDataIntervalTimetable("0 6 * * *", timezone=TIMEZONE),
    start_date=pendulum.datetime(2026, 11, 1, tz=TIMEZONE),
    catchup=True,  # days that were missed are run; those that are published already are left alone
    max_active_runs=1,
    default_args={
        "retries": 8,
        "retry_delay": timedelta(minutes=10),
        "execution_timeout": timedelta(hours=2),
    },
    tags=["predawn"],
) as dag:
    PredawnOperator(
        task_id="run",
        cwd="/srv/predawn",
        bash_command=f"exec node dist/main.js run {JOB} --date {DATE} --quiet",
        env={"PREDAWN_ENV": "production"},
        append_env=True,  # with the URLs that predawn.yaml names
    )
