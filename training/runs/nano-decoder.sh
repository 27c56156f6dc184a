#!/bin/sh
# Tunes the decoder on the denoiser's own two-step predictions.
cd "$(dirname "$0")/.." || exit 1
export OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
exec .venv/bin/python -m sora_world.train.decoder --tier nano --minutes "${1:-15}" --autoencoder .runs/nano-ae \
  --run .runs/nano-dit --latents .runs/latents --bank .runs/bank --out .runs/nano-tuned --bf16 --batch 4 --threads 1 --shards 40
