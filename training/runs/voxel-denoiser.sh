#!/bin/sh
# One GPU slot: the voxel tier's denoiser. Several renderers fill a bank of latents on the same GPU; training starts with
# the first shard and takes in the others as they come. Run again with more minutes and other seeds to go on.
# $1 minutes of the whole time box (earlier runs count), $2 run folder, $3 latent bank, $4 first seed.
cd "$(dirname "$0")/.." || exit 1
MINUTES="${1:-24}" RUN="${2:-.runs/voxel-dit}" LATENTS="${3:-.runs/voxel-latents}" SEED="${4:-30000000}"
PYTHON="${PYTHON:-python3}" DEVICE="${DEVICE:-cuda}" RENDERERS="${RENDERERS:-4}" SHARDS="${SHARDS:-60}" CLIPS="${CLIPS:-128}"
# Sizes of equally many latent cells. Most people play in the first.
W=256x144
SIZES="$W,$W,144x256,$W,$W,192x192,$W,288x128"
mkdir -p "$RUN" "$LATENTS"
if [ ! -f "$RUN/training.pt" ]; then
  $PYTHON -m sora_world.export.read_package --package ../assets/voxel --autoencoder .runs/voxel-ae --run "$RUN" || exit 1
fi
for worker in $(seq "$RENDERERS"); do
  $PYTHON -m sora_world.data.render_latents --tier voxel --autoencoder .runs/voxel-ae --device "$DEVICE" --out "$LATENTS" \
    --sizes "$SIZES" --clips "$CLIPS" --first-seed $((SEED + worker * 1000003)) --most "$SHARDS" \
    >>"$RUN/render-$worker.log" 2>&1 &
done
until ls "$LATENTS"/*/shard-*.pt >/dev/null 2>&1; do sleep 0.5; done
train() {
  $PYTHON -m sora_world.train.denoiser --tier voxel --minutes "$MINUTES" --device "$DEVICE" --bf16 --batch "${BATCH:-32}" \
    --latents "$LATENTS" --autoencoder .runs/voxel-ae --out "$RUN" --resume "$RUN" --adam-lr 5e-4 --save-seconds 60 \
    --shortcuts-from 0.35 --own-context-from 0.2 --own-context-every 3 --log-every 50 "$@"
}
# Compiled blocks are faster; where the compiler does not work, training goes on without it.
train --compile || train
