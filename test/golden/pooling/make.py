"""Pooling corners with their input gradients, in float64.

Case: {"name", "op", "options", "inputs": {"x"}, "y", "dy", "grads": {"x"}}; x is [n, c, h, w], pairs are
[height, width].
- "op" "maxPool": kernel, stride, padding, dilation, ceilMode. Padding never wins; of equal values
  the first (row by row) takes the gradient.
- "averagePool": kernel, stride, padding, ceilMode, countIncludePad, divisor (null, or what to divide by instead).
  With countIncludePad the divisor counts padding, but not the cells beyond it that ceilMode adds.
- "adaptiveAveragePool", "adaptiveMaxPool": output; window i of n is floor(i·size/n) … ceil((i+1)·size/n).
ceilMode rounds the output size up and drops a last window that would start in the padding on the far side.
Cases named "book …" are printed in Dive into Deep Learning.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import Any

import torch
from golden import differentiate, distinct, grid, save
from torch import Tensor
from torch.nn import functional as F

CASES: list[dict[str, Any]] = []


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def add(name: str, op: str, options: dict[str, Any], x: Tensor, function: Any) -> None:
    CASES.append({"name": name, "op": op, "options": options} | differentiate(function, {"x": x}))


def maximum(
    name: str, x: Tensor, kernel: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil: bool = False
) -> None:
    k, s, p, d = pair(kernel), pair(kernel if stride is None else stride), pair(padding), pair(dilation)
    options = {"kernel": k, "stride": s, "padding": p, "dilation": d, "ceilMode": ceil}
    add(name, "maxPool", options, x, lambda x: F.max_pool2d(x, k, s, p, d, ceil))


def average(
    name: str, x: Tensor, kernel: Any, stride: Any = None, padding: Any = 0, ceil: bool = False,
    count: bool = True, divisor: int | None = None,
) -> None:
    k, s, p = pair(kernel), pair(kernel if stride is None else stride), pair(padding)
    options = {
        "kernel": k, "stride": s, "padding": p, "ceilMode": ceil, "countIncludePad": count, "divisor": divisor,
    }
    add(name, "averagePool", options, x, lambda x: F.avg_pool2d(x, k, s, p, ceil, count, divisor))


def adaptive(x: Tensor, *output: int) -> None:
    name = f"{x.shape[2]}x{x.shape[3]} to {output[0]}x{output[1]}"
    options = {"output": output}
    add(f"average {name}", "adaptiveAveragePool", options, x, lambda x: F.adaptive_avg_pool2d(x, output))
    add(f"maximum {name}", "adaptiveMaxPool", options, x, lambda x: F.adaptive_max_pool2d(x, output))


nine, sixteen = torch.arange(9.0).reshape(1, 1, 3, 3), torch.arange(16.0).reshape(1, 1, 4, 4)
maximum("book V17 max", nine, 2, 1)
average("book V17 average", nine, 2, 1)
maximum("book V17 max 3", sixteen, 3)
maximum("book V17 max 3, padding 1, stride 2", sixteen, 3, 2, 1)

maximum("kernel = stride", distinct(2, 2, 4, 4), 2)
maximum("kernel > stride", distinct(1, 2, 7, 6), 3, 2)
maximum("kernel < stride", distinct(1, 1, 7, 7), 2, 3)
maximum("rest is dropped", distinct(1, 1, 5, 5), 2)
maximum("ceil", distinct(1, 1, 5, 5), 2, ceil=True)
maximum("ceil, padding", distinct(1, 1, 6, 7), 3, 2, 1, ceil=True)
maximum("ceil, last window dropped", distinct(1, 1, 4, 4), 2, 3, 1, ceil=True)
maximum("not square", distinct(1, 2, 5, 7), (3, 2), (1, 2), (1, 0))
maximum("dilation", distinct(1, 1, 7, 7), 3, 1, 1, 2)
maximum("padding, all negative", distinct(1, 1, 4, 4) - 4, 3, 2, 1)
maximum("ties", torch.tensor([[1.0, 1, 0, 2], [1, 1, 2, 2], [0, 0, 0, 0], [3, 0, 0, 3]]).reshape(1, 1, 4, 4), 3, 1)
maximum("inception", distinct(1, 1, 4, 4), 3, 1, 1)

for count in (True, False):
    word = "counting" if count else "not counting"
    average(f"padding, {word}", grid(1, 2, 5, 4), 3, 2, 1, count=count)
    average(f"padding, ceil, {word}", grid(1, 1, 6, 7), 3, 2, 1, ceil=True, count=count)
    average(f"ceil, last window dropped, {word}", grid(1, 1, 4, 4), 2, 3, 1, ceil=True, count=count)
    average(f"not square, {word}", grid(1, 1, 5, 7), (2, 3), (2, 1), (1, 1), count=count)
average("kernel = stride", grid(2, 2, 4, 4), 2)
average("kernel < stride", grid(1, 1, 7, 7), 2, 3)
average("rest is dropped", grid(1, 1, 5, 5), 2)
average("ceil", grid(1, 1, 5, 5), 2, ceil=True)
average("divisor", grid(1, 1, 4, 4), 2, 1, divisor=3)

adaptive(distinct(1, 2, 7, 5), 3, 2)
adaptive(distinct(1, 1, 5, 7), 4, 3)
adaptive(distinct(2, 2, 3, 4), 1, 1)
adaptive(distinct(1, 1, 3, 3), 5, 5)
adaptive(distinct(1, 1, 6, 6), 3, 2)

save(__file__, CASES)
