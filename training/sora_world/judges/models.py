"""The two judges: one reads a picture, one reads how the player moved between pictures."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sora_world.config import MAX_CAMERA
from sora_world.judges.config import ATTRIBUTES, BLOCK_NAMES, FACES, FRAMES, KEYS, SCALE, JudgeConfig
from sora_world.judges.layers import Residual, Step, convolution, enlarged, to_cells, with_slopes

SCENE = JudgeConfig("scene", widths=(48, 80, 96), blocks=(1, 1, 1), feature_width=64)
DYNAMICS = JudgeConfig("dynamics", widths=(48, 80, 96), blocks=(0, 1, 0), feature_width=96)
MATCH_WIDTH = 16  # channels compared between frames
# Cells of 4 pixels at 1/4. A turn of 8 degrees moves the middle of an 80-pixel picture by 9.7 pixels sideways, the
# fastest tilt by 6.6 up or down; walking adds to both.
REACH_RIGHT, REACH_DOWN = 3, 2
FARTHEST = 0.02  # 1/blocks, about half that of the farthest thing in view
POOLS = 4  # attention maps over a transition


def to_log_depth(inverse_depth: Tensor) -> Tensor:
    """What the scene judge is taught: equal relative errors count alike, and sky (0) stays finite."""
    return (inverse_depth + FARTHEST).log()


def to_inverse_depth(log_depth: Tensor) -> Tensor:
    """1/blocks, 0 = sky."""
    return (log_depth.exp() - FARTHEST).clamp(min=0)


class SceneJudge(nn.Module):
    """A small U-Net with one head per question."""

    def __init__(self, config: JudgeConfig = SCENE):
        super().__init__()
        self.config = config
        fine, middle, coarse = config.widths
        self.enter = Step(3 * SCALE**2 + 2, fine)
        self.fine = nn.Sequential(*(Residual(fine) for _ in range(config.blocks[0])))
        self.middle = nn.Sequential(Step(fine, middle, 2), *(Residual(middle) for _ in range(config.blocks[1])))
        self.coarse = nn.Sequential(Step(middle, coarse, 2), *(Residual(coarse) for _ in range(config.blocks[2])))
        self.light = nn.Linear(coarse, coarse)
        self.to_middle, self.to_fine = convolution(coarse, middle, kernel=1), convolution(middle, fine, kernel=1)
        self.join_middle, self.join_fine = Residual(middle), Residual(fine)
        self.block_id, self.face = nn.Conv2d(fine, len(BLOCK_NAMES), 1), nn.Conv2d(fine, len(FACES), 1)
        self.log_depth = nn.Conv2d(fine, 1, 1)
        self.feature = nn.Linear(2 * coarse + fine, config.feature_width)
        self.attributes = nn.ModuleDict(
            {name: nn.Linear(config.feature_width, len(values)) for name, values in ATTRIBUTES.items()}
        )
        # Only for training: makes the feature tell what the picture consists of, not just where and when it is.
        self.shares = nn.Linear(config.feature_width, len(BLOCK_NAMES))

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """frames uint8 or float 0..255 [N,H,W,3], sides multiples of 8. Returns

        block_id      [N,K,H/4,W/4]  logits
        face          [N,7,H/4,W/4]  logits
        log_depth     [N,H/4,W/4]    see to_inverse_depth
        biome, time, weather [N,..]  logits
        feature       [N,D]          for distances between sets of pictures
        shares        [N,K]          logits of the share of each block in the picture
        """
        fine = self.fine(self.enter(with_slopes(to_cells(frames, SCALE))))
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        # What a colour means depends on the light of the whole picture.
        coarse = coarse + self.light(coarse.mean((2, 3)))[..., None, None]
        middle = self.join_middle(F.relu(middle + enlarged(self.to_middle(coarse), middle)))
        joined = self.join_fine(F.relu(fine + enlarged(self.to_fine(middle), fine)))
        pooled = torch.cat([coarse.mean((2, 3)), coarse.amax((2, 3)), joined.mean((2, 3))], 1)
        feature = self.feature(pooled).tanh()
        answers = {
            "block_id": self.block_id(joined),
            "face": self.face(joined),
            "log_depth": self.log_depth(joined)[:, 0].float(),
        }
        answers |= {name: head(feature) for name, head in self.attributes.items()}
        return answers | {"feature": feature, "shares": self.shares(feature)}


class DynamicsJudge(nn.Module):
    """Compares the features of neighbouring frames at all small shifts and pools what fits where."""

    def __init__(self, config: JudgeConfig = DYNAMICS):
        super().__init__()
        self.config = config
        fine, middle, coarse = config.widths
        shifts = (2 * REACH_RIGHT + 1) * (2 * REACH_DOWN + 1)
        self.enter = nn.Sequential(Step(3 * SCALE**2, fine), convolution(fine, MATCH_WIDTH))
        self.compare = nn.Sequential(
            Step(shifts + 3 + 2 * MATCH_WIDTH + 2, middle, 2),
            *(Residual(middle) for _ in range(config.blocks[1])),
            Step(middle, coarse, 2),
            *(Residual(coarse) for _ in range(config.blocks[2])),
        )
        self.sharpness = nn.Parameter(torch.tensor(10.0))
        self.register_buffer("shifts", all_shifts())
        self.attention = nn.Conv2d(coarse, POOLS, 1)
        self.gather = nn.Linear(POOLS * coarse, config.feature_width)
        self.before = nn.Conv1d(config.feature_width, config.feature_width, 3, padding=1)
        self.after = nn.Conv1d(config.feature_width, config.feature_width, 3, padding=1)
        self.turn, self.keys = nn.Linear(config.feature_width, 2), nn.Linear(config.feature_width, len(KEYS))

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """frames uint8 or float 0..255 [N,5,H,W,3], consecutive. Returns

        turn [N,4,2]  degrees of yaw and pitch in each transition, right and down positive
        keys [N,4,Q]  logits of the keys that led into frames 1 to 4
        flow [N*4,2,H/4,W/4]  where each cell went, right and down in cells; only for training
        """
        count, _, height, width = frames.shape[:4]
        # Sizes spelled out: the ONNX exporter fixes those that it has to find itself.
        pictures = self.enter(to_cells(frames.reshape(count * FRAMES, height, width, 3), SCALE))
        pictures = pictures.reshape(count, FRAMES, MATCH_WIDTH, height // SCALE, width // SCALE)
        old, new = (x.reshape(-1, *pictures.shape[2:]) for x in (pictures[:, :-1], pictures[:, 1:]))
        likeness = match(old, new)
        flow = self.flow(likeness)
        compared = torch.cat([likeness, flow, old, new - old], 1)
        cells = self.compare(with_slopes(compared))
        weights = self.attention(cells).flatten(2).float().softmax(-1)
        pooled = (weights @ cells.flatten(2).float().transpose(1, 2)).flatten(1)
        moves = F.relu(self.gather(pooled)).reshape(count, FRAMES - 1, self.config.feature_width).transpose(1, 2)
        # Which key was pressed shows in the change of speed, so transitions look at their neighbours.
        moves = moves + self.after(F.relu(self.before(moves)))
        moves = moves.transpose(1, 2)
        turn = self.turn(moves).float() * MAX_CAMERA
        return {"turn": turn, "keys": self.keys(moves).float(), "flow": flow[:, :2]}

    def flow(self, likeness: Tensor) -> Tensor:
        """likeness [N,shifts,h,w] -> [N,3,h,w]: where each cell went, right and down in cells, and how surely.

        All that a turn is, but for the shape of the lens; the network need not first find out how to read a likeness.
        """
        weights = (likeness.float() * self.sharpness).softmax(1)
        return torch.cat([F.conv2d(weights, self.shifts[..., None, None]), weights.amax(1, keepdim=True)], 1)


def all_shifts() -> Tensor:
    """float32 [2,shifts]: right and down in cells, in the order of `match`."""
    down, right = range(-REACH_DOWN, REACH_DOWN + 1), range(-REACH_RIGHT, REACH_RIGHT + 1)
    return torch.tensor([[float(x), float(y)] for y in down for x in right]).T.contiguous()


def match(old: Tensor, new: Tensor) -> Tensor:
    """Likeness of each cell of `old` [N,C,h,w] to the cells of `new` around it: [N,shifts,h,w] in -1..1.

    One product per row of cells gives more columns than are wanted, and the wanted ones lie on a diagonal band. Laying
    the rows out one cell longer turns that band into columns. Cheaper to train than a product per shift.
    """
    # Without the mean of the picture, which is alike everywhere, what is left differs from place to place.
    old, new = (x - x.mean((2, 3), keepdim=True) for x in (old, new))
    old, new = (F.normalize(x, dim=1).permute(0, 2, 3, 1) for x in (old, new))
    count, height, width = old.shape[:3]
    padded = F.pad(new, (0, 0, REACH_RIGHT, REACH_RIGHT, REACH_DOWN, REACH_DOWN)).transpose(2, 3)
    shifts = 2 * REACH_RIGHT + 1
    rows = []
    for down in range(2 * REACH_DOWN + 1):
        product = old @ padded[:, down : down + height]  # [N,h,w,w+shifts-1]
        skewed = F.pad(product.flatten(2), (0, width)).reshape(count, height, width, width + shifts)
        rows.append(skewed[..., :shifts])
    return torch.cat(rows, 3).permute(0, 3, 1, 2)
