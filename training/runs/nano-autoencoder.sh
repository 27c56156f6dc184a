#!/bin/sh
# The first seconds fit the linear path, which fixes the latents; the denoiser may start after the first "published".
# (The package of 0.1.0 has its decoder from nano-decoder.sh alone: this stage's was lost to dead ReLUs, see docs/log.md.)
# Trains the nano autoencoder on the clip bank; bf16 autocast is 1.5 to 2 times as fast as fp32 on Zen 4.
# Weak shaping of the latents: they are given (linear encoder), and at full strength every texture was lost.
cd "$(dirname "$0")/.." || exit 1
# Waiting threads must sleep: two busy-waiting programs on two cores stop each other.
export OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
exec .venv/bin/python -m sora_world.train.autoencoder --tier nano --minutes "${1:-25}" --bank .runs/bank \
  --out .runs/nano-ae --resume .runs/nano-ae --bf16 --batch 4 --threads "${2:-1}" \
  --adam-lr 1e-3 --latent-noise 0.15 --masked 0 --equivariance 0
