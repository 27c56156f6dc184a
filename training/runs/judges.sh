#!/bin/sh
# Renders the judges' banks, trains both judges at the same time (one core each), writes and measures assets/judges.
# Needs the clip banks of the tiers as well: the dynamics judge learns mostly from longer clips.
# 0.1.0: minutes and steps of both runs are in its manifest; its machine was shared with other trainings.
cd "$(dirname "$0")/.." || exit 1
# Waiting threads must sleep: two busy-waiting programs on two cores stop each other.
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
MINUTES="${1:-38}" NANO="${2:-.runs/nano-bank}" VOXEL="${3:-.runs/voxel-bank}" OUT="${4:-../assets/judges}"
W=128x80 V=128x72 PYTHON=.venv/bin/python
set -e
$PYTHON -m sora_world.judges.bank --out .runs/judge-held-out --first-seed 950000 --frames 32 --shards 8 --minutes 60 \
  --sizes "$W,$V,$W,$W,80x128,96x96,256x144/2,$W"
$PYTHON -m sora_world.judges.bank --out .runs/judge-bank --first-seed 700000 --shards 84 --minutes 60 \
  --sizes "$W,$V,$W,80x128,$V,$W,256x144/2,$W,96x96,$V"
$PYTHON -m sora_world.judges.bank --out .runs/judge-bank --first-seed 700200 --frames 8 --shards 29 --minutes 60 \
  --sizes "$W,$V,$W,80x128,$V,$W,$W,$W,96x96,$V"
$PYTHON -m sora_world.judges.train --judge scene --minutes "$MINUTES" --out .runs/judge-scene \
  --resume .runs/judge-scene --banks ".runs/judge-bank=6,$VOXEL=3,$NANO=1" --bf16 &
$PYTHON -m sora_world.judges.train --judge dynamics --minutes "$MINUTES" --out .runs/judge-dynamics \
  --resume .runs/judge-dynamics --banks "$NANO=5,.runs/judge-bank=2,$VOXEL=1" --bf16 --batch 16 &
wait
$PYTHON -m sora_world.judges.export --scene .runs/judge-scene --dynamics .runs/judge-dynamics \
  --held-out .runs/judge-held-out --out "$OUT"
$PYTHON -m sora_world.judges.sheet --judges "$OUT" --held-out .runs/judge-held-out --out ../docs/images/judges.jpg
