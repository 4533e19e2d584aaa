import { model, modelEntry } from '../src/models/index.ts';
import { type Layer, xavierUniform } from '../src/nn/index.ts';

/** A net that the suites train and run; bench/peers/nets.py has it for PyTorch, under one name. */
export interface Net {
  build(): Layer;
  /** Channels, height and width of an image. */
  readonly input: readonly [number, number, number];
  readonly classes: number;
  readonly batch: number;
  /** Not for training. */
  readonly inferOnly?: boolean;
}

/** How the weights of all nets start. */
export const scheme = xavierUniform();

function net(name: string, batch: number): Net {
  const { channels, size, classes } = modelEntry(name).options;
  return { build: () => model(name), input: [channels, size, size], classes, batch };
}

/** The nets of Dive into Deep Learning in its settings, and torchvision's ResNet-18. */
export const nets: Readonly<Record<string, Net>> = {
  lenet: net('lenet', 256),
  'bn-lenet': net('lenet-bn', 256),
  alexnet: net('alexnet-book', 128),
  vgg11: net('vgg11-book', 128),
  nin: net('nin', 128),
  'googlenet@96': net('googlenet-book', 128),
  'resnet18@96': net('resnet18-book', 256),
  'densenet@96': net('densenet-book', 256),
  'resnet18@224': net('resnet18', 16),
  'resnet18@224, one image': { ...net('resnet18', 1), inferOnly: true },
};

/** The nets that are trained. */
export const trained: readonly string[] = Object.keys(nets).filter(
  (name) => !nets[name]!.inferOnly,
);
