#!/bin/sh
# Renders the judges' banks, trains both judges at the same time (one core each), writes and measures assets/judges.
# Needs the clip banks of both tiers: the dynamics judge learns from their longer clips. Run again to go on.
# The minutes and steps behind the published files are in their manifest; that machine was shared with other trainings.
cd "$(dirname "$0")/.." || exit 1
# Waiting threads must sleep: two busy-waiting programs on two cores stop each other.
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
SCENE_MINUTES="${1:-28}" DYNAMICS_MINUTES="${2:-46}" NANO="${3:-.runs/nano-bank}" VOXEL="${4:-.runs/voxel-bank}"
OUT="${5:-../assets/judges}"
W=128x80 V=128x72 PYTHON=.venv/bin/python
set -e
$PYTHON -m sora_world.judges.bank --out .runs/judge-held-out --first-seed 950000 --frames 32 --shards 8 --minutes 60 \
  --sizes "$W,$V,$W,$W,80x128,96x96,256x144/2,$W"
$PYTHON -m sora_world.judges.bank --out .runs/judge-bank --first-seed 700000 --shards 84 --minutes 60 \
  --sizes "$W,$V,$W,80x128,$V,$W,256x144/2,$W,96x96,$V"
$PYTHON -m sora_world.judges.bank --out .runs/judge-bank --first-seed 700200 --frames 8 --shards 29 --minutes 60 \
  --sizes "$W,$V,$W,80x128,$V,$W,$W,$W,96x96,$V"
$PYTHON -m sora_world.judges.train --judge scene --minutes "$SCENE_MINUTES" --out .runs/judge-scene \
  --resume .runs/judge-scene --banks ".runs/judge-bank=6,$VOXEL=3,$NANO=1" --bf16 --save-seconds 60 &
$PYTHON -m sora_world.judges.train --judge dynamics --minutes "$DYNAMICS_MINUTES" --out .runs/judge-dynamics \
  --resume .runs/judge-dynamics --banks "$NANO=5,$VOXEL=1" --bf16 --batch 16 --save-seconds 60 &
wait
$PYTHON -m sora_world.judges.export --scene .runs/judge-scene --dynamics .runs/judge-dynamics \
  --calibrate .runs/judge-bank --held-out .runs/judge-held-out --out "$OUT"
$PYTHON -m sora_world.judges.sheet --judges "$OUT" --held-out .runs/judge-held-out --out ../docs/images/judges.jpg
