#!/bin/sh
# Scores the shards of a planned attempt, each in a pod of an Indexed Job, and waits until all of them are committed.
#
#   score.sh PLAN TEMPLATE     PLAN: what "predawn plan --json" wrote; TEMPLATE: score-job.yaml
#
# The Job is named after the attempt: started again, this goes on waiting for the same one. Exits 3 if the Job failed.
set -eu
plan=$1
template=$2
trap 'exit 143' TERM INT

value() { sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\).*/\1/p" "$plan"; }
attempt=$(value attempt_id)
job=predawn-churn-$attempt

if grep -q '"missing": \[\]' "$plan"; then
  echo "no shard of attempt $attempt is to be scored"
  exit 0
fi

conditions() {
  kubectl get job "$job" --ignore-not-found -o 'jsonpath={.status.conditions[?(@.status=="True")].type}'
}
# An earlier try that has ended left shards to be scored; those that it committed stay so.
case " $(conditions) " in
  *' Failed '* | *' Complete '*) kubectl delete job "$job" --wait=false ;;
esac
if [ -z "$(kubectl get job "$job" --ignore-not-found -o name)" ]; then
  sed "s/ATTEMPT_ID/$attempt/g; s/SHARD_COUNT/$(value shards)/g" "$template" | kubectl create -f -
fi

while true; do
  case " $(conditions) " in
    *' Complete '*) exit 0 ;;
    *' Failed '*)
      echo "the Job $job failed; what its pods said:  kubectl logs -l job-name=$job --prefix" >&2
      exit 3
      ;;
  esac
  sleep "${POLL_SECONDS:-10}"
done
