"""The book's nets in PyTorch, as settings and layers stand in Dive into Deep Learning (zh).

`NETS` maps a case name to its row: how to build it, input shape, batch size, parameter count.
`python nets.py` builds every net, checks its parameter count and prints the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import torch
from torch import Tensor, nn


def conv_relu(cin: int, cout: int, kernel: int, **options: int) -> list[nn.Module]:
    return [nn.Conv2d(cin, cout, kernel, **options), nn.ReLU()]


def global_average(features: int, classes: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, classes)]


def lenet(classes: int = 10) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120), nn.Sigmoid(),
        nn.Linear(120, 84), nn.Sigmoid(),
        nn.Linear(84, classes),
    )


def bn_lenet(classes: int = 10) -> nn.Module:
    """LeNet without padding, with batch norm before each sigmoid."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.BatchNorm2d(6), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.BatchNorm2d(16), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 120), nn.BatchNorm1d(120), nn.Sigmoid(),
        nn.Linear(120, 84), nn.BatchNorm1d(84), nn.Sigmoid(),
        nn.Linear(84, classes),
    )


def alexnet(classes: int = 10) -> nn.Module:
    return nn.Sequential(
        *conv_relu(1, 96, 11, stride=4, padding=1), nn.MaxPool2d(3, 2),
        *conv_relu(96, 256, 5, padding=2), nn.MaxPool2d(3, 2),
        *conv_relu(256, 384, 3, padding=1),
        *conv_relu(384, 384, 3, padding=1),
        *conv_relu(384, 256, 3, padding=1), nn.MaxPool2d(3, 2),
        nn.Flatten(),
        nn.Linear(6400, 4096), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(4096, classes),
    )


def vgg11(ratio: int = 4, classes: int = 10) -> nn.Module:
    layers: list[nn.Module] = []
    cin = 1
    for depth, width in [(1, 64), (1, 128), (2, 256), (2, 512), (2, 512)]:
        for _ in range(depth):
            layers += conv_relu(cin, width // ratio, 3, padding=1)
            cin = width // ratio
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(
        *layers, nn.Flatten(),
        nn.Linear(cin * 7 * 7, 4096), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(4096, classes),
    )


def nin(classes: int = 10) -> nn.Module:
    def block(cin: int, cout: int, kernel: int, **options: int) -> list[nn.Module]:
        first = conv_relu(cin, cout, kernel, **options)
        return [*first, *conv_relu(cout, cout, 1), *conv_relu(cout, cout, 1)]

    return nn.Sequential(
        *block(1, 96, 11, stride=4), nn.MaxPool2d(3, 2),
        *block(96, 256, 5, padding=2), nn.MaxPool2d(3, 2),
        *block(256, 384, 3, padding=1), nn.MaxPool2d(3, 2),
        nn.Dropout(0.5),
        *block(384, classes, 3, padding=1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )


class Inception(nn.Module):
    """Four parallel paths, joined along the channels."""

    def __init__(self, cin: int, c1: int, c2: tuple[int, int], c3: tuple[int, int], c4: int):
        super().__init__()
        self.paths = nn.ModuleList([
            nn.Sequential(*conv_relu(cin, c1, 1)),
            nn.Sequential(*conv_relu(cin, c2[0], 1), *conv_relu(*c2, 3, padding=1)),
            nn.Sequential(*conv_relu(cin, c3[0], 1), *conv_relu(*c3, 5, padding=2)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), *conv_relu(cin, c4, 1)),
        ])

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([path(x) for path in self.paths], 1)


def googlenet(classes: int = 10) -> nn.Module:
    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2, 1)

    return nn.Sequential(
        *conv_relu(1, 64, 7, stride=2, padding=3), pool(),
        *conv_relu(64, 64, 1), *conv_relu(64, 192, 3, padding=1), pool(),
        Inception(192, 64, (96, 128), (16, 32), 32),
        Inception(256, 128, (128, 192), (32, 96), 64), pool(),
        Inception(480, 192, (96, 208), (16, 48), 64),
        Inception(512, 160, (112, 224), (24, 64), 64),
        Inception(512, 128, (128, 256), (24, 64), 64),
        Inception(512, 112, (144, 288), (32, 64), 64),
        Inception(528, 256, (160, 320), (32, 128), 128), pool(),
        Inception(832, 256, (160, 320), (32, 128), 128),
        Inception(832, 384, (192, 384), (48, 128), 128),
        *global_average(1024, classes),
    )


