#!/bin/sh
# One GPU slot: the voxel tier's denoiser on clips rendered and encoded on the device. Run again to go on.
cd "$(dirname "$0")/.." || exit 1
exec python -m sora_world.train.denoiser --tier voxel --minutes "${1:-22}" --device cuda --bf16 --compile --batch 64 \
  --autoencoder .runs/voxel-ae --out "${2:-.runs/voxel-dit}" --resume "${2:-.runs/voxel-dit}" --adam-lr 3e-4
