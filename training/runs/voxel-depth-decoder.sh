#!/bin/sh
# After a slot of voxel-denoiser.sh, on a CPU of two cores (about 25 minutes): what the denoiser makes of true context, and
# a decoder of depth that knows how much to believe it.
# $1 autoencoder as voxel-depth.sh made it (its decoder on true latents is the truth), $2 denoiser's run folder, $3 first seed.
cd "$(dirname "$0")/.." || exit 1
AUTOENCODER="${1:-.runs/voxel-deep-ae}" RUN="${2:-.runs/voxel-dit}" SEED="${3:-45000000}"
PYTHON="${PYTHON:-.venv/bin/python}" W=256x144
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
for worker in 0 1; do
  $PYTHON -m sora_world.data.render_latents --tier voxel --autoencoder "$AUTOENCODER" --device cpu --out .runs/pairs \
    --sizes "$W" --clips 16 --frames 32 --shards 20 --first-seed $((SEED + worker * 1000000)) &
done
wait
$PYTHON -m sora_world.data.predicted --latents .runs/pairs --run "$RUN" --out .runs/pairs-predicted --shards 40 --bf16 --threads 2
$PYTHON -m sora_world.train.depth_decoder --tier voxel --minutes 5 --batch 64 --autoencoder "$AUTOENCODER" \
  --latents ".runs/pairs/$W" --predicted ".runs/pairs-predicted/$W" --out .runs/voxel-tuned-ae
