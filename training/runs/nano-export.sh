#!/bin/sh
# Package, evaluation, package again with the figures in it, golden fixtures. $1: autoencoder run, $2: denoiser run.
cd "$(dirname "$0")/.." || exit 1
export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=1
AUTOENCODER="${1:-.runs/nano-tuned}" RUN="${2:-.runs/nano-dit}" OUT="${3:-../assets/nano}"
PYTHON=.venv/bin/python
set -e
$PYTHON -m sora_world.export.package --autoencoder "$AUTOENCODER" --run "$RUN" --out "$OUT" --latents .runs/nano-latents \
  --readers .runs/readers
$PYTHON -m sora_world.evaluate --package "$OUT" --out .runs/evaluation --clips 24 --threads 1
$PYTHON -m sora_world.export.package --autoencoder "$AUTOENCODER" --run "$RUN" --out "$OUT" --latents .runs/nano-latents \
  --readers .runs/readers \
  --figures .runs/evaluation/figures.json
$PYTHON -m sora_world.export.golden --autoencoder "$AUTOENCODER" --run "$RUN" --out ../test/fixtures/golden
