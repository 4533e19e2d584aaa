import { UsageError } from '../graph/errors.ts';
import { didYouMean } from '../graph/suggest.ts';
import type { ImageShape } from './dataset.ts';
import type { Normalization } from './normalize.ts';

export type Split = 'train' | 'test';

/** One IDX file, described by its plain (unpacked) bytes, however it is packed on disk. */
export interface DatasetFile {
  /** Name of the plain file; `.gz` is added for the packed one. */
  readonly name: string;
  /** Size in bytes. */
  readonly bytes: number;
  /** SHA-256 of the plain bytes, where it is known. */
  readonly sha256?: string;
  /** Published MD5 of the original `.gz`, for files whose plain digest is not known. */
  readonly gzipMd5?: string;
}

export interface DatasetSplit {
  /** Number of samples. */
  readonly length: number;
  readonly images: DatasetFile;
  readonly labels: DatasetFile;
}

export interface DatasetEntry {
  readonly name: string;
  readonly title: string;
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  /** Statistics of the training images. */
  readonly normalization?: Normalization;
  readonly splits: Readonly<Record<Split, DatasetSplit>>;
  /** The folder that torchvision makes for it: `FashionMNIST/raw/…`. */
  readonly torchvisionFolder?: string;
  /** Base URLs, each ending in `/`; tried in this order. Empty for data shipped with the package. */
  readonly mirrors: readonly string[];
  readonly licence: string;
  readonly citation: string;
  readonly homepage: string;
}

/** A split in MNIST's own layout: `n` grey images of 28 × 28 and their labels, one IDX file each. */
const idxSplit = (
  prefix: string,
  n: number,
  digest: 'sha256' | 'gzipMd5',
  { images, labels }: { images: string; labels: string },
): DatasetSplit => ({
  length: n,
  images: { name: `${prefix}-images-idx3-ubyte`, bytes: 16 + n * 28 * 28, [digest]: images },
  labels: { name: `${prefix}-labels-idx1-ubyte`, bytes: 8 + n, [digest]: labels },
});

const fashionClasses = [
  't-shirt',
  'trouser',
  'pullover',
  'dress',
  'coat',
  'sandal',
  'shirt',
  'sneaker',
  'bag',
  'ankle boot',
];

/** The datasets that can be loaded by name. */
export const catalogue: readonly DatasetEntry[] = [
  {
    name: 'mnist',
    title: 'MNIST handwritten digits',
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    shape: [1, 28, 28],
    normalization: { mean: [0.1307], std: [0.3081] },
    splits: {
      train: idxSplit('train', 60_000, 'sha256', {
        images: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
        labels: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
      }),
      test: idxSplit('t10k', 10_000, 'sha256', {
        images: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
        labels: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
      }),
    },
    torchvisionFolder: 'MNIST',
    mirrors: [
      'https://ossci-datasets.s3.amazonaws.com/mnist/',
      'https://storage.googleapis.com/cvdf-datasets/mnist/',
      'http://yann.lecun.com/exdb/mnist/',
    ],
    licence: 'CC BY-SA 3.0',
    citation:
      'Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. Proceedings of the IEEE 86(11), 1998',
    homepage: 'http://yann.lecun.com/exdb/mnist/',
  },
  {
    name: 'fashion-mnist',
    title: 'Fashion-MNIST articles of clothing',
    classes: fashionClasses,
    shape: [1, 28, 28],
    normalization: { mean: [0.286], std: [0.353] },
    splits: {
      train: idxSplit('train', 60_000, 'sha256', {
        images: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
        labels: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
      }),
      test: idxSplit('t10k', 10_000, 'sha256', {
        images: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
        labels: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
      }),
    },
    torchvisionFolder: 'FashionMNIST',
    mirrors: [
      'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
      'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
      'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    ],
    licence: 'MIT',
    citation:
      'H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms. arXiv:1708.07747, 2017',
    homepage: 'https://github.com/zalandoresearch/fashion-mnist',
  },
  {
    name: 'fashion-mnist-sample',
    title: 'Fashion-MNIST, a tenth of it, shipped with Fovea',
    classes: fashionClasses,
    shape: [1, 28, 28],
    normalization: { mean: [0.286], std: [0.353] },
    splits: {
      train: idxSplit('train', 6_000, 'sha256', {
        images: '62a5a5e4be126fe27c694481c0e5d4c1bbc981d90906c438e622da1d312966b4',
        labels: 'b8271e0549f551226ebdd46c81a037a8f28c8e9ba9daae349b06f2b306fc566e',
      }),
      test: idxSplit('t10k', 1_000, 'sha256', {
        images: '444feb3c38915498aa7c5b42fa80ac8bc21fd42c97279e32fdee188b924abe8c',
        labels: '95ae2fcdb8f96a87ec3a6a1b2e130abb66e244b5f38f85df774e78d9cdacd722',
      }),
    },
    mirrors: [],
    licence: 'MIT',
    citation:
      'H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms. arXiv:1708.07747, 2017',
    homepage: 'https://github.com/zalandoresearch/fashion-mnist',
  },
  {
    name: 'kmnist',
    title: 'Kuzushiji-MNIST cursive Japanese characters',
    classes: ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo'],
    shape: [1, 28, 28],
    splits: {
      train: idxSplit('train', 60_000, 'gzipMd5', {
        images: 'bdb82020997e1d708af4cf47b453dcf7',
        labels: 'e144d726b3acfaa3e44228e80efcd344',
      }),
      test: idxSplit('t10k', 10_000, 'gzipMd5', {
        images: '5c965bf0a639b31b8f53240b1b52f4d7',
        labels: '7320c461ea6c1c855c0b718fb2a4b134',
      }),
    },
    torchvisionFolder: 'KMNIST',
    mirrors: [
      'https://codh.rois.ac.jp/kmnist/dataset/kmnist/',
      'http://codh.rois.ac.jp/kmnist/dataset/kmnist/',
    ],
    licence: 'CC BY-SA 4.0',
    citation:
      'T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto, D. Ha: Deep Learning for Classical Japanese Literature. arXiv:1812.01718, 2018',
    homepage: 'https://github.com/rois-codh/kmnist',
  },
];

/**
 * The catalogue's row for a name.
 *
 * @throws UsageError for an unknown name, with the closest known one
 */
export function datasetEntry(name: string): DatasetEntry {
  const entry = catalogue.find((row) => row.name === name);
  if (entry) return entry;
  const names = catalogue.map((row) => row.name);
  throw new UsageError(
    `unknown dataset "${name}"${didYouMean(name, names)}; there are ${names.join(', ')}`,
  );
}
