"""Small convolutions with all their gradients, in float64.

Case: {"name", "op", "options", "inputs": {"x", "w", "b"}, "y", "dy", "grads": {"x", "w", "b"}}.
- "op" "conv": x [n, c, h, w], w [o, c / groups, kh, kw], b [o].
- "op" "convTransposed": x [n, c, h, w], w [c, o / groups, kh, kw], b [o].
options: stride, dilation as [height, width]; padding as [top, left, bottom, right] (zeros); groups;
for "convTransposed" also outputPadding [height, width], the extra rows and columns at the far side.
No flip: this is cross-correlation. All inputs are multiples of 1/8, so that every result is exact in float32
as well, in whatever order it is summed.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import Any

from golden import differentiate, grid, save
from torch import Tensor
from torch.nn import functional as F

CASES: list[dict[str, Any]] = []
PARTS = 8


def tensor(*shape: int) -> Tensor:
    return grid(*shape, parts=PARTS)


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def conv(
    name: str, x: tuple[int, ...], o: int, kernel: Any, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> None:
    """`padding` is one number, (height, width) or (top, left, bottom, right)."""
    s, d = pair(stride), pair(dilation)
    p = padding if isinstance(padding, tuple) and len(padding) == 4 else pair(padding) * 2
    top, left, bottom, right = p

    def run(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, (left, right, top, bottom)), w, b, s, 0, d, groups)

    inputs = {"x": tensor(*x), "w": tensor(o, x[1] // groups, *pair(kernel)), "b": tensor(o)}
    options = {"stride": s, "padding": p, "dilation": d, "groups": groups}
    CASES.append({"name": name, "op": "conv", "options": options} | differentiate(run, inputs, parts=PARTS))


def transposed(
    name: str, x: tuple[int, ...], o: int, kernel: Any, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> None:
    s, p, e, d = pair(stride), pair(padding), pair(output_padding), pair(dilation)

    def run(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return F.conv_transpose2d(x, w, b, s, p, e, groups, d)

    inputs = {"x": tensor(*x), "w": tensor(x[1], o // groups, *pair(kernel)), "b": tensor(o)}
    options = {"stride": s, "padding": p * 2, "dilation": d, "groups": groups, "outputPadding": e}
    CASES.append({"name": name, "op": "convTransposed", "options": options} | differentiate(run, inputs, parts=PARTS))


conv("plain", (2, 2, 4, 5), 2, 3)
conv("1x1", (2, 3, 3, 3), 2, 1)
conv("1x1, stride 2", (1, 3, 5, 4), 2, 1, 2)
conv("3x3, padding 1", (1, 2, 4, 4), 2, 3, 1, 1)
conv("3x3, stride 2, padding 1", (1, 2, 5, 6), 2, 3, 2, 1)
conv("rest is dropped", (1, 1, 6, 6), 2, 3, 2)
conv("7x7, stride 2, padding 3", (1, 1, 8, 8), 1, 7, 2, 3)
conv("stride above kernel", (1, 1, 7, 7), 2, 2, 3)
conv("not square", (1, 2, 5, 6), 2, (1, 3), (2, 1), (0, 1))
conv("dilation 2", (1, 1, 6, 6), 2, 3, 1, 2, 2)
conv("dilation not square", (1, 1, 7, 5), 2, (3, 2), 1, (0, 1), (3, 2))
conv("groups 2", (1, 4, 3, 3), 6, 2, 1, 1, groups=2)
conv("depthwise", (1, 3, 4, 4), 3, 3, 1, 1, groups=3)
conv("depthwise, multiplier 2, stride 2", (1, 2, 5, 5), 4, 3, 2, 1, groups=2)
conv("padding on one side", (1, 2, 4, 4), 2, 3, 2, (0, 0, 1, 1))
conv("padding 1 0 2 3", (1, 1, 4, 4), 2, 3, 1, (1, 0, 2, 3))
conv("even kernel, same size", (1, 1, 4, 4), 2, 4, 1, (1, 1, 2, 2))
conv("kernel as large as the image", (2, 2, 3, 3), 3, 3)

transposed("transposed", (1, 2, 3, 3), 2, 3)
transposed("transposed, stride 2", (2, 2, 2, 3), 2, 2, 2)
transposed("transposed, stride 2, padding 1, output padding 1", (1, 2, 3, 3), 2, 3, 2, 1, 1)
transposed("transposed, not square", (1, 1, 3, 4), 2, (2, 3), (1, 2), (0, 1), (0, 1))
transposed("transposed, groups 2, dilation 2", (1, 4, 3, 3), 2, 2, 1, 0, 0, 2, 2)

save(__file__, CASES)
