"""torchvision and albumentations as peers of bench/augment: a JSON request per line in, an answer per
line out.

Request {"op", "backend": "tensor" | "pillow" | "albumentations", "steps"}; answer {"seconds": [one per
step]}, or {"seconds": null} where the backend has no such operation. {"op": "info"} gives the versions; it
must come first and carries "pixels", the path of a file of 512 × 512 × 3 bytes [h, w, c]. One thread.
"""

from __future__ import annotations

import json
import os
import sys
from time import perf_counter
from typing import Any, Callable

import numpy as np
import PIL
import torch
import torchvision
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
try:
    import albumentations as A
    import cv2

    cv2.setNumThreads(1)
except ImportError:
    A = None

torch.set_num_threads(1)

SIDE = 512
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
CORNERS = [[0, 0], [SIDE - 1, 0], [SIDE - 1, SIDE - 1], [0, SIDE - 1]]
ENDS = [[20, 30], [490, 10], [500, 480], [15, 500]]
BLACK = torch.zeros(3, 1, 1, dtype=torch.uint8)


def tensor(x: Any) -> torch.Tensor:
    return x if isinstance(x, torch.Tensor) else F.pil_to_tensor(x)


def jitter(x: Any) -> Any:
    x = F.adjust_contrast(F.adjust_brightness(x, 1.2), 0.8)
    return F.adjust_hue(F.adjust_saturation(x, 1.3), 0.05)


def rotation(mode: str) -> Callable[[Any], Any]:
    return lambda x: F.rotate(x, 23.0, interpolation=InterpolationMode(mode))


def affine(mode: str) -> Callable[[Any], Any]:
    return lambda x: F.affine(x, 15.0, [20, 10], 1.1, [5.0, 3.0], interpolation=InterpolationMode(mode))


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "flip": F.horizontal_flip,
    "resize": lambda x: F.resize(x, [224, 224], antialias=True),
    "randomResizedCrop": lambda x: F.resized_crop(x, 60, 80, 330, 300, [224, 224], antialias=True),
    "normalize": lambda x: F.normalize(F.to_dtype(tensor(x), torch.float32, scale=True), MEAN, STD),
    "colorJitter": jitter,
    "rotation": rotation("bilinear"),
    "affine": affine("bilinear"),
    "perspective": lambda x: F.perspective(x, CORNERS, ENDS),
    "blur": lambda x: F.gaussian_blur(x, [5, 5], [1.2, 1.2]),
    "grayscale": lambda x: F.rgb_to_grayscale(x, num_output_channels=3),
    "posterize": lambda x: F.posterize(x, 4),
    "equalize": F.equalize,
    "erasing": lambda x: F.erase(x, 100, 120, 150, 140, BLACK),
    "rotation nearest": rotation("nearest"),
    "affine nearest": affine("nearest"),
    "blur 23": lambda x: F.gaussian_blur(x, [23, 23], [1.2, 1.2]),
    "flip vertical": F.vertical_flip,
    "brightness": lambda x: F.adjust_brightness(x, 1.2),
    "solarize": lambda x: F.solarize(x, 128.0),
    "invert": F.invert,
    "autocontrast": F.autocontrast,
    "sharpness": lambda x: F.adjust_sharpness(x, 1.5),
    "jpeg": lambda x: F.jpeg(tensor(x), 75),
}


def albumentations() -> dict[str, Callable[..., Any]]:
    """Transforms that always do the same, or as much; where it resizes, with antialiasing too."""
    area, linear = cv2.INTER_AREA, cv2.INTER_LINEAR
    color = A.ColorJitter((1.2, 1.2), (0.8, 0.8), (1.3, 1.3), (0.05, 0.05), p=1)
    affine_of = lambda mode: A.Affine(
        scale=1.1, translate_px={"x": 20, "y": 10}, rotate=15, shear={"x": 5, "y": 3}, interpolation=mode, p=1
    )
    return {
        "flip": A.HorizontalFlip(p=1),
        "resize": A.Resize(224, 224, interpolation=area),
        "randomResizedCrop": A.Compose([A.Crop(80, 60, 380, 390), A.Resize(224, 224, interpolation=area)]),
        "normalize": A.Normalize(MEAN, STD),
        "colorJitter": color,
        "rotation": A.Rotate((23, 23), interpolation=linear, p=1),
        "affine": affine_of(linear),
        "perspective": A.Perspective((0.05, 0.05), p=1),
        "blur": A.GaussianBlur((5, 5), (1.2, 1.2), p=1),
        "grayscale": A.ToGray(p=1),
        "posterize": A.Posterize(4, p=1),
        "equalize": A.Equalize(p=1),
        "erasing": A.CoarseDropout((1, 1), (150, 150), (140, 140), p=1),
        "rotation nearest": A.Rotate((23, 23), interpolation=cv2.INTER_NEAREST, p=1),
        "affine nearest": affine_of(cv2.INTER_NEAREST),
        "blur 23": A.GaussianBlur((23, 23), (1.2, 1.2), p=1),
        "flip vertical": A.VerticalFlip(p=1),
        "brightness": A.ColorJitter((1.2, 1.2), (1, 1), (1, 1), (0, 0), p=1),
        "solarize": A.Solarize((0.5, 0.5), p=1),
        "invert": A.InvertImg(p=1),
        "autocontrast": A.AutoContrast(p=1),
        "sharpness": A.Sharpen((0.5, 0.5), (1, 1), p=1),
        "jpeg": A.ImageCompression(quality_range=(75, 75), p=1),
    }


TRANSFORMS = {} if A is None else albumentations()


def main() -> None:
    images: dict[str, Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if request["op"] == "info":
            pixels = np.fromfile(request["pixels"], dtype=np.uint8).reshape(SIDE, SIDE, 3)
            images["tensor"] = torch.from_numpy(pixels.transpose(2, 0, 1).copy())
            images["pillow"] = F.to_pil_image(images["tensor"])
            facts = {"torchvision": torchvision.__version__, "torch": torch.__version__, "pillow": PIL.__version__}
            if A is not None:
                images["albumentations"] = pixels
                facts |= {"albumentations": A.__version__, "opencv": cv2.__version__}
            print(json.dumps(facts), flush=True)
            continue
        name, backend = request["op"], request["backend"]
        if backend not in images:
            print(json.dumps({"seconds": None}), flush=True)
            continue
        if backend == "albumentations":
            function = lambda x, transform=TRANSFORMS[name]: transform(image=x)["image"]
        else:
            function = OPERATIONS[name]
        image = images[backend]
        seconds: list[float] | None = []
        for _ in range(request["steps"]):
            start = perf_counter()
            try:
                function(image)
            except TypeError:
                seconds = None
                break
            seconds.append(perf_counter() - start)
        print(json.dumps({"seconds": seconds}), flush=True)


main()
