#!/bin/sh
# Builds the Dockerfile and tries the image as docs/deployment.md says it is run: not as root, on a file system that can't
# be written to, without capabilities. Ends with 0 if all of it held. Takes some minutes.
#
#   deploy/container/try.sh [BASE]      BASE: an image in place of the Dockerfile's base, such as base.sh makes
#
# ENGINE: podman (default) or docker. BUILD_OPTIONS: more options for its build, such as --pull=never. IMAGE: one that is
# built already, to be tried.
# shellcheck disable=SC2016 # what is quoted is for the shell inside
set -eu

base=${1:-}
engine=${ENGINE:-podman}
image=${IMAGE:-localhost/predawn:try}
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
project=$folder/project
trap 'rm -rf "$folder"' EXIT

failures=0
check() { # WHAT EXPECTED FOUND
  if [ "$2" = "$3" ]; then echo "ok      $1: $3"; else
    echo "FAILED  $1: $3, expected $2"
    failures=$((failures + 1))
  fi
}
figure() { printf '        %-38s %s\n' "$1" "$2"; }
megabytes() { "$engine" image inspect --format '{{.Size}}' "$1" | awk '{ printf "%.0f", $1 / 1e6 }'; }

# --- build
from=${base:-$(sed -n 's/^FROM \([^ ]*\).*/\1/p' Dockerfile | tail -n 1)}
if [ -z "${IMAGE:-}" ]; then
  sed "s#^FROM [^ ]*#FROM $from#" Dockerfile >"$folder/Dockerfile"
  # shellcheck disable=SC2086 # several options
  "$engine" build ${BUILD_OPTIONS:-} --file "$folder/Dockerfile" --tag "$image" . >"$folder/build.log" 2>&1 ||
    { tail -n 30 "$folder/build.log" >&2; exit 1; }
fi
figure 'image' "$(megabytes "$image") MB, $(($(megabytes "$image") - $(megabytes "$from"))) MB of it on top of the base"
check 'user' 1000:1000 "$("$engine" image inspect --format '{{.Config.User}}' "$image")"

# --- how it is run: the project is only read, but for the folder of the predictions
mkdir -p "$project/registry" "$project/predictions"
cp -R predawn.yaml jobs data-samples "$project"
chmod -R go+rX "$folder"
[ "$(id -u)" != 0 ] || chown -R 1000:1000 "$project"
user=$(stat -c %u:%g "$project")
restricted="--read-only --tmpfs /tmp --cap-drop ALL --user $user"
read_only="--volume $project:/project:ro --volume $project/predictions:/project/predictions"
# shellcheck disable=SC2086 # several options
run() { "$engine" run --rm --init $restricted $read_only "$@"; }
# shellcheck disable=SC2086
write() { "$engine" run --rm $restricted --volume "$project:/project" "$@"; }
code() { status=0; "$@" >"$folder/out" 2>&1 || status=$?; echo "$status"; }
published() { [ -e "$project/predictions/churn_predictions/as_of=$1" ] && echo yes || echo no; }

# --- what the process may do
check 'user inside' "$user" "$(run --entrypoint sh "$image" -c 'echo "$(id -u):$(id -g)"')"
check 'capabilities' 0000000000000000 "$(run --entrypoint sh "$image" -c "sed -n 's/^CapEff:.//p' /proc/self/status")"
check 'folders that can be written to' '/tmp /project/predictions ' "$(run --entrypoint sh "$image" -c \
  'for each in / /app /app/dist /etc /home/node /usr/local/bin /tmp /project /project/registry /project/predictions; do
     (: >"$each/try") 2>/dev/null && rm "$each/try" && printf "%s " "$each"; done; true')"

# --- start-up, inside and with the container
seconds='const { spawnSync } = require("node:child_process"), { performance } = require("node:perf_hooks");
  const times = Array.from({ length: 11 }, () => { const begin = performance.now();
    const { status } = spawnSync(process.execPath, ["/app/dist/main.js", ...process.argv.slice(1)]);
    if (status !== 0) throw new Error(String(status)); return performance.now() - begin; });
  console.log((times.sort((a, b) => a - b)[5] / 1000).toFixed(2) + " s");'
