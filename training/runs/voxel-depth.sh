#!/bin/sh
# Gives the voxel package depth channels: run once, on a CPU of two cores, between the second and the third slot on a GPU.
# It started from package 0.1.1, read into run folders with the code of its time (latents had 48 channels then); captioner
# and policy are read with today's. What it leaves is what voxel-denoiser.sh goes on from; then voxel-depth-decoder.sh.
# $1 autoencoder, $2 denoiser, $3 readers: the run folders of 0.1.1.
cd "$(dirname "$0")/.." || exit 1
AUTOENCODER="${1:-.runs/voxel-ae}" RUN="${2:-.runs/voxel-dit}" READERS="${3:-.runs/voxel-readers}"
PYTHON="${PYTHON:-.venv/bin/python}" W=256x144
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
for first in 100000 200000; do
  $PYTHON -m sora_world.data.bank --out .runs/bank --minutes 11 --clips 32 --frames 12 \
    --sizes "$W,$W,144x256,$W,192x192" --first-seed "$first" &
done
wait
$PYTHON -m sora_world.train.depth --tier voxel --minutes 6 --batch 64 --autoencoder "$AUTOENCODER" --bank .runs/bank \
  --out .runs/voxel-deep-ae
# For the linear map from memory, and for the calibration of int8.
$PYTHON -m sora_world.data.render_latents --tier voxel --autoencoder .runs/voxel-deep-ae --device cpu \
  --out .runs/voxel-deep-latents --sizes "$W" --clips 16 --frames 36 --shards 6 --first-seed 40000000
$PYTHON -m sora_world.train.more_channels --run "$RUN" --latents .runs/voxel-deep-latents --out .runs/voxel-deep-dit
$PYTHON -m sora_world.export.package --autoencoder .runs/voxel-deep-ae --run .runs/voxel-deep-dit --out ../assets/voxel \
  --latents .runs/voxel-deep-latents --readers "$READERS"
