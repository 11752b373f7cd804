"""Calls our files for Airflow, Dagster and Prefect, with stand-ins for what they import, for every exit code.

usage: orchestrators.py <file> <project> <code or date>...    prints {"<code or date>": "success" | "retry" | "fail"} as JSON
<project> has a dist/main.js; for a code it exits with $EXIT_CODE, and writes a receipt to the path after --report; for a
date it is predawn itself, started by the command that the file has.
"""

import importlib.util
import json
import os
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from unittest.mock import MagicMock


tasks = []  # of the file's DAG


def stand_in(name, **contents):
    module = MagicMock(spec=None, name=name)
    for key, value in contents.items():
        setattr(module, key, value)
    sys.modules[name] = module
    return module


class AirflowException(Exception):
    pass


class AirflowFailException(AirflowException):
    pass


class BashOperator:
    def __init__(self, *, bash_command, cwd=None, env=None, **_):
        self.bash_command, self.env = bash_command, env or {}
        if cwd is not None:
            tasks.append(self)

    def execute(self, context):
        command = self.bash_command.replace(context.get("template", " "), context.get("date", " "))
        where = {"cwd": context.get("cwd"), "env": {**os.environ, **self.env}}
        code = subprocess.run(["bash", "-c", command], check=False, stderr=subprocess.DEVNULL, **where).returncode
        if code != 0:
            raise AirflowException(f"Bash command failed. The command returned a non-zero exit code {code}.")


class KubernetesPodOperator:
    base_container_name = "base"

    def __init__(self, *, arguments=None, env_vars=None, **_):
        self.arguments, self.env = arguments, env_vars
        if arguments is not None:
            tasks.append(self)

    def cleanup(self, pod, remote_pod, xcom_result=None, context=None):
        if remote_pod.status.container_statuses[1].state.terminated.exit_code != 0:
            raise AirflowException("Pod predawn returned a failure.")


def pod_that_exited_with(code):
    def status(name, exit_code):
        return SimpleNamespace(name=name, state=SimpleNamespace(terminated=SimpleNamespace(exit_code=exit_code)))

    return SimpleNamespace(status=SimpleNamespace(container_statuses=[status("sidecar", 0), status("base", code)]))


class Failure(Exception):
    def __init__(self, description, allow_retries):
        super().__init__(description)
        self.allow_retries = allow_retries


class RetryRequested(Exception):
    def __init__(self, max_retries, seconds_to_wait):
        super().__init__()


class PipesSubprocessClient:
    def run(self, *, context, command, cwd):
        code = subprocess.run(command, cwd=cwd, check=False, stderr=subprocess.DEVNULL).returncode
        if code != 0:
            raise RuntimeError(f"External execution process failed with code {code}")


def decorator(*_, **__):
    return lambda function: function


stand_in("pendulum")
stand_in("airflow")
stand_in("airflow.exceptions", AirflowException=AirflowException, AirflowFailException=AirflowFailException)
for name in ("airflow.models", "airflow.models.dag", "airflow.timetables", "airflow.timetables.interval"):
    stand_in(name)
stand_in("airflow.operators")
stand_in("airflow.operators.bash", BashOperator=BashOperator)
sys.modules["airflow.providers.standard"] = None  # not installed: the import falls back
for name in ("airflow.providers", "airflow.providers.cncf", "airflow.providers.cncf.kubernetes"):
    stand_in(name)
stand_in("airflow.providers.cncf.kubernetes.operators")
stand_in("airflow.providers.cncf.kubernetes.operators.pod", KubernetesPodOperator=KubernetesPodOperator)
for name in ("kubernetes", "kubernetes.client"):
    stand_in(name)
stand_in(
    "dagster",
    asset=decorator,
    Failure=Failure,
    RetryRequested=RetryRequested,
    PipesSubprocessClient=PipesSubprocessClient,
    MaterializeResult=lambda metadata: metadata,
)
stand_in("prefect", flow=decorator, task=decorator)
stand_in("prefect.schedules")


def load(file, project) -> ModuleType:
    spec = importlib.util.spec_from_file_location("under_test", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.PROJECT = project
    return module


def run_airflow(module, code, date):
    if date is None:
        module.PredawnOperator(bash_command=f"exit {code}").execute({})
    else:
        [task] = tasks
        task.execute({"template": module.DATE, "date": date, "cwd": module.PROJECT})


def run_airflow_pod(module, code, date):
    if date is not None:
        [task] = tasks
        arguments = [date if argument == module.DATE else argument for argument in task.arguments]
        done = subprocess.run(["node", "dist/main.js", *arguments], cwd=module.PROJECT, check=False, stderr=subprocess.DEVNULL)
        code = done.returncode
    module.PredawnPodOperator().cleanup(None, pod_that_exited_with(code), xcom_result=None, context={})


def run_dagster(module, code, date):
    metadata = module.predictions(SimpleNamespace(partition_key=date or "2026-11-21"), PipesSubprocessClient())
    assert metadata["dagster/row_count"] == 500, metadata


def run_prefect(module, code, date):
    try:
        module.predawn(date=date or "2026-11-21")
    except Exception as error:
        failure = error

        def result():
            raise failure

        if module.retry_helps(None, None, SimpleNamespace(result=result)):
            raise RetryRequested(0, 0) from error
        raise AirflowFailException(str(error)) from error


def outcome(run, module, asked):
    date = asked if "-" in asked else None
    os.environ["EXIT_CODE"] = asked
    try:
        run(module, None if date else int(asked), date)
    except (AirflowFailException, Failure) as error:
        assert getattr(error, "allow_retries", False) is False
        return "fail"
    except (AirflowException, RetryRequested):
        return "retry"
    return "success"


file, project, *codes = sys.argv[1:]
under_test = load(file, project)
runner = {
    "airflow/predawn_churn.py": run_airflow,
    "airflow/predawn_churn_pod.py": run_airflow_pod,
    "dagster/predawn_churn.py": run_dagster,
    "prefect/predawn_churn.py": run_prefect,
}["/".join(file.split("/")[-2:])]
print(json.dumps({code: outcome(runner, under_test, code) for code in codes}))
