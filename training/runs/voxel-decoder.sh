#!/bin/sh
# After voxel-depth-decoder.sh, on one core with AMX (about 45 minutes): the pictures behind its pairs are rendered,
# and the decoder learns from true and predicted latents with a critic. Depth stays as it was tuned there.
# $1 minutes of training, $2 autoencoder to go on from, $3 first seed of the pairs.
cd "$(dirname "$0")/.." || exit 1
MINUTES="${1:-34}" AUTOENCODER="${2:-.runs/voxel-tuned-ae}" SEED="${3:-45000000}"
PYTHON="${PYTHON:-.venv/bin/python}" W=256x144
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
for worker in 0 1; do
  $PYTHON -m sora_world.data.bank --out .runs/pairs-bank --minutes 60 --shards 20 --clips 16 --frames 32 --sizes "$W" \
    --first-seed $((SEED + worker * 1000000)) &
done
wait
exec $PYTHON -m sora_world.train.decoder --tier voxel --minutes "$MINUTES" --bf16 --batch 3 --crop 128 --threads 1 \
  --autoencoder "$AUTOENCODER" --bank .runs/pairs-bank --latents .runs/pairs --predicted .runs/pairs-predicted \
  --out .runs/voxel-decoder --adam-lr 3e-4 --keep-linear --critic 0.6 --critic-from 0
