#!/bin/sh
# Tunes the decoder on the denoiser's own two-step predictions, after nano-denoiser.sh: first on what can be compared with
# the truth, then with a critic and with rollouts that have left their clip.
# $1 minutes of the first part, $2 of the second.
cd "$(dirname "$0")/.." || exit 1
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
set -e
BANK="--bank .runs/nano-bank --latents .runs/nano-latents"
PYTHON=.venv/bin/python
$PYTHON -m sora_world.data.predicted --latents .runs/nano-latents --run .runs/nano-dit --out .runs/nano-predicted --shards "${3:-48}"
COMMON="--tier nano --autoencoder .runs/nano-ae2 --predicted .runs/nano-predicted $BANK --batch 4 --threads 1"
$PYTHON -m sora_world.train.decoder $COMMON --minutes "${1:-35}" --out .runs/nano-settled --adam-lr 5e-4 --keep-linear
exec $PYTHON -m sora_world.train.decoder $COMMON --minutes "${2:-30}" --out .runs/nano-tuned --adam-lr 3e-4 \
  --autoencoder .runs/nano-settled --critic 0.4 --keep-linear
