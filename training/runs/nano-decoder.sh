#!/bin/sh
# Tunes the decoder on the denoiser's own two-step predictions, after nano-denoiser.sh.
cd "$(dirname "$0")/.." || exit 1
export OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
exec .venv/bin/python -m sora_world.train.decoder --tier nano --minutes "${1:-14}" --autoencoder .runs/nano-ae2 \
  --run .runs/nano-dit --latents .runs/nano-latents --bank .runs/nano-bank --out .runs/nano-tuned --bf16 --batch 4 \
  --threads 1 --shards 24 --adam-lr 3e-4
