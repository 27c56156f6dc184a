"""A picture for eyes: what the scene judge sees, next to the truth.

    python -m sora_world.judges.sheet --judges ../assets/judges --held-out .runs/judge-held-out --out judges.jpg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from sora_world.judges.config import ATTRIBUTES, BLOCK_NAMES, SCALE
from sora_world.judges.data import JudgeBank, JudgeShard
from sora_world.judges.measure import Judge
from sora_world.world.blocks import ANIMAL_COLOURS, ANIMALS, BLOCKS, HAND

ROWS = 8
SIZE = (80, 128)  # height, width of the clips that are shown
LINE = 13  # pixels of a line of words
COLUMNS = ("picture", "blocks: truth", "judged", "faces: truth", "judged", "inverse depth: truth", "judged")
FACE_COLOURS = [(0, 0, 0), (230, 90, 80), (120, 40, 40), (90, 200, 90), (40, 90, 40), (90, 130, 240), (40, 50, 120)]
SKY_COLOUR, HAND_COLOUR, OTHER_COLOUR = (16, 16, 40), (220, 60, 220), (255, 255, 0)
BRIGHTEST = 0.5  # 1/blocks drawn white


def block_colours() -> np.ndarray:
    """uint8 [K,3]: each block in the colour of its top."""
    colours = np.full((len(BLOCK_NAMES), 3), OTHER_COLOUR, np.uint8)
    for index, block in enumerate(BLOCKS):
        colours[index] = block.top or block.colour
    for first, parts in zip(ANIMALS, ANIMAL_COLOURS.values(), strict=True):
        colours[first : first + len(parts)] = parts
    colours[0], colours[HAND] = SKY_COLOUR, HAND_COLOUR
    return colours


def grey(inverse_depth: np.ndarray) -> np.ndarray:
    """[h,w] -> uint8 [h,w,3], near is bright; the root keeps the distance visible."""
    level = np.sqrt(np.clip(inverse_depth / BRIGHTEST, 0, 1)) * 255
    return np.repeat(level[..., None], 3, -1).astype(np.uint8)


def row_pictures(judge: Judge, shard: JudgeShard, clip: int, frame: int) -> tuple[list[np.ndarray], str]:
    """The pictures of COLUMNS, all of the size of the first, and a line of words."""
    frames, block_id, face, depth, attributes = (v[0] for v in shard.scenes(clip, slice(frame, frame + 1)))
    answers = {name: value[0] for name, value in judge(frames[None]).items()}
    blocks, faces = block_colours(), np.array(FACE_COLOURS, np.uint8)
    maps = [
        blocks[block_id],
        blocks[answers["block_id"].argmax(0)],
        faces[face],
        faces[answers["face"].argmax(0)],
        grey(depth),
        grey(answers["inverse_depth"]),
    ]
    true = ", ".join(names[place] for names, place in zip(ATTRIBUTES.values(), attributes, strict=True))
    read = ", ".join(names[answers[name].argmax()] for name, names in ATTRIBUTES.items())
    return [frames, *(m.repeat(SCALE, 0).repeat(SCALE, 1) for m in maps)], f"truth: {true}    judged: {read}"


def draw_sheet(judge: Judge, shards: list[JudgeShard]) -> Image.Image:
    """ROWS clips, spread over the shards."""
    height, width = SIZE
    sheet = Image.new("RGB", (width * len(COLUMNS), LINE + ROWS * (height + LINE)))
    pen = ImageDraw.Draw(sheet)
    for place, name in enumerate(COLUMNS):
        pen.text((place * width + 3, 1), name, "white")
    for row in range(ROWS):
        shard = shards[row % len(shards)]
        pictures, words = row_pictures(judge, shard, clip=(3 * row) % shard.shape[0], frame=shard.shape[1] // 2)
        top = LINE + row * (height + LINE)
        for place, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (place * width, top))
        pen.text((3, top + height), words, "white")
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judges", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    try:
        shards = JudgeBank(options.held_out).sizes.get(SIZE, [])
    except ValueError as error:
        parser.error(str(error))
    if not shards:
        parser.error(f"no clips of {SIZE[1]}x{SIZE[0]} in {options.held_out}")
    draw_sheet(Judge(options.judges / "scene.onnx"), shards).save(options.out, quality=82)
    print(options.out)


if __name__ == "__main__":
    main()
