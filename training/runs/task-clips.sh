#!/bin/sh
# Clips of the true world on which the scorer of the tasks is tried. $1: folder, $2: clips per task, $3: of idle players,
# $4: size, the model's own.
# Then: npm run eval -- --tasks --clips FOLDER
cd "$(dirname "$0")/.." || exit 1
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
OUT="$(realpath -m "${1:?folder}")"
set -e
(cd .. && npm run --silent eval -- --task-scripts "$OUT/scripts")
.venv/bin/python -m sora_world.world.task_clips --scripts "$OUT/scripts" --count "${2:-20}" --idle "${3:-5}" --size "${4:-256x144}" \
  --out "$OUT"
