import { inMemoryDataset, loader } from '../../data/index.ts';
import { UsageError } from '../../graph/errors.ts';
import type { Image } from '../../image/image.ts';
import { normalizeInto, pixelTables, planesInto } from '../../image/normalize.ts';
import { softmax } from '../evaluation.ts';
import { openInference } from '../inference.ts';
import type { CheckpointName, Notice, Preprocessing } from '../types.ts';
import { selectEngine } from './engines.ts';
import { fittedImage } from './image.ts';
import { loadCheckpoint } from './run-folder.ts';

export interface PredictOptions {
  /** Run folder, or a `.safetensors` file of one. */
  readonly run: string;
  /** Default 'best', for a run folder. */
  readonly checkpoint?: CheckpointName | undefined;
  /** Paths of image files, or their bytes. */
  readonly images: readonly (string | Uint8Array)[];
  /** How many classes to name. Default 5. */
  readonly top?: number | undefined;
  /** Turn dark on light into light on dark first. Default false: nothing is guessed. */
  readonly invert?: boolean | undefined;
  /** Default 'auto'. */
  readonly engine?: string | undefined;
  readonly threads?: number | undefined;
  onNotice?(notice: Notice): void;
  /** Told before each image how many are done. */
  onProgress?(done: number): void;
}

export interface Prediction {
  readonly class: string;
  /** Index of the class. */
  readonly label: number;
  /** 0 … 1 */
  readonly probability: number;
}

/**
 * Classifies images, each prepared as the training images were: for each the likeliest classes, best
 * first.
 *
 * @throws UsageError when the run is not there
 * @throws FormatError when the image or the checkpoint cannot be read
 */
export async function predict(options: PredictOptions): Promise<readonly Prediction[][]> {
  const { run, images, top = 5, onNotice } = options;
  if (!Number.isInteger(top) || top < 1) {
    throw new UsageError(`predict: top must be a whole number, 1 or more (it is ${top})`);
  }
  const checkpoint = await loadCheckpoint(run, options.checkpoint ?? 'best');
  const { classes, preprocessing } = checkpoint.info;
  const { engine, reason } = await selectEngine(options.engine ?? 'auto', options);
  try {
    onNotice?.({ kind: 'engine', text: reason });
    const inference = await openInference(checkpoint, run, engine, 1);
    try {
      const answers: Prediction[][] = [];
      for (const image of images) {
        options.onProgress?.(answers.length);
        const x = await prepare(image, preprocessing, options);
        const { logits } = await inference.executable.run({ x });
        const ranked = softmax(logits as Float32Array)
          .map((probability, label) => ({ class: classes[label]!, label, probability }))
          .sort((a, b) => b.probability - a.probability);
        answers.push(ranked.slice(0, top));
      }
      return answers;
    } finally {
      await inference[Symbol.asyncDispose]();
    }
  } finally {
    await engine[Symbol.asyncDispose]();
  }
}

async function prepare(
  source: string | Uint8Array,
  preprocessing: Preprocessing,
  { invert = false, onNotice }: PredictOptions,
): Promise<Float32Array> {
  const { image, original } = await fittedImage(source, preprocessing);
  const name = typeof source === 'string' ? `${source}: ` : '';
  for (const doubt of doubts(image, original, preprocessing, invert)) {
    onNotice?.({ kind: 'data', text: `${name}${doubt}` });
  }
  const data = invert ? image.data.map((pixel) => 255 - pixel) : image.data;
  return asInput({ ...image, data }, preprocessing);
}

/** In the way of the run's own images, so that not even the last digit differs. */
async function asInput(image: Image, preprocessing: Preprocessing): Promise<Float32Array> {
  const { shape, normalization, fit } = preprocessing;
  const size = shape[0] * shape[1] * shape[2];
  if (fit) {
    const floats = new Float32Array(size);
    normalizeInto(image, pixelTables(shape[0], normalization), floats);
    return floats;
  }
  const images = new Uint8Array(size);
  planesInto(image, images);
  const labels = Uint8Array.of(0);
  const dataset = inMemoryDataset({ name: 'image', classes: ['unknown'], shape, images, labels });
  const one = loader(dataset, { batchSize: 1, normalize: normalization });
  const { value } = await one.epoch(0).next();
  return value!.images;
}

/** What may make the answer worth little. */
function doubts(
  { data, channels: c }: Image,
  { width, height }: { readonly width: number; readonly height: number },
  { shape: [, h, w], fit = { mode: 'squash' } }: Preprocessing,
  invert: boolean,
): string[] {
  const other = Math.abs(Math.log((width * h) / (height * w))) > Math.log(1.2);
  const stretched = other && fit.mode === 'squash';
  const border = data.filter((_, i) => {
    const [y, x] = [Math.floor(i / c / w), Math.floor(i / c) % w];
    return y === 0 || x === 0 || y === h - 1 || x === w - 1;
  });
  const light = border.reduce((sum, pixel) => sum + pixel, 0) / border.length > 127;
  return [
    ...(stretched
      ? [`the image of ${width} × ${height} pixels was stretched to ${w} × ${h}; crop it first`]
      : []),
    ...(c === 1 && light && !invert
      ? ['the image has a light background; if the training images have a dark one, use --invert']
      : []),
  ];
}
