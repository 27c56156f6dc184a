"""Speed of the ground-truth world: `python -m sora_world.world.bench --size 128x80`.

Prints the frames per second of whole clips (worlds, players and pictures); the last line is one JSON document.
"""

import argparse
import json
import time

import torch

from .clips import render_clips
from .march import use_compiler


def parse_size(text: str) -> tuple[int, int]:
    """Height and width of a size written as WIDTHxHEIGHT."""
    width, height = text.lower().split("x")
    return int(height), int(width)


def measure(count: int, frames: int, height: int, width: int, device: str, repeats: int) -> tuple[float, float]:
    """Frames per second and frames per second of processor time, the best of some repeats after a warm-up.

    The second figure hardly depends on what else the machine is doing.
    """
    render_clips(min(count, 2), 4, height, width, 0, device)
    best = best_of_processor = 0.0
    for repeat in range(repeats):
        start, processor_start = time.perf_counter(), time.process_time()
        clips = render_clips(count, frames, height, width, 1 + repeat, device)
        clips.rgb[0, 0, 0, 0].cpu()  # waits for an accelerator
        best = max(best, count * frames / (time.perf_counter() - start))
        best_of_processor = max(best_of_processor, count * frames / (time.process_time() - processor_start))
    return best, best_of_processor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="128x80", help="WIDTHxHEIGHT")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--count", type=int, default=12, help="clips per batch")
    parser.add_argument("--frames", type=int, default=48, help="frames per clip")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the default")
    parser.add_argument("--compile", action="store_true", help="fuse the ray march with torch.compile")
    options = parser.parse_args()
    if options.compile:
        use_compiler()
    if options.threads:
        torch.set_num_threads(options.threads)
    height, width = parse_size(options.size)
    speed, per_processor = measure(options.count, options.frames, height, width, options.device, options.repeats)
    print(f"{speed:.1f} frames/s at {options.size} on {options.device}")
    figures = {"framesPerSecond": round(speed, 1), "framesPerProcessorSecond": round(per_processor, 1)}
    setting = {"width": width, "height": height, "device": options.device, "clips": options.count,
               "framesPerClip": options.frames, "threads": torch.get_num_threads()}
    print(json.dumps(figures | setting))


if __name__ == "__main__":
    main()
