"""The same in a pod, for Airflow 2.9 or newer with apache-airflow-providers-cncf-kubernetes 8.4 or newer.

Settings, job file and secret are those of deploy/kubernetes.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.exceptions import AirflowException, AirflowFailException
from airflow.models.dag import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.timetables.interval import CronDataIntervalTimetable
from kubernetes.client import models as k8s

JOB = "churn"
TIMEZONE = "Europe/London"  # the job's own
DATE = "{{ data_interval_start.in_timezone('" + TIMEZONE + "').to_date_string() }}"

# Running again gives the same: a person is needed. Every other code is tried again.
NEVER_RETRY = {64, 65, 70, 76, 77, 78}


class PredawnPodOperator(KubernetesPodOperator):
    """A pod whose exit code says whether Airflow is to try again."""

    def cleanup(self, pod, remote_pod, *args, **kwargs):
        try:
            return super().cleanup(pod, remote_pod, *args, **kwargs)
        except AirflowException as error:
            code = exit_code(remote_pod, self.base_container_name)
            if code in NEVER_RETRY:
                raise AirflowFailException(f"predawn exited with {code}: running it again gives the same") from error
            raise


def exit_code(pod, container: str) -> int | None:
    """What a container of a pod that is over exited with; None where it never began."""
    statuses = (pod.status.container_statuses or []) if pod and pod.status else []
    for status in statuses:
        if status.name == container and status.state and status.state.terminated:
            return status.state.terminated.exit_code
    return None


with DAG(
    dag_id=f"predawn_{JOB}_pod",
    schedule=CronDataIntervalTimetable("0 6 * * *", timezone=TIMEZONE),
    start_date=pendulum.datetime(2026, 11, 1, tz=TIMEZONE),
    catchup=True,
    max_active_runs=1,
    default_args={
        "retries": 8,
        "retry_delay": timedelta(minutes=10),
        "execution_timeout": timedelta(hours=2),
    },
    tags=["predawn"],
) as dag:
    PredawnPodOperator(
        task_id="run",
        name=f"predawn-{JOB}",
        image="registry.example.com/predawn:1.0.0",
        arguments=["run", JOB, "--date", DATE, "--quiet"],
        env_vars={"PREDAWN_ENV": "production", "XDG_CACHE_HOME": "/tmp/cache"},
        env_from=[k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name="predawn"))],
        container_resources=k8s.V1ResourceRequirements(
            requests={"cpu": "1", "memory": "512Mi"}, limits={"cpu": "2", "memory": "1Gi"}
        ),
        container_security_context=k8s.V1SecurityContext(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            run_as_non_root=True,
            capabilities=k8s.V1Capabilities(drop=["ALL"]),
        ),
        volumes=[
            k8s.V1Volume(
                name="project",
                config_map=k8s.V1ConfigMapVolumeSource(
                    name="predawn-project",
                    items=[
                        k8s.V1KeyToPath(key="predawn.yaml", path="predawn.yaml"),
                        k8s.V1KeyToPath(key=f"{JOB}.yaml", path=f"jobs/{JOB}.yaml"),
                    ],
                ),
            ),
            k8s.V1Volume(name="tmp", empty_dir=k8s.V1EmptyDirVolumeSource()),
        ],
        volume_mounts=[
            k8s.V1VolumeMount(name="project", mount_path="/project", read_only=True),
            k8s.V1VolumeMount(name="tmp", mount_path="/tmp"),
        ],
        get_logs=True,
        on_finish_action="delete_succeeded_pod",
    )
