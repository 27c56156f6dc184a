"""An autoencoder's gates on worlds that it has not seen, rendered on the spot.

    python -m sora_world.evaluate.gates --autoencoder .runs/voxel-ae --device cuda --out .runs/gates

Prints one JSON document and writes `reconstruction.png`: true frames above decoded ones.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sora_world.config import FRAMES_PER_CHUNK, MAX_CAMERA, Tier
from sora_world.data.bank import CLIP_FRAMES, cell_centres, load_renderer
from sora_world.data.latents import load_autoencoder
from sora_world.models.autoencoder import Autoencoder, to_network
from sora_world.world.actions import INDEX

FIRST_SEED = 90_000_000  # no trainer's
FAST_TURN_DEGREES = 4.0  # per frame
NOISE = 0.3  # of the latents' deviation
NEAR_ENOUGH = 0.005  # inverse depth; beyond is sky


def frame_psnr(frames: Tensor, truth: Tensor) -> Tensor:
    """dB of each frame: [B,T,3,H,W] in -1..1 -> [B,T]."""
    error = (frames.clamp(-1, 1) - truth).square().mean((2, 3, 4)) / 4
    return -10 * torch.log10(error + 1e-10)


def detail(frames: Tensor) -> float:
    """Mean squared difference of neighbouring pixels."""
    return float(frames.diff(dim=-1).square().mean() + frames.diff(dim=-2).square().mean())


def wire(latent: Tensor) -> Tensor:
    """Normalised latents as 8 bits of -4..4 and back; coarser than what is sent, which scales by chunk."""
    return (latent.clamp(-4, 4) * 31.75).round() / 31.75


@torch.no_grad()
def measure(model: Autoencoder, clips, device: torch.device) -> tuple[dict[str, float], Tensor, Tensor]:
    """Figures of clips [B,T] of one size; the true and the decoded frames."""
    truth = to_network(clips.rgb.to(device))
    chunks = truth.unflatten(1, (-1, FRAMES_PER_CHUNK))
    inverse = cell_centres(clips.inverse_depth).to(device).float()
    by_chunk = inverse.unflatten(1, (-1, FRAMES_PER_CHUNK)).flatten(0, 1)
    latent = model.encode(chunks.flatten(0, 1), by_chunk).unflatten(0, chunks.shape[:2])

    def decode(z: Tensor) -> dict[str, Tensor]:
        raw = z * model.deviation[:, None, None] + model.mean[:, None, None]
        return model.decode_clip(raw)

    decoded = decode(latent)
    frames, psnr = decoded["frames"].flatten(1, 2), frame_psnr(decoded["frames"].flatten(1, 2), truth)
    turn = clips.actions[..., [INDEX["camera.yaw"], INDEX["camera.pitch"]]].abs().amax(-1) * MAX_CAMERA
    fast = turn.to(device) >= FAST_TURN_DEGREES
    made = decoded["inverse_depth"].flatten(1, 2).clamp(min=1e-3)
    seen = inverse > NEAR_ENOUGH
    noisy = frame_psnr(decode(latent + NOISE * torch.randn_like(latent))["frames"].flatten(1, 2), truth)
    figures = {
        "psnr": float(psnr.mean()),
        "fastTurn": float(psnr[fast].mean()) if bool(fast.any()) else float("nan"),
        "fastFrames": int(fast.sum()),
        "depthError": float(((1 / made - 1 / inverse.clamp(min=1e-3)).abs() * inverse)[seen].median()),
        "detailKept": detail(frames) / detail(truth),
        "noiseDrop": float((psnr - noisy).mean()),
        "wireDrop": float((psnr - frame_psnr(decode(wire(latent))["frames"].flatten(1, 2), truth)).mean()),
        "leastDeviation": float(latent.std((0, 1, 3, 4)).min()),
    }
    return figures, truth, frames


def sheet_of(truth: Tensor, frames: Tensor, columns: int = 4, rows: int = 3) -> np.ndarray:
    """uint8 picture: one frame of each clip, the true one above the decoded one. truth, frames [B,T,3,H,W]."""
    pairs = torch.cat([truth[:, 20], frames[:, 20].clamp(-1, 1)], -2)
    lines = [torch.cat(list(line), -1) for line in pairs[: columns * rows].split(columns) if len(line) == columns]
    return torch.cat(lines, -2).add(1).mul(127.5).byte().permute(1, 2, 0).cpu().numpy()


def evaluate(
    model: Autoencoder, tier: Tier, device: torch.device, clips: int, renderer: str = "world"
) -> tuple[dict[str, dict[str, float]], np.ndarray]:
    """Figures of `clips` clips of each of the tier's sizes, and a sheet of the first one."""
    render, by_size, sheet = load_renderer(renderer), {}, None
    for place, (width, height) in enumerate(tier.sizes):
        rendered = render(clips, CLIP_FRAMES, height, width, FIRST_SEED + place, device=str(device))
        figures, truth, frames = measure(model, rendered, device)
        by_size[f"{width}x{height}"] = {name: round(value, 4) for name, value in figures.items()}
        if sheet is None:
            sheet = sheet_of(truth, frames)
    return by_size, sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--autoencoder", type=Path, required=True, help="run folder")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--clips", type=int, default=24, help="of each size")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    device = torch.device(options.device)
    torch.manual_seed(0)
    model, tier = load_autoencoder(options.autoencoder, device)
    figures, sheet = evaluate(model, tier, device, options.clips)
    options.out.mkdir(parents=True, exist_ok=True)
    from PIL import Image

    Image.fromarray(sheet).save(options.out / "reconstruction.png")
    (options.out / "gates.json").write_text(json.dumps(figures, indent=1))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
