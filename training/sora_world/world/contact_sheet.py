"""One picture of the whole world: 8 biomes by 4 moments.

`python -m sora_world.world.contact_sheet --out sheet.png [--height 144 --width 256]`
"""

import argparse

import torch
from PIL import Image
from torch import Tensor

from .biomes import BIOME_INDEX, BIOMES
from .editing import Editor, EditTables, eye_in_water, hand_of, marks_of
from .grid import build_grid
from .hashing import hash_integers
from .physics import Body, step_body
from .render import Renderer, View
from .sky import mix_atmosphere
from .spawn import choose_start
from .terrain import find_biome

MOMENTS = [(0, 0), (1, 0), (2, 0), (0, 1)]  # time and weather: clear day, dusk, night, rain by day
SNOW_BY_DAY = (0, 2)
SIDE = 112


def moments(biome: Tensor, moment: int) -> tuple[Tensor, Tensor]:
    """One-hot mixtures [B, 4] of time and weather; the cold biomes have snow instead of rain."""
    rows = []
    for index in biome.tolist():
        cold = index == BIOME_INDEX["snow"]
        rows.append(SNOW_BY_DAY if cold and moment == 3 else MOMENTS[moment])
    time, weather = (torch.tensor(column) for column in zip(*rows, strict=True))
    return torch.eye(4)[time], torch.eye(4)[weather]


@torch.inference_mode()
def contact_sheet(height: int, width: int, rng_seed: int) -> Tensor:
    """uint8 [8 * height, 4 * width, 3]: one row per biome, one column per moment."""
    count = len(BIOMES)
    device = torch.device("cpu")
    biome = torch.arange(count)
    seeds = hash_integers(torch.tensor(rng_seed), torch.arange(count))
    world = seeds % 97
    grid = build_grid(world, torch.stack(find_biome(world, seeds, biome), 1), SIDE)
    feet, yaw = choose_start(grid, seeds, None)
    body = Body.at(feet, yaw, torch.full_like(yaw, 4.0))
    tables = EditTables(device)
    for _ in range(3):
        step_body(grid, body, torch.zeros((count, 21)), tables.solid)
    editor = Editor.create(biome)
    renderer = Renderer(height, width, device)
    columns = []
    for moment in range(len(MOMENTS)):
        air = mix_atmosphere(*moments(biome, moment))
        view = View(body.eye(), body.yaw + 25 * moment, body.pitch, air, marks_of(editor, tables),
                    hand_of(editor, tables), eye_in_water(grid, body), 40 * moment)
        columns.append(renderer.draw(grid, view).rgb)
    sheet = torch.stack(columns, 1)  # [8, 4, H, W, 3]
    return sheet.permute(0, 2, 1, 3, 4).reshape(count * height, len(MOMENTS) * width, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    parser.add_argument("--height", type=int, default=144)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--rng-seed", type=int, default=1)
    options = parser.parse_args()
    Image.fromarray(contact_sheet(options.height, options.width, options.rng_seed).numpy()).save(options.out)
    print(options.out)


if __name__ == "__main__":
    main()
