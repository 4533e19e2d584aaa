import { basename } from 'node:path';
import type { Command } from 'commander';
import { FormatError, UsageError } from '../../graph/errors.ts';
import type { Target } from '../../image/index.ts';
import { findConfigFile, readConfigFile } from '../config-file.ts';
import { grouped } from '../format.ts';
import { wholeNumber } from '../options.ts';
import { requireEnding, requireWritable } from '../out-file.ts';
import { addOutputOptions, createOutput, type Output, type OutputOptions } from '../output.ts';
import { shownName } from '../shown-name.ts';

interface Flags extends OutputOptions {
  readonly policy?: string;
  readonly config?: string;
  readonly rows: number;
  readonly cols: number;
  readonly seed: number;
  readonly size: number;
  readonly out: string;
  readonly boxes?: string;
  readonly replay?: boolean;
  readonly list?: boolean;
}

const notes = `
A policy is a list of transforms, by full or short name, with options in parentheses:
  --policy 'flip, RandomResizedCrop(200, scale=[0.1, 1], ratio=[0.5, 2]), apply(color, p=0.3)'
`;

export function define(command: Command): void {
  command
    .argument('[image...]', 'JPEG, PNG, WebP, … files; several take turns')
    .option('--policy <list>', 'what to do to the image; option augment of --config by default')
    .option('--config <file>', 'configuration file to take the policy from')
    .option('--rows <n>', 'rows of samples', wholeNumber('--rows', 1), 2)
    .option('--cols <n>', 'samples in a row', wholeNumber('--cols', 1), 4)
    .option('--seed <n>', 'decides what is drawn', wholeNumber('--seed', 0), 0)
    .option('--size <n>', 'pixels of crops that do not say theirs', wholeNumber('--size', 1), 224)
    .option('--boxes <list>', "boxes to draw along: 'x1,y1,x2,y2,label; …' in pixels")
    .option('--out <file>', 'picture to write', 'augmented.png')
    .option('--replay', 'print what was drawn for each sample')
    .option('--list', 'list the transforms and their options');
  addOutputOptions(command)
    .addHelpText('after', notes)
    .action(async (images: string[], flags: Flags) => {
      const output = await createOutput(flags);
      if (flags.list) await listTransforms(output);
      else await augment(images, flags, output);
    });
}

async function policySource({ policy, config }: Flags): Promise<string | readonly string[]> {
  if (policy !== undefined) return policy;
  const path = config ?? (await findConfigFile());
  const file = path === undefined ? undefined : await readConfigFile(path);
  const found = file?.options.augment;
  if (typeof found === 'string' || Array.isArray(found)) return found as string | string[];
  const where = file ? `, and ${file.path} has no option augment` : '';
  throw new UsageError(
    `there is no policy${where}; give one: --policy 'flip, crop, color' (--list shows all transforms)`,
  );
}

