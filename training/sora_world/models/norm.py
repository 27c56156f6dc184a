"""Root-mean-square normalisation that also exports."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-6


class RMSNorm(nn.Module):
    """arXiv 1910.07467. Spelled out while exporting: ONNX has no operator for it below opset 23.

    Always with a weight there, of ones if need be: only so does onnxruntime put one operator in place of the six.
    """

    def __init__(self, width: int, has_weight: bool = True):
        super().__init__()
        self.width = width
        self.weight = nn.Parameter(torch.ones(width)) if has_weight else None

    def forward(self, x: Tensor) -> Tensor:
        if torch.onnx.is_in_onnx_export():
            scaled = x / (x.pow(2).mean(-1, keepdim=True) + EPSILON).sqrt()
            return scaled * (torch.ones(self.width) if self.weight is None else self.weight)
        weight = None if self.weight is None else self.weight.to(x.dtype)
        return F.rms_norm(x, (self.width,), weight, EPSILON)
