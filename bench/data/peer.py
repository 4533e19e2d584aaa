"""torchvision's DataLoader as a peer of bench/suites/data.ts: a JSON request per line in, an answer per
line out.

{"op": "open", "folder", "workers", "batch", "how": "pillow" | "pillow, then tensors" | "torchvision.io"}
gives versions and the number of images; {"op": "run", "steps"} gives {"seconds": [one per epoch]}. Images
are decoded, cropped at random to 224, flipped, jittered and normalised, in shuffled batches.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter
from typing import Any

import PIL
import torch
import torchvision
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.io import ImageReadMode, read_image
from torchvision.transforms import v2

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def read_rgb(path: str) -> torch.Tensor:
    return read_image(path, ImageReadMode.RGB)


def open_loader(request: dict[str, Any]) -> DataLoader:
    how = request["how"]
    changes = [v2.RandomResizedCrop(224, antialias=True), v2.RandomHorizontalFlip(), v2.ColorJitter(0.4, 0.4, 0.4, 0.1)]
    last = [v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]
    pillow = [*changes, v2.ToImage(), *last]
    tensors = [v2.ToImage(), *changes, *last]
    transform = v2.Compose(pillow if how == "pillow" else tensors)
    loading = {"loader": read_rgb} if how == "torchvision.io" else {}
    return DataLoader(
        ImageFolder(request["folder"], transform, **loading),
        batch_size=request["batch"],
        shuffle=True,
        num_workers=request["workers"],
        persistent_workers=True,
    )


def epoch(loader: DataLoader) -> float:
    start = perf_counter()
    for images, _ in loader:
        assert images.dtype == torch.float32
    return perf_counter() - start


def main() -> None:
    torch.set_num_threads(1)
    loader: DataLoader | None = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["op"] == "open":
            loader = open_loader(request)
            versions = {"torchvision": torchvision.__version__, "torch": torch.__version__, "pillow": PIL.__version__}
            print(json.dumps({**versions, "images": len(loader.dataset)}), flush=True)
        else:
            print(json.dumps({"seconds": [epoch(loader) for _ in range(request["steps"])]}), flush=True)


if __name__ == "__main__":
    main()
