#!/bin/sh
# nano 0.2.0: goes on from the decoder of the shipped package (`--resume`); its encoder is linear and stays as it is.
# 0.1.0's decoder had lost nearly all units of four blocks; they start anew. AdamW at 1e-3 would kill them again.
cd "$(dirname "$0")/.." || exit 1
# Waiting threads must sleep: two busy-waiting programs on two cores stop each other.
export OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
exec .venv/bin/python -m sora_world.train.autoencoder --tier nano --minutes "${1:-22}" --bank .runs/nano-bank \
  --out .runs/nano-ae2 --resume .runs/nano-ae --revive --bf16 --batch 4 --threads "${2:-1}" \
  --adam-lr 3e-4 --latent-noise 0.1 --masked 0 --equivariance 0