figure 'predawn --version, median of 11' "$(run --entrypoint node "$image" -e "$seconds" -- --version)"

# --- the sample job
sample="--golden data-samples/churn/golden.csv --expected data-samples/churn/expected.csv"
# shellcheck disable=SC2086
check 'model add' 0 "$(code write "$image" model add churn data-samples/churn/model.onnx $sample --quiet)"
check 'model promote' 0 "$(code write "$image" model promote churn 1 --to dev --quiet)"
check 'sample job' 0 "$(code run "$image" run churn --date 2026-11-21 --quiet)"
check 'it wrote' '' "$(cat "$folder/out")"
check 'published' yes "$(published 2026-11-21)"
check 'once more' 0 "$(code run "$image" run churn --date 2026-11-21 --quiet)"
check 'a date without input' 66 "$(code run "$image" run churn --date 2026-11-01 --quiet)"
figure 'sample job, 500 rows, median of 11' \
  "$(run --entrypoint node "$image" -e "$seconds" -- run churn --date 2026-11-21 --force --quiet)"
began=$(date +%s%N)
run "$image" run churn --date 2026-11-20 --quiet
figure 'the same, with its container' "$(awk "BEGIN { printf \"%.2f s\", ($(date +%s%N) - $began) / 1e9 }")"

# --- process 1, without --init, told to stop while it scores 750,000 rows
awk 'NR == 1 { print; next } { row[NR] = $0 }
  END { for (i = 0; i < 1500; i++) for (n = 2; n <= NR; n++) print i "-" row[n] }' \
  data-samples/churn/2026-11-19.csv >"$project/data-samples/churn/2026-11-18.csv"
stop() { # SIGNAL DATE
  # shellcheck disable=SC2086
  id=$("$engine" run --detach $restricted $read_only "$image" run churn --date "$2" --force)
  until "$engine" logs "$id" 2>&1 | grep -q '"msg":"started"'; do
    [ "$("$engine" inspect --format '{{.State.Running}}' "$id")" = true ] || break
  done
  began=$(date +%s%N)
  "$engine" kill --signal "$1" "$id" >/dev/null
  stopped=$("$engine" wait "$id")
  took=$((($(date +%s%N) - began) / 1000000))
  "$engine" rm "$id" >/dev/null
}
stop TERM 2026-11-18
check 'SIGTERM as process 1' 143 "$stopped"
check 'published' no "$(published 2026-11-18)"
figure 'it took' "$took ms"
stop INT 2026-11-18
check 'SIGINT as process 1' 130 "$stopped"
check 'published' no "$(published 2026-11-18)"
check 'the run after that' 0 "$(code run "$image" run churn --date 2026-11-18 --quiet)"
check 'published' yes "$(published 2026-11-18)"

# --- its scheduler as process 1
# shellcheck disable=SC2086
id=$("$engine" run --detach $restricted $read_only "$image" schedule --port 9400)
health='fetch("http://127.0.0.1:9400/healthz").then(({ status }) => console.log(status), () => console.log("none"))'
until [ "${healthy:-none}" != none ]; do
  [ "$("$engine" inspect --format '{{.State.Running}}' "$id")" = true ] || break
  healthy=$("$engine" exec "$id" node -e "$health")
done
check '/healthz of the scheduler' 200 "${healthy:-none}"
"$engine" kill --signal TERM "$id" >/dev/null
scheduler=$("$engine" wait "$id")
"$engine" logs "$id" >"$folder/out" 2>&1
"$engine" rm "$id" >/dev/null
case $scheduler in 0 | 143) check 'SIGTERM to the scheduler' "$scheduler" "$scheduler" ;;
*) check 'SIGTERM to the scheduler' '0 or 143' "$scheduler" ;; esac

[ "$failures" = 0 ] || { echo "$failures failed" >&2; exit 1; }
