#!/bin/sh
# Renders the nano tier's clip bank: one shard in eight is portrait or square. Three seconds a clip: longer than the
# context window, so that there is something to remember.
cd "$(dirname "$0")/.." || exit 1
W=128x80
# Waiting threads must sleep: two busy-waiting programs on two cores stop each other.
export OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
exec .venv/bin/python -m sora_world.data.bank --out .runs/nano-bank --minutes "${1:-30}" --clips 16 --frames 60 \
  --threads 1 --sizes "$W,$W,$W,80x128,$W,$W,$W,$W,$W,$W,$W,96x96,$W,$W,$W,$W" --first-seed "${2:-500000}"
