#!/bin/sh
# nano 0.2.0: encodes the clip bank with its memory images, then goes on from the shipped denoiser (.runs/nano-old,
# written by sora_world.export.read_package); the memory input is new and starts as zero. Of the 7,900 steps behind the
# published weights the first 7,160 had one view of the memory in each chunk's middle, the others one per frame; this
# command does all of them with the latter.
cd "$(dirname "$0")/.." || exit 1
export OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
.venv/bin/python -m sora_world.data.latents --bank .runs/nano-bank --autoencoder .runs/nano-ae2 --out .runs/nano-latents \
  --threads 1
exec .venv/bin/python -m sora_world.train.denoiser --tier nano --minutes "${1:-190}" --latents .runs/nano-latents \
  --out .runs/nano-dit --resume "${3:-.runs/nano-old}" --bf16 --autoencoder .runs/nano-ae2 --batch 8 \
  --threads "${2:-1}" --shortcuts-from 0.3 --save-seconds 100
