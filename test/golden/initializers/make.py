"""What PyTorch's initialisers draw from: facts about distributions, not the numbers drawn.

Case: {"name", "shape", "options", "fanIn", "fanOut", "distribution", "mean", "std", "low", "high"}.
- "distribution" is "uniform" on [low, high), "normal" (low and high null) or "truncatedNormal"
  (a normal redrawn until within [low, high]; "mean" and "std" are those of the truncated one, while
  options hold the untruncated one's).
- "shape" is that of the weight: [o, c / groups, kh, kw] of a convolution, [out, in] of a linear layer.
  fanIn = shape[1] · kh · kw, fanOut = shape[0] · kh · kw.
- "name": "default" (Kaiming-uniform with a = √5, hence ± 1/√fanIn), "defaultBias" (± 1/√fanIn of the
  layer's weight), "xavierUniform", "xavierNormal" (gain), "kaimingUniform", "kaimingNormal" (mode "fanIn" |
  "fanOut", slope of the leaky ReLU; gain² = 2 / (1 + slope²)), "truncatedNormal" (mean, std, low, high).
The maker draws "draws" numbers from PyTorch for every case and stops where they contradict the facts by more
than "tolerance" (both in the head): relative to the std, for the mean, the std and the ends of a uniform.
Batch norm starts with weight 1, bias 0, running mean 0, running variance 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import math
from typing import Any, Callable

import torch
from golden import save
from torch import Tensor, nn

SHAPES = [(64, 3, 7, 7), (32, 1, 3, 3), (16, 6, 5, 5), (120, 400), (10, 84)]
DRAWS, TOLERANCE = 200_000, 0.02


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def check(case: dict[str, Any], draw: Callable[[], Tensor]) -> None:
    count = math.ceil(DRAWS / draw().numel())
    drawn = torch.cat([draw().detach().flatten() for _ in range(count)])
    pairs = [(drawn.mean().item(), case["mean"]), (drawn.std().item(), case["std"])]
    if case["low"] is not None:
        pairs += [(drawn.min().item(), case["low"]), (drawn.max().item(), case["high"])]
        assert case["low"] <= drawn.min() and drawn.max() <= case["high"], case
    for seen, stated in pairs:
        bounded_tail = stated in (case["low"], case["high"]) and case["distribution"] != "uniform"
        assert bounded_tail or abs(seen - stated) < TOLERANCE * case["std"], (case, seen, stated)


def uniform(
    name: str, shape: tuple[int, ...], bound: float, draw: Callable[[], Tensor], **options: Any
) -> dict[str, Any]:
    return fact(name, shape, options, "uniform", 0.0, bound / math.sqrt(3), -bound, bound, draw)


def normal(name: str, shape: tuple[int, ...], std: float, draw: Callable[[], Tensor], **options: Any) -> dict[str, Any]:
    return fact(name, shape, options, "normal", 0.0, std, None, None, draw)


def fact(
    name: str, shape: tuple[int, ...], options: dict[str, Any], distribution: str, mean: float, std: float,
    low: float | None, high: float | None, draw: Callable[[], Tensor],
) -> dict[str, Any]:
    fan_in, fan_out = fans(shape)
    case = {
        "name": name, "shape": shape, "options": options, "fanIn": fan_in, "fanOut": fan_out,
        "distribution": distribution, "mean": mean, "std": std, "low": low, "high": high,
    }
    check(case, draw)
    return case


def truncated(mean: float, std: float, low: float, high: float) -> dict[str, Any]:
    density = lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    mass = lambda z: (1 + math.erf(z / math.sqrt(2))) / 2
    a, b = (low - mean) / std, (high - mean) / std
    z = mass(b) - mass(a)
    shift = (density(a) - density(b)) / z
    spread = math.sqrt(1 + (a * density(a) - b * density(b)) / z - shift**2)
    shape = (120, 400)
    draw = lambda: nn.init.trunc_normal_(torch.empty(shape), mean, std, low, high)
    options = {"mean": mean, "std": std, "low": low, "high": high}
    return fact(
        "truncatedNormal", shape, options, "truncatedNormal", mean + std * shift, std * spread, low, high, draw
    )


def layer(shape: tuple[int, ...]) -> nn.Module:
    return nn.Linear(shape[1], shape[0]) if len(shape) == 2 else nn.Conv2d(shape[1], shape[0], shape[2:])


def cases(shape: tuple[int, ...]) -> list[dict[str, Any]]:
    fan_in, fan_out = fans(shape)
    init, empty = nn.init, lambda: torch.empty(shape)
    result = [
        uniform("default", shape, 1 / math.sqrt(fan_in), lambda: layer(shape).weight),
        uniform("defaultBias", shape, 1 / math.sqrt(fan_in), lambda: layer(shape).bias),
    ]
    for gain in (1.0, math.sqrt(2)):
        std = gain * math.sqrt(2 / (fan_in + fan_out))
        result += [
            uniform("xavierUniform", shape, std * math.sqrt(3), lambda: init.xavier_uniform_(empty(), gain), gain=gain),
            normal("xavierNormal", shape, std, lambda: init.xavier_normal_(empty(), gain), gain=gain),
        ]
    for mode, fan in (("fanIn", fan_in), ("fanOut", fan_out)):
        for slope in (0.0, 0.2):
            std = math.sqrt(2 / (1 + slope**2) / fan)
            arguments = (slope, {"fanIn": "fan_in", "fanOut": "fan_out"}[mode])
            options = {"mode": mode, "slope": slope}
            result += [
                uniform(
                    "kaimingUniform", shape, std * math.sqrt(3),
                    lambda: init.kaiming_uniform_(empty(), *arguments), **options,
                ),
                normal("kaimingNormal", shape, std, lambda: init.kaiming_normal_(empty(), *arguments), **options),
            ]
    return result


save(
    __file__,
    [
        *(case for shape in SHAPES for case in cases(shape)),
        truncated(0.0, 1.0, -2.0, 2.0),
        truncated(0.0, 0.02, -2.0, 2.0),
        truncated(0.0, 0.02, -0.04, 0.04),
        truncated(0.5, 1.0, -1.0, 1.0),
    ],
    tolerance=TOLERANCE, draws=DRAWS,
)
