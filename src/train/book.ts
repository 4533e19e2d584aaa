import { UsageError } from '../graph/errors.ts';
import { didYouMean } from '../graph/suggest.ts';
import type { TrainOptions } from './config.ts';

/** Final test accuracies of many builds of the book's chapter, the failed ones left out. */
export interface BookFigure {
  readonly median: number;
  /** 10th and 90th percentile. */
  readonly band: readonly [low: number, high: number];
  readonly builds: number;
  /** Builds that ended at chance level or in NaN. */
  readonly failed: number;
}

/** A training of *Dive into Deep Learning* (Chinese edition), with its settings. */
export interface BookRecipe {
  readonly name: string;
  readonly title: string;
  readonly options: TrainOptions & Required<Pick<TrainOptions, 'model' | 'epochs'>>;
  /** What a quick look changes. */
  readonly quick: TrainOptions;
  readonly book: BookFigure;
}

/** Fashion-MNIST, pixels divided by 255, plain SGD at a constant rate, Xavier-uniform weights. */
const common = { data: 'fashion-mnist', epochs: 10, optimizer: 'sgd' } as const;

/** The figures are those of builds of the Chinese edition's PyTorch notebooks, 2021 to 2023. */
export const bookRecipes: readonly BookRecipe[] = [
  {
    name: 'lenet',
    title: 'LeNet',
    options: { ...common, model: 'lenet', batch: 256, lr: 0.9 },
    quick: { epochs: 4 },
    book: { median: 0.808, band: [0.781, 0.822], builds: 130, failed: 0 },
  },
  {
    name: 'batchnorm',
    title: 'LeNet with batch norm',
    options: { ...common, model: 'lenet-bn', batch: 256, lr: 1 },
    quick: { epochs: 2 },
    book: { median: 0.83, band: [0.773, 0.871], builds: 49, failed: 0 },
  },
  {
    name: 'alexnet',
    title: 'AlexNet',
    options: { ...common, model: 'alexnet-book', size: 224, batch: 128, lr: 0.01 },
    quick: { epochs: 1, subset: 300 },
    book: { median: 0.881, band: [0.875, 0.885], builds: 82, failed: 0 },
  },
  {
    name: 'vgg',
    title: 'VGG-11 with a quarter of the channels',
    options: { ...common, model: 'vgg11-book', size: 224, batch: 128, lr: 0.05 },
    quick: { epochs: 1, subset: 300 },
    book: { median: 0.919, band: [0.911, 0.923], builds: 73, failed: 0 },
  },
  {
    name: 'nin',
    title: 'Network in network',
    options: { ...common, model: 'nin', size: 224, batch: 128, lr: 0.1 },
    quick: { epochs: 1, subset: 300 },
    book: { median: 0.851, band: [0.644, 0.877], builds: 74, failed: 7 },
  },
  {
    name: 'googlenet',
    title: 'GoogLeNet',
    options: { ...common, model: 'googlenet-book', size: 96, batch: 128, lr: 0.1 },
    quick: { epochs: 2, subset: 300 },
    book: { median: 0.888, band: [0.87, 0.895], builds: 83, failed: 2 },
  },
  {
    name: 'resnet',
    title: 'ResNet-18',
    options: { ...common, model: 'resnet18-book', size: 96, batch: 256, lr: 0.05 },
    quick: { epochs: 2, subset: 300 },
    book: { median: 0.913, band: [0.887, 0.922], builds: 80, failed: 0 },
  },
  {
    name: 'densenet',
    title: 'DenseNet',
    options: { ...common, model: 'densenet-book', size: 96, batch: 256, lr: 0.1 },
    quick: { epochs: 2, subset: 300 },
    book: { median: 0.882, band: [0.797, 0.905], builds: 75, failed: 0 },
  },
];

/** @throws UsageError when there is no recipe of that name, with the closest one */
export function bookRecipe(name: string): BookRecipe {
  const found = bookRecipes.find((recipe) => recipe.name === name);
  if (found !== undefined) return found;
  const names = bookRecipes.map((recipe) => recipe.name);
  throw new UsageError(
    `there is no recipe "${name}"${didYouMean(name, names)}; there are ${names.join(', ')}`,
  );
}
