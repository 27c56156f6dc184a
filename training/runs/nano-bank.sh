#!/bin/sh
# Renders the nano tier's clip bank: one shard in eight is portrait or square.
cd "$(dirname "$0")/.." || exit 1
W=128x80
# Waiting threads must sleep: two busy-waiting programs on two cores stop each other.
export OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
exec .venv/bin/python -m sora_world.data.bank --out .runs/bank --minutes "${1:-12}" --clips 16 --threads 1 \
  --sizes "$W,$W,$W,80x128,$W,$W,$W,$W,$W,$W,$W,96x96,$W,$W,$W,$W" --first-seed "${2:-0}"
