import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { fovea, lastLine, temporaryFolder } from './fovea.ts';

const step = (parts: object) => ({ ...parts, total: expect.any(Number) });

describe('summary', () => {
  it('tells costs, receptive fields and memory, for people and for programs', async () => {
    const args = ['summary', 'lenet', '--input', '3x32x32', '--batch', '2', '--optimizer', 'adam'];
    const finished = await fovea([...args, '--json']);
    const { rows, total, memory, input } = lastLine(finished) as {
      readonly rows: readonly { readonly layer: string; readonly receptiveField: unknown }[];
      readonly total: { readonly parameters: number };
      readonly memory: { readonly training: object; readonly inference: object };
      readonly input: readonly number[];
    };
    expect(input).toEqual([2, 3, 32, 32]);
    expect(rows.find(({ layer }) => layer === 'conv2')).toMatchObject({
      op: 'conv2d + add',
      shape: [2, 16, 12, 12],
      parameters: 16 * (6 * 25 + 1),
      multiplyAdds: 2 * 16 * 144 * 6 * 25,
      activationBytes: 4 * 2 * 16 * 144,
      receptiveField: { size: [14, 14], stride: [2, 2] },
    });
    expect(rows.at(-1)!.receptiveField).toBe('all');
    const parameters = 4 * total.parameters;
    expect(memory).toMatchObject({
      training: step({ parameters, optimizer: 2 * parameters }),
      inference: step({ parameters, optimizer: 0, activations: 0 }),
    });
    expect(finished.stderr).toMatch(/^memory in float32, batch 2 +training with adam +use$/m);
    expect(finished.stderr).toMatch(/^conv2 .* 14 +2$/m);
  });

  it('draws the architecture', async () => {
    await using folder = await temporaryFolder();
    const svg = join(folder.path, 'net.svg');
    const { code, stdout } = await fovea(['summary', 'resnet18', '--svg', svg]);
    expect(code).toBe(0);
    expect(stdout).toContain(`architecture drawn in ${svg}`);
    const text = await readFile(svg, 'utf8');
    expect(text).toContain('7×7 conv, 64, stride 2');
    expect(text).toContain('11,689,512 parameters');
    expect((await sharp(svg).metadata()).format).toBe('svg');
  });

  it('goes without the memory of training where one image is too little for it', async () => {
    const args = ['summary', 'resnet18', '--input', '3x16x16'];
    const { code, stdout } = await fovea(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^memory in float32, batch 1 +use$/m);
    expect(stdout).toMatch(/^training needs --batch 2 or more at this size$/m);
  });

  it('names the smallest input that works', async () => {
    const small = await fovea(['summary', 'vgg16', '--input', '3x20x20']);
    expect(small.stderr).toContain(
      'vgg16: the images are too small; the smallest that work are 32 × 32',
    );
    expect(small.code).toBe(1);
  });
});

const engine = ['--engine', 'wasm', '--threads', '1'];

describe('bench', () => {
  it('measures networks on engines', async () => {
    const args = ['bench', '--model', 'lenet,mlp', '--batch', '4', '--seconds', '1', ...engine];
    const finished = await fovea([...args, '--json']);
    const row = {
      ...{ engine: 'wasm', input: [4, 1, 28, 28], spread: expect.any(Number) },
      description: expect.stringMatching(/^wasm: 1 thread/),
    };
    const { rows, ...settings } = lastLine(finished) as { readonly rows: readonly object[] };
    expect(rows).toMatchObject([
      { model: 'lenet', ...row },
      { model: 'mlp', ...row },
    ]);
    expect(settings).toEqual({ mode: 'train', precision: 'float32', seconds: 1 });
    for (const each of rows as readonly Record<string, number>[]) {
      expect(each.steps).toBeGreaterThanOrEqual(2);
      expect(each.best).toBeGreaterThan(0);
      expect(each.best).toBeLessThanOrEqual(each.median!);
      expect(each.imagesPerSecond).toBeCloseTo(4000 / each.median!, 6);
      expect(each.gflopsPerSecond).toBeGreaterThan(0);
      // Node alone takes more than this, and so small a network not much more.
      expect(each.peakBytes).toBeGreaterThan(30 * 2 ** 20);
      expect(each.peakBytes).toBeLessThan(500 * 2 ** 20);
    }
    expect(finished.stderr).toMatch(/^lenet +4×1×28×28 +wasm +[\d.]+ .* MiB$/m);
  });

  it('goes on without an engine that refuses, unless it is the only one', async () => {
    const mixed = [
      ...['bench', '--model', 'mlp', '--mode', 'infer', '--batch', '2', '--seconds', '1'],
      ...['--threads', '1', '--json'],
    ];
    const both = await fovea([...mixed, '--engine', 'reference,wasm']);
    expect(lastLine(both)).toMatchObject({ rows: [{ engine: 'reference' }, { engine: 'wasm' }] });
    const refused = await fovea([...mixed, '--engine', 'wasm', '--precision', 'bfloat16']);
    expect(refused.stderr).toMatch(/^error: wasm: does not compute in bfloat16 here/);
    expect(refused.code).toBe(1);
  });
});

