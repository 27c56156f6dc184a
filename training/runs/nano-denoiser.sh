#!/bin/sh
# Encodes the clip bank, keeps encoding what is added to it, and trains the nano denoiser on it.
cd "$(dirname "$0")/.." || exit 1
export OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
.venv/bin/python -m sora_world.data.latents --bank .runs/bank --autoencoder .runs/nano-ae --out .runs/latents
exec .venv/bin/python -m sora_world.train.denoiser --tier nano --minutes "${1:-59}" --latents .runs/latents \
  --out .runs/nano-dit --resume .runs/nano-dit --bf16 --autoencoder .runs/nano-ae --batch 8 --threads "${2:-1}"
