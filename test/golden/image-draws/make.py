"""Quantiles of what torchvision's random transforms draw for a 300 × 200 image. Needs torchvision.

Case: {"transform", "options" (ours), "parameter" (ours), "quantiles": 65 of them, at k / 64}, over
40,000 draws. The test's names for parameters are in its own table.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import Any, Callable

import torch
from golden import save
from torchvision import tv_tensors
from torchvision.transforms import v2 as T

WIDTH, HEIGHT, DRAWS = 300, 200, 40_000
IMAGE = tv_tensors.Image(torch.zeros(3, HEIGHT, WIDTH, dtype=torch.uint8))
BOXES = tv_tensors.BoundingBoxes(
    torch.tensor([[20.0, 30.0, 160.0, 150.0], [200.0, 100.0, 280.0, 190.0]]),
    format="XYXY",
    canvas_size=(HEIGHT, WIDTH),
)

torch.set_default_dtype(torch.float32)


def quantiles(values: list[float]) -> list[float]:
    x = torch.tensor(values, dtype=torch.float64)
    return torch.quantile(x, torch.arange(65, dtype=torch.float64) / 64).tolist()


def draws(
    name: str, options: dict[str, Any], transform: Any, parameters: dict[str, Callable[[dict[str, Any]], float]]
) -> list[dict[str, Any]]:
    inputs = [IMAGE, BOXES] if name == "randomIoUCrop" else [IMAGE]
    count = 4000 if name == "randomIoUCrop" else DRAWS
    drawn = [transform.make_params(inputs) for _ in range(count)]
    return [
        {
            "transform": name,
            "options": options,
            "parameter": parameter,
            "quantiles": [round(q, 5) for q in quantiles([float(get(d)) for d in drawn if d is not None])],
        }
        for parameter, get in parameters.items()
    ]


def key(name: str) -> Callable[[dict[str, Any]], float]:
    return lambda drawn: drawn[name]


def batch(name: str, transform: Any, parameters: dict[str, Callable[[dict[str, Any]], float]]) -> list[dict[str, Any]]:
    return draws(name, {"alpha": 0.4}, transform, parameters)


cases = [
    *draws("randomResizedCrop", {"size": 64}, T.RandomResizedCrop(64), {k: key(k) for k in ["top", "left", "height", "width"]}),
    *draws("randomErasing", {"p": 1}, T.RandomErasing(p=1), {"top": key("i"), "left": key("j"), "height": key("h"), "width": key("w")}),
    *draws("randomRotation", {"degrees": 30}, T.RandomRotation(30), {"angle": key("angle")}),
    *draws(
        "randomAffine",
        {"degrees": 10, "translate": [0.1, 0.2], "scale": [0.8, 1.3], "shear": [-5, 5, -3, 7]},
        T.RandomAffine(10, (0.1, 0.2), (0.8, 1.3), (-5, 5, -3, 7)),
        {
            "angle": key("angle"),
            "translateX": lambda d: d["translate"][0],
            "translateY": lambda d: d["translate"][1],
            "scale": key("scale"),
            "shearX": lambda d: d["shear"][0],
            "shearY": lambda d: d["shear"][1],
        },
    ),
    *draws(
        "colorJitter",
        {"brightness": 0.4, "contrast": 1.5, "saturation": [0.2, 0.9], "hue": 0.1},
        T.ColorJitter(0.4, 1.5, (0.2, 0.9), 0.1),
        {k: key(f"{k}_factor") for k in ["brightness", "contrast", "saturation", "hue"]},
    ),
    *draws("gaussianBlur", {"kernelSize": 5}, T.GaussianBlur(5), {"sigma": lambda d: d["sigma"][0]}),
    *draws("jpeg", {"quality": [10, 90]}, T.JPEG((10, 90)), {"quality": key("quality")}),
    *draws("randomZoomOut", {"p": 1}, T.RandomZoomOut(p=1), {"left": lambda d: d["padding"][0], "bottom": lambda d: d["padding"][3]}),
    *draws("randomCrop", {"size": [150, 120]}, T.RandomCrop((150, 120)), {"top": key("top"), "left": key("left")}),
    *draws("scaleJitter", {"targetSize": [256, 256]}, T.ScaleJitter((256, 256)), {"height": lambda d: d["size"][0]}),
    *draws("randomShortestSize", {"minSize": [100, 128, 200], "maxSize": 250}, T.RandomShortestSize([100, 128, 200], 250), {"width": lambda d: d["size"][1]}),
    *draws("randomResize", {"minSize": 64, "maxSize": 128}, T.RandomResize(64, 128), {"size": lambda d: d["size"][0]}),
    *draws(
        "randomIoUCrop",
        {},
        T.RandomIoUCrop(),
        {k: (lambda d, k=k, w=whole: d.get(k, w)) for k, whole in {"left": 0, "width": WIDTH, "height": HEIGHT}.items()},
    ),
    *batch("mixUp", T.MixUp(alpha=0.4, num_classes=2), {"share": key("lam")}),
    *batch("cutMix", T.CutMix(alpha=0.4, num_classes=2), {"share": key("lam_adjusted"), "x1": lambda d: d["box"][0]}),
]  # fmt: skip

save(__file__, cases)