describe('compare', () => {
  it('answers without measuring', async () => {
    await using folder = await temporaryFolder();
    const out = join(folder.path, 'nets.png');
    const args = ['compare', 'alexnet', 'resnet18', '--batch', '2', '--no-measure', '--out', out];
    const finished = await fovea([...args, '--json']);
    const { rows, batch } = lastLine(finished);
    expect(batch).toBe(2);
    expect(rows).toMatchObject([
      { model: 'alexnet', input: [2, 3, 224, 224], parameters: 61_100_840 },
      { model: 'resnet18', parameterBytes: 4 * 11_689_512, multiplyAdds: 1_814_073_344 },
    ]);
    expect(finished.stderr).toMatch(/^resnet18 +3×224×224 +11,689,512 +46\.8 MB +1\.81G/m);
    expect((await sharp(out).metadata()).width).toBeGreaterThan(500);
  });

  it('measures training and inference of each network', async () => {
    const args = ['compare', 'lenet', 'mlp', '--batch', '4', '--quick', ...engine, '--json'];
    const finished = await fovea(args);
    const speed = { imagesPerSecond: expect.any(Number), peakBytes: expect.any(Number) };
    expect(lastLine(finished)).toMatchObject({
      seconds: 1,
      rows: [
        { model: 'lenet', training: speed, inference: speed },
        { model: 'mlp', training: speed, inference: speed },
      ],
    });
    expect(finished.stderr).toMatch(/^model .*trains images\/s +classifies images\/s$/m);
  });
});

it.each([
  ['summary lenet --svg nowhere/x.svg', 'it is not there'],
  ['compare lenet --out nowhere/a.png', 'it is not there'],
  ['summary lenet --svg src', 'it is a folder; name a file'],
])('fovea %s', async (args, reason) => {
  const { code, stderr } = await fovea(args.split(' '));
  expect(stderr).toMatch(/^error: \S+: cannot be written: .*\n$/);
  expect(stderr).toContain(reason);
  expect(code).toBe(1);
});

describe('wrong use', () => {
  it.each([
    ['summary resnet81', '(did you mean "resnet18"?)'],
    ['compare resnet18 dense121', 'there is no model "dense121"'],
    ['compare resnet18 --out chart.pdf', '--out must end in .svg or .png (it is "chart.pdf")'],
    ['augment a.png --out a.gif', '--out must end in .png (it is "a.gif")'],
    ['compare', "missing required argument 'model'"],
    ['bench --model lenet,', '--model takes names separated by commas (it is "lenet,")'],
    ['bench --model lenett', '(did you mean "lenet"?)'],
    ['bench --engine wasmm', 'unknown engine "wasmm" (did you mean "wasm"?)'],
    ['bench --mode training', "'training' is invalid"],
    ['bench --input 3x224', '--input must be channels, height and width'],
  ])('fovea %s', async (args, message) => {
    const { code, stdout, stderr } = await fovea(args.split(' '));
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^error: .*\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