class Residual(nn.Module):
    """Two 3x3 convolutions and a shortcut; biases on, no batch norm on the shortcut."""

    def __init__(self, cin: int, cout: int, stride: int = 1):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(cin, cout, 3, stride, 1), nn.BatchNorm2d(cout), nn.ReLU(),
            nn.Conv2d(cout, cout, 3, 1, 1), nn.BatchNorm2d(cout),
        )
        same = cin == cout and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(cin, cout, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


def stem() -> list[nn.Module]:
    return [nn.Conv2d(1, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]


def resnet18(classes: int = 10) -> nn.Module:
    blocks = [
        Residual(*row)
        for row in [(64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1),
                    (128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1)]
    ]
    return nn.Sequential(*stem(), *blocks, *global_average(512, classes))


class DenseBlock(nn.Module):
    """Each 3x3 convolution sees all earlier channels and adds `growth` more."""

    def __init__(self, depth: int, cin: int, growth: int):
        super().__init__()
        self.steps = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, growth, 3, padding=1))
            for c in range(cin, cin + depth * growth, growth)
        )

    def forward(self, x: Tensor) -> Tensor:
        for step in self.steps:
            x = torch.cat([x, step(x)], 1)
        return x


def densenet(growth: int = 32, depths: tuple[int, ...] = (4, 4, 4, 4), classes: int = 10) -> nn.Module:
    layers, width = stem(), 64
    for index, depth in enumerate(depths):
        layers.append(DenseBlock(depth, width, growth))
        width += depth * growth
        if index < len(depths) - 1:
            half = [nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width // 2, 1)]
            layers += [*half, nn.AvgPool2d(2)]
            width //= 2
    return nn.Sequential(*layers, nn.BatchNorm2d(width), nn.ReLU(), *global_average(width, classes))


def torchvision_resnet18() -> nn.Module:
    from torchvision.models import resnet18 as build

    return build(weights=None)


def xavier(net: nn.Module) -> nn.Module:
    """Xavier-uniform weights of convolutions and linear layers; biases keep the default."""
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(module.weight)
    return net


@dataclass(frozen=True)
class Net:
    build: Callable[[], nn.Module]
    input: tuple[int, int, int]
    batch: int
    parameters: int
    classes: int = 10

    def create(self, seed: int = 0) -> nn.Module:
        torch.manual_seed(seed)
        net = self.build()
        return net if self.build is torchvision_resnet18 else xavier(net)


NETS: dict[str, Net] = {
    "lenet": Net(lenet, (1, 28, 28), 256, 61_706),
    "bn-lenet": Net(bn_lenet, (1, 28, 28), 256, 44_878),
    "alexnet": Net(alexnet, (1, 224, 224), 128, 46_764_746),
    "vgg11": Net(vgg11, (1, 224, 224), 128, 43_093_322),
    "nin": Net(nin, (1, 224, 224), 128, 1_992_166),
    "googlenet@96": Net(googlenet, (1, 96, 96), 128, 5_977_530),
    "resnet18@96": Net(resnet18, (1, 96, 96), 256, 11_178_378),
    "densenet@96": Net(densenet, (1, 96, 96), 256, 758_226),
    "resnet18@224": Net(torchvision_resnet18, (3, 224, 224), 16, 11_689_512, 1000),
    "resnet18@224, one image": Net(torchvision_resnet18, (3, 224, 224), 1, 11_689_512, 1000),
}


def main() -> None:
    for name, row in NETS.items():
        net = row.create().eval()
        count = sum(p.numel() for p in net.parameters())
        assert count == row.parameters, f"{name}: {count} parameters, {row.parameters} expected"
        with torch.inference_mode():
            shape = list(net(torch.zeros(1, *row.input)).shape)
        assert shape == [1, row.classes], f"{name}: output {shape}"
        print(f"{name:14}{str(row.input):16}batch {row.batch:<5}{count:>12,} parameters")


if __name__ == "__main__":
    main()
