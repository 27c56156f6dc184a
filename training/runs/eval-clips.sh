#!/bin/sh
# The held-out clips of `npm run eval`: worlds that no model and no judge was trained on. $1: folder, $2: size.
cd "$(dirname "$0")/.." || exit 1
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
OUT="${1:-../assets/clips/nano}" SIZE="${2:-128x80}"
set -e

# render SEED SECONDS [SCENARIO]
render() {
  .venv/bin/python -m sora_world.world.render_clips --format eval --count 1 --size "$SIZE" --out "$OUT" \
    --seed "$1" --seconds "$2" ${3:+--scenario "$3"}
}

for seed in 900002 900106 900113; do render "$seed" 2.4; done
render 900018 2 forward
render 900023 2.4 turn
render 900026 2.4 turn
render 900030 2.4 walk_back
render 900040 2.4 idle
render 900050 2.4 edit
render 900060 2.4 jump
render 900075 1.8 village
render 900080 2.4 water
for seed in 900222 900223 900224 900225 900227 900231 900239 900243; do
  .venv/bin/python -m sora_world.world.render_clips --format eval --count 1 --size "$SIZE" --out "$OUT/edits" \
    --seed "$seed" --actions runs/actions/place-and-return.json
done
for seed in 900090 900091 900092; do render "$seed" 3 look_back; done