async function augment(images: readonly string[], flags: Flags, output: Output): Promise<void> {
  const { rows, cols, seed, size, out } = flags;
  if (images.length === 0) throw new UsageError("missing required argument 'image'");
  requireEnding('--out', out, ['.png']);
  await requireWritable(out);
  if (rows * cols > MOST_SAMPLES) {
    throw new UsageError(
      `--rows times --cols may be up to ${MOST_SAMPLES} (they are ${rows} and ${cols})`,
    );
  }
  const { buildPolicy, describeDrawn, parsePolicy, policyText } = await import(
    '../../image/index.ts'
  );
  const source = await policySource(flags);
  const steps = source === 'none' ? [] : parsePolicy(source);
  const said = policyText(steps) || 'no policy';
  const policy = buildPolicy(steps, { size: [size, size] });
  const boxes = flags.boxes === undefined ? undefined : parseBoxes(flags.boxes);
  if (boxes && images.length > 1) {
    throw new UsageError(`--boxes go with one image (there are ${images.length})`);
  }
  output.live.busy('drawing');
  const { decodeImage } = await import('../../image/node.ts');
  const targets: Target[] = [];
  for (const path of images) {
    const { image } = await decodeImage(path);
    if (boxes) checkBoxes(boxes.corners, image.width, image.height, path);
    targets.push({ image, ...(boxes && { boxes: boxes.boxes }) });
  }
  const { previewPolicy } = await import('../../image/preview.ts');
  const preview = previewPolicy(policy, targets, { count: rows * cols, seed, size: [size, size] });

  const { drawPreview } = await import('../../image/node/preview-sheet.ts');
  const names = images.map((path) => shownName(basename(path)));
  const png = await drawPreview({
    names,
    targets,
    preview,
    columns: cols,
    title: `Augmentation of ${names.join(', ')}`,
    detail: `${said}; seed ${seed}`,
    boxNames: boxes?.names ?? [],
  });
  const { replaceFile } = await import('../../train/node/files.ts');
  await replaceFile(out, [png]);

  if (flags.replay) {
    preview.samples.forEach(({ source, drawn }, i) => {
      const of = names.length > 1 ? ` of ${names[source]}` : '';
      output.say(output.style('bold', `sample ${i + 1}${of}`));
      output.say(describeDrawn(drawn, 1).join('\n'));
    });
    if (preview.mixed) {
      output.say(output.style('bold', 'all samples'));
      output.say(describeDrawn(preview.mixed, 1).join('\n'));
    }
  }
  output.say(`wrote ${out}: ${grouped(rows * cols)} samples of ${said}`);
  output.json({
    out,
    seed,
    policy: steps,
    samples: preview.samples.map(({ source, target, drawn }) => ({
      image: images[source],
      width: target.image.width,
      height: target.image.height,
      drawn,
    })),
    mixed: preview.mixed ?? null,
  });
}

/** A picture of more would be too large to be seen. */
const MOST_SAMPLES = 400;

/**
 * Boxes of a command line.
 *
 * @throws UsageError for anything but `x1,y1,x2,y2` or `x1,y1,x2,y2,label`, with `;` between boxes
 */
function parseBoxes(text: string) {
  const names: string[] = [];
  const labels: number[] = [];
  const corners = text
    .split(';')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [x1, y1, x2, y2, ...rest] = part.split(',').map((field) => field.trim());
      const numbers = [x1, y1, x2, y2].map((field) => (field ? Number(field) : Number.NaN));
      if (!numbers.every(Number.isFinite)) {
        throw new UsageError(`--boxes takes x1,y1,x2,y2,label; … in pixels (it has "${part}")`);
      }
      const name = rest.join(',');
      if (!names.includes(name)) names.push(name);
      labels.push(names.indexOf(name));
      return numbers;
    });
  if (corners.length === 0) throw new UsageError('--boxes has no box; give x1,y1,x2,y2,label');
  const data = Float64Array.from(corners.flat());
  const boxes = { format: 'xyxy', data, labels: Int32Array.from(labels) } as const;
  return { corners, names, boxes };
}

function checkBoxes(
  corners: readonly (readonly number[])[],
  width: number,
  height: number,
  path: string,
): void {
  for (const [x1, y1, x2, y2] of corners as readonly [number, number, number, number][]) {
    if (!(0 <= x1 && x1 < x2 && x2 <= width && 0 <= y1 && y1 < y2 && y2 <= height)) {
      throw new FormatError(
        `${path}: has ${width} × ${height} pixels, and box ${x1},${y1},${x2},${y2} must lie in it with x1 < x2 and y1 < y2; check --boxes`,
      );
    }
  }
}

async function listTransforms(output: Output): Promise<void> {
  const { policyNames } = await import('../../image/policy.ts');
  const rows = policyNames();
  output.table(
    [
      { title: 'transform' },
      { title: 'short' },
      { title: 'what it does', shrink: true },
      { title: 'options', shrink: true },
    ],
    rows.map(({ name, short, doc, options }) => [
      name,
      short.join(', '),
      doc,
      options.map((option) => option.name).join(', '),
    ]),
  );
  output.json({ transforms: rows });
}
