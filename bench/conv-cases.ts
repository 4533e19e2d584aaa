/** A square convolution, as torch_peer.py takes it. */
export interface ConvCase {
  readonly n: number;
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly o: number;
  readonly k: number;
  readonly stride: number;
  readonly padding: number;
}

const square = (
  n: number,
  c: number,
  size: number,
  o: number,
  k: number,
  { stride = 1, padding = k >> 1 } = {},
): ConvCase => ({ n, c, h: size, w: size, o, k, stride, padding });

/** Convolutions of ResNet, VGG and LeNet by name. */
export const convCases: Readonly<Record<string, ConvCase>> = {
  'resnet 3×3 64 @56': square(16, 64, 56, 64, 3),
  'resnet 3×3 128 @28': square(16, 128, 28, 128, 3),
  'resnet 3×3 256 @14': square(16, 256, 14, 256, 3),
  'resnet 3×3 512 @7': square(16, 512, 7, 512, 3),
  'resnet 3×3/2 64→128 @56': square(16, 64, 56, 128, 3, { stride: 2 }),
  'resnet 1×1/2 128→256 @28': square(16, 128, 28, 256, 1, { stride: 2 }),
  'resnet 7×7/2 3→64 @224': square(8, 3, 224, 64, 7, { stride: 2 }),
  'vgg 3×3 64 @112': square(4, 64, 112, 64, 3),
  'vgg 3×3 256→512 @28': square(8, 256, 28, 512, 3),
  'lenet 5×5 1→6 @28': square(256, 1, 28, 6, 5),
  'lenet 5×5 6→16 @14': square(256, 6, 14, 16, 5, { padding: 0 }),
};

export const directions = ['forward', 'inputGrad', 'weightGrad'] as const;
export type Direction = (typeof directions)[number];

/** Height and width of the output. */
export const outputSize = ({ h, k, stride, padding }: ConvCase): number =>
  Math.floor((h + 2 * padding - k) / stride) + 1;

/** Floating-point operations of one direction, in 10⁹: a multiply-add counts as two. */
export const gigaflops = (row: ConvCase): number =>
  2e-9 * row.n * row.o * outputSize(row) ** 2 * row.c * row.k ** 2;
