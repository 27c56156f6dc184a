#!/bin/sh
# Trains captioner and policy of nano at the same time on a clip bank and its latents, then measures them on the shards
# that were held out. They depend on the encoder alone: a new denoiser needs no new readers.
cd "$(dirname "$0")/.." || exit 1
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
MINUTES="${1:-14}" BANK="${2:-.runs/nano-bank}" LATENTS="${3:-.runs/nano-latents}" OUT="${4:-.runs/readers}"
PYTHON=.venv/bin/python
set -e
for READER in captioner policy; do
  $PYTHON -m sora_world.readers.train --reader $READER --minutes "$MINUTES" --bank "$BANK" --latents "$LATENTS" \
    --out "$OUT/$READER" --resume "$OUT/$READER" --bf16 &
done
wait
$PYTHON -m sora_world.readers.measure --readers "$OUT" --bank "$BANK" --latents "$LATENTS"
