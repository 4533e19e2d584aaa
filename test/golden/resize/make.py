"""Resizing (no antialiasing) with its input gradients, in float64.

Case: {"name", "mode", "alignCorners", "output": [height, width], "inputs": {"x"}, "y", "dy", "grads": {"x"}}.
With scale = in / out, output position i reads input position
- mode "nearest": floor(i · scale);  "nearestExact": floor((i + 0.5) · scale);
- mode "bilinear": (i + 0.5) · scale - 0.5, not below 0, or with alignCorners i · (in - 1) / (out - 1) (0 if out is 1);
  the far neighbour is clamped to the last cell.
"alignCorners" is null for the nearest modes.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import Any

from golden import differentiate, grid, save
from torch.nn import functional as F

MODES = {"nearest": "nearest", "nearestExact": "nearest-exact", "bilinear": "bilinear"}
SIZES = [
    ("up", (1, 1, 3, 4), (5, 7)),
    ("up twice", (1, 2, 2, 3), (4, 6)),
    ("down", (1, 1, 7, 6), (3, 4)),
    ("down to half", (1, 1, 4, 6), (2, 3)),
    ("up and down", (2, 1, 5, 3), (2, 4)),
    ("to 1x1", (1, 1, 3, 5), (1, 1)),
    ("from 1x1", (1, 2, 1, 1), (2, 3)),
    ("same size", (1, 1, 3, 2), (3, 2)),
]


def resize(name: str, shape: tuple[int, ...], output: tuple[int, int], mode: str, align: bool | None) -> dict[str, Any]:
    result = differentiate(
        lambda x: F.interpolate(x, output, mode=MODES[mode], align_corners=align), {"x": grid(*shape)}
    )
    corners = {True: ", aligned", False: "", None: ""}[align]
    return {"name": f"{mode}{corners}, {name}", "mode": mode, "alignCorners": align, "output": output} | result


save(
    __file__,
    [
        resize(*size, mode, align)
        for mode, align in [("nearest", None), ("nearestExact", None), ("bilinear", False), ("bilinear", True)]
        for size in SIZES
    ],
)
