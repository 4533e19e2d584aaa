"""Activations and their derivatives, in float64.

The file's head holds "x": the points, a flat list from -10000 to 10000 with every kink.
Cases with "kind" "pointwise": {"name", "options", "y", "derivative"}, two lists as long as x.
  "name" is "relu" | "relu6" | "leakyRelu" (slope) | "elu" (alpha) | "gelu" (approximate "none" | "tanh") |
  "silu" | "hardSwish" | "hardSigmoid" | "sigmoid" | "tanh" | "softplus" | "logSigmoid" | "mish".
  At a kink PyTorch's derivative is recorded: relu and relu6 0, leakyRelu its slope, elu alpha, at 0.
Cases with "kind" "rows": {"name", "inputs": {"x"}, "y", "dy", "grads": {"x"}}: "softmax" and "logSoftmax"
  over the last axis.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import Any

import torch
from golden import differentiate, grid, save
from torch.nn import functional as F

MAGNITUDES = [10_000, 1000, 100, 30, 20, 10, 6, 5, 4, 3.5, 3, 2.5, 2, 1.5, 1, 0.75, 0.5, 0.25, 0.125, 0.015625, 2**-20]
X = torch.tensor([*(-m for m in MAGNITUDES), 0, *reversed(MAGNITUDES)])


def points(name: str, function: Any, **options: Any) -> dict[str, Any]:
    x = X.clone().requires_grad_()
    y = function(x, **options)
    (derivative,) = torch.autograd.grad(y.sum(), x)
    if "negative_slope" in options:
        options = {"slope": options["negative_slope"]}
    return {
        "kind": "pointwise", "name": name, "options": options,
        "y": y.tolist(), "derivative": derivative.tolist(),
    }


def rows(name: str, function: Any) -> dict[str, Any]:
    x = torch.cat([grid(3, 5, scale=3), torch.tensor([[1000.0, -1000, 999, 0, 1000], [-800] * 5])])
    return {"kind": "rows", "name": name} | differentiate(lambda x: function(x, -1), {"x": x})


save(
    __file__,
    [
        points("relu", F.relu),
        points("relu6", F.relu6),
        points("leakyRelu", F.leaky_relu, negative_slope=0.01),
        points("leakyRelu", F.leaky_relu, negative_slope=0.2),
        points("elu", F.elu, alpha=1.0),
        points("elu", F.elu, alpha=0.5),
        points("gelu", F.gelu, approximate="none"),
        points("gelu", F.gelu, approximate="tanh"),
        points("silu", F.silu),
        points("hardSwish", F.hardswish),
        points("hardSigmoid", F.hardsigmoid),
        points("sigmoid", torch.sigmoid),
        points("tanh", torch.tanh),
        points("softplus", F.softplus),
        points("logSigmoid", F.logsigmoid),
        points("mish", F.mish),
        rows("softmax", F.softmax),
        rows("logSoftmax", F.log_softmax),
    ],
    x=X.tolist(),
)
