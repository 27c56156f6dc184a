#!/bin/sh
# Tunes the decoder on the denoiser's own two-step predictions. 0.1.0: 1,479 steps from the single-cell linear path,
# then the neighbours fitted into it and 831 steps more; this command does the fit first and the steps in one go.
cd "$(dirname "$0")/.." || exit 1
export OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
exec .venv/bin/python -m sora_world.train.decoder --tier nano --minutes "${1:-10.5}" --autoencoder .runs/nano-ae \
  --run .runs/nano-dit --latents .runs/latents --bank .runs/bank --out .runs/nano-tuned --bf16 --batch 4 --threads 1 \
  --shards 24 --adam-lr 1e-3
