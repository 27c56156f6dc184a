#!/bin/sh
# Depth fusion for the voxel package, on a CPU of two cores (about 50 minutes): what the package makes of true context, with
# its own world memory, and a network that says how much of the depth to believe. After every change of denoiser or decoder.
# $1 run folder of the package's autoencoder, $2 package, $3 first seed.
cd "$(dirname "$0")/.." || exit 1
AUTOENCODER="${1:-.runs/voxel-ae}" PACKAGE="${2:-../assets/voxel}" SEED="${3:-46000000}"
PYTHON="${PYTHON:-.venv/bin/python}" W=256x144
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
$PYTHON -m sora_world.data.render_latents --tier voxel --autoencoder "$AUTOENCODER" --device cpu --out .runs/pairs \
  --sizes "$W" --clips 16 --frames 48 --shards 24 --first-seed "$SEED" &
for _ in $(seq 60); do
  $PYTHON -m sora_world.data.predicted_play --latents .runs/pairs --package "$PACKAGE" --out .runs/pairs-played
  sleep 20
  jobs %1 > /dev/null 2>&1 || break
done
wait
$PYTHON -m sora_world.data.predicted_play --latents .runs/pairs --package "$PACKAGE" --out .runs/pairs-played
$PYTHON -m sora_world.train.fusion --tier voxel --minutes 12 --batch 32 --threads 1 --log-every 100 \
  --autoencoder "$AUTOENCODER" --latents ".runs/pairs/$W" --predicted ".runs/pairs-played/$W" --out .runs/voxel-fusion
$PYTHON -m sora_world.export.fusion --fusion .runs/voxel-fusion --package "$PACKAGE"
