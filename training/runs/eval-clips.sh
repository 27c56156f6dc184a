#!/bin/sh
# The held-out clips of `npm run eval`: worlds that no model and no judge was trained on. $1: folder, $2: size.
cd "$(dirname "$0")/.." || exit 1
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
OUT="${1:-../assets/clips/voxel}" SIZE="${2:-256x144}"
set -e

# render SEED SECONDS [SCENARIO]
render() {
  .venv/bin/python -m sora_world.world.render_clips --format eval --count 1 --size "$SIZE" --out "$OUT" \
    --seed "$1" --seconds "$2" ${3:+--scenario "$3"}
}

render 900002 2.4
render 900018 2 forward
render 900023 2.4 turn
render 900026 2.4 turn
render 900030 2.4 walk_back
render 900040 2.4 idle
render 900050 2.4 edit
render 900060 2.4 jump
render 900075 1.8 village
# The last four are the first four from 900300 on of which the placing fills enough of the picture.
for seed in 900222 900223 900225 900239 900302 900303 900304 900305; do
  .venv/bin/python -m sora_world.world.render_clips --format eval --count 1 --size "$SIZE" --out "$OUT/edits" \
    --seed "$seed" --actions runs/actions/place-and-return.json
done
for seed in 900090 900091; do render "$seed" 3 look_back; done
