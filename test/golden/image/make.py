"""Image operations on uint8, as torchvision (tensors) and Pillow do them. Needs torchvision and Pillow.

Facts: "image" is the input. An image is {"width", "height", "channels", "data": base64 of [h, w, c]}.
Case: {"op", "source": "torchvision" or "pillow", …arguments, "y": image}, or with "boxes" [n, 4]
(xyxy) and "keypoints" [n, 2] instead of an image, for the same arguments.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import Any

import numpy as np
import torch
from golden import save
from PIL import Image
from torchvision import tv_tensors
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

# uint8 operations compute in float32.
torch.set_default_dtype(torch.float32)

WIDTH, HEIGHT = 21, 15


def picture() -> torch.Tensor:
    """Smooth colours with an edge and some noise, in every corner of the cube."""
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    noise = torch.randint(-20, 21, (3, HEIGHT, WIDTH))
    planes = torch.stack([x * 11, y * 15, (x + y) * 6 + 60 * ((x - y) > 3)])
    return (planes + noise).clamp(0, 250).to(torch.uint8)


IMAGE = picture()
BOXES = torch.tensor([[2.0, 3.0, 9.0, 12.0], [10.5, 0.0, 21.0, 8.25], [0.0, 0.0, 21.0, 15.0]])
POINTS = torch.tensor([[2.0, 3.0], [11.5, 8.25], [20.0, 14.0]])


def shown(image: torch.Tensor | Image.Image) -> dict[str, Any]:
    if isinstance(image, Image.Image):
        array = np.asarray(image)
        array = array if array.ndim == 3 else array[..., None]
    else:
        array = image.permute(1, 2, 0).numpy()
    h, w, c = array.shape
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"width": w, "height": h, "channels": c, "data": data}


def tensors(op: str, function: Any, **arguments: Any) -> dict[str, Any]:
    return {"op": op, "source": "torchvision"} | arguments | {"y": shown(function(IMAGE))}


def geometry(op: str, function: Any, **arguments: Any) -> dict[str, Any]:
    boxes = tv_tensors.BoundingBoxes(BOXES, format="XYXY", canvas_size=(HEIGHT, WIDTH))
    points = tv_tensors.KeyPoints(POINTS, canvas_size=(HEIGHT, WIDTH))
    return {"op": op, "source": "torchvision"} | arguments | {
        "boxes": [list(map(float, row)) for row in function(boxes).tolist()],
        "keypoints": [list(map(float, row)) for row in function(points).tolist()],
    }


MODES = {"nearest": "nearest", "nearestExact": "nearest-exact", "bilinear": "bilinear", "bicubic": "bicubic"}
FILTERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
PIL = F.to_pil_image(IMAGE)


def resized(height: int, width: int, interpolation: str, antialias: bool = True) -> dict[str, Any]:
    mode = InterpolationMode(MODES[interpolation])
    return tensors(
        "resize",
        lambda x: F.resize(x, [height, width], interpolation=mode, antialias=antialias),
        height=height, width=width, interpolation=interpolation, antialias=antialias,
    )  # fmt: skip


def pillow(height: int, width: int, interpolation: str) -> dict[str, Any]:
    y = PIL.resize((width, height), FILTERS[interpolation])
    arguments = {"height": height, "width": width, "interpolation": interpolation, "antialias": True}
    return {"op": "resize", "source": "pillow"} | arguments | {"y": shown(y)}


CORNERS = [[0, 0], [WIDTH - 1, 0], [WIDTH - 1, HEIGHT - 1], [0, HEIGHT - 1]]
ENDS = [[2, 3], [18, 1], [19, 13], [4, 11]]
AFFINE = {"angle": 17.0, "translate": [2, -1], "scale": 1.2, "shear": [8.0, -5.0]}


def warps() -> list[dict[str, Any]]:
    cases = []
    for mode in ["nearest", "bilinear"]:
        how = {"interpolation": InterpolationMode(mode)}
        cases += [
            tensors("rotate", lambda x: F.rotate(x, 23.0, **how), angle=23.0, expand=False, interpolation=mode),
            tensors("affine", lambda x: F.affine(x, **AFFINE, **how), **AFFINE, interpolation=mode),
        ]
    how = {"interpolation": InterpolationMode.BILINEAR}
    bilinear = {"interpolation": "bilinear"}
    cases += [
        tensors("rotate", lambda x: F.rotate(x, 33.0, expand=True, **how), angle=33.0, expand=True, **bilinear),
        tensors("rotate", lambda x: F.rotate(x, 90.0, expand=True), angle=90.0, expand=True, interpolation="nearest"),
        tensors("perspective", lambda x: F.perspective(x, CORNERS, ENDS, **how), endpoints=ENDS, **bilinear),
        geometry("rotate", lambda x: F.rotate(x, 23.0), angle=23.0, expand=False),
        geometry("rotate", lambda x: F.rotate(x, 33.0, expand=True), angle=33.0, expand=True),
        geometry("affine", lambda x: F.affine(x, **AFFINE), **AFFINE),
        geometry("perspective", lambda x: F.perspective(x, CORNERS, ENDS), endpoints=ENDS),
        geometry("resize", lambda x: F.resize(x, [8, 30]), height=8, width=30),
        geometry("horizontalFlip", F.horizontal_flip),
        geometry("verticalFlip", F.vertical_flip),
        geometry("crop", lambda x: F.crop(x, 3, 4, 9, 10), top=3, left=4, height=9, width=10),
        geometry("pad", lambda x: F.pad(x, [1, 2, 3, 4]), sides=[1, 2, 3, 4]),
    ]
    # Displacements in pixels, made the same way by the test.
    y, x = torch.meshgrid(torch.arange(float(HEIGHT)), torch.arange(float(WIDTH)), indexing="ij")
    dx, dy = 2 * torch.sin(y / 3), 1.5 * torch.cos(x / 4)
    grid = torch.stack([dx * 2 / WIDTH, dy * 2 / HEIGHT], dim=-1)[None].float()
    cases.append(tensors("elastic", lambda x: F.elastic(x, grid), **bilinear))
    return cases


def colours() -> list[dict[str, Any]]:
    return [
        tensors("grayscale", lambda x: F.rgb_to_grayscale(x)),
        tensors("brightness", lambda x: F.adjust_brightness(x, 1.3), factor=1.3),
        tensors("contrast", lambda x: F.adjust_contrast(x, 0.6), factor=0.6),
        tensors("saturation", lambda x: F.adjust_saturation(x, 1.7), factor=1.7),
        tensors("hue", lambda x: F.adjust_hue(x, 0.1), factor=0.1),
        tensors("hue", lambda x: F.adjust_hue(x, -0.3), factor=-0.3),
        tensors("posterize", lambda x: F.posterize(x, 3), bits=3),
        tensors("solarize", lambda x: F.solarize(x, 100.0), threshold=100.0),
        tensors("invert", F.invert),
        tensors("autocontrast", F.autocontrast),
        tensors("equalize", F.equalize),
        tensors("sharpness", lambda x: F.adjust_sharpness(x, 0.3), factor=0.3),
        tensors("sharpness", lambda x: F.adjust_sharpness(x, 2.0), factor=2.0),
        tensors("blur", lambda x: F.gaussian_blur(x, [7, 3], [1.3, 0.8]), size=[7, 3], sigma=[1.3, 0.8]),
        tensors("jpeg", lambda x: F.jpeg(x, 60), quality=60),
    ]  # fmt: skip


def edges() -> list[dict[str, Any]]:
    return [
        tensors(
            "padded",
            lambda x, mode=mode: F.crop(F.pad(x, [3, 2, 1, 4], padding_mode=mode), 0, 0, 8, 8),
            sides=[3, 2, 1, 4],
            mode=mode,
        )
        for mode in ["edge", "reflect", "symmetric"]
    ]


if __name__ == "__main__":
    save(
        __file__,
        [
            resized(8, 11, "bilinear"),
            resized(13, 40, "bilinear"),
            resized(8, 11, "bilinear", antialias=False),
            resized(8, 11, "bicubic"),
            resized(8, 11, "nearest"),
            resized(8, 11, "nearestExact"),
            *(pillow(8, 11, interpolation) for interpolation in FILTERS),
            pillow(13, 40, "bicubic"),
            *warps(),
            *colours(),
            *edges(),
        ],
        image=shown(IMAGE),
    )
