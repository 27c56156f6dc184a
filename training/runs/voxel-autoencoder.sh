#!/bin/sh
# One GPU slot: the voxel tier's autoencoder, on pictures rendered on the device. 0.1.0 had 16,866 steps of this in 15 minutes.
cd "$(dirname "$0")/.." || exit 1
exec python -m sora_world.train.autoencoder --tier voxel --minutes "${1:-22}" --device cuda --bf16 --batch 32 \
  --out "${2:-.runs/voxel-ae}" --resume "${2:-.runs/voxel-ae}" --adam-lr 3e-4
