import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fovea, small, temporaryFolder } from './fovea.ts';

const sample = fileURLToPath(new URL('../../data/fashion-mnist-sample/', import.meta.url));
const images = 'train-images-idx3-ubyte.gz';
const labels = 'train-labels-idx1-ubyte.gz';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cwd: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  cwd = folder.path;
  const { code } = await fovea(['train', ...small, '--epochs', '1', '--out', 'run'], { cwd });
  expect(code).toBe(0);
});
afterAll(() => folder[Symbol.asyncDispose]());

/** One line on standard error, nothing on standard output, and the exit code of bad input. */
async function refused(args: readonly string[], message: RegExp, code = 1): Promise<void> {
  const finished = await fovea(args, { cwd });
  expect(finished.stderr).toMatch(message);
  const errors = finished.stderr.split('\n').filter((line) => line.startsWith('error: '));
  expect(errors).toHaveLength(1);
  expect(finished.stderr).toMatch(/^error: .*\n$/m);
  expect(finished.stderr).not.toMatch(/^ +at /m);
  expect(finished.code).toBe(code);
}

describe('data', () => {
  const change = (edit: (bytes: Buffer) => Buffer) => (bytes: Buffer) =>
    gzipSync(edit(gunzipSync(bytes)));
  const edited = (at: number, value: number) =>
    change((bytes) => {
      bytes[at] = value;
      return bytes;
    });
  it.each([
    ['a truncated file', images, (bytes: Buffer) => bytes.subarray(0, 5000)],
    ['truncated content', images, change((bytes) => bytes.subarray(0, 5000))],
    ['a wrong magic number', images, edited(2, 0x42)],
    ['changed pixels', images, edited(5000, 7)],
    ['a label out of range', labels, edited(100, 10)],
    ['fewer labels', labels, change((bytes) => bytes.subarray(0, 8 + 5999))],
    ['no gzip', labels, () => Buffer.from('<html>not found</html>')],
    ['an empty file', labels, () => Buffer.alloc(0)],
  ])('with %s is refused, and no run begins', async (name, file, damage) => {
    const data = join(cwd, `data ${name}`);
    await cp(sample, data, { recursive: true });
    await writeFile(join(data, file), damage(await readFile(join(data, file))));
    const args = ['train', ...small, '--data-dir', data, '--out', `run ${name}`];
    await refused(args, new RegExp(file.replace('.gz', '')));
    const left = await readdir(join(cwd, `run ${name}`)).catch(() => []);
    expect(left).not.toContain('last.safetensors');
  });

  it('that is not there is refused', async () => {
    await refused(['train', ...small, '--data-dir', 'nowhere'], /data folder nowhere is not there/);
  });
});

describe('checkpoints', () => {
  const damaged = async (name: string, damage: (bytes: Buffer) => Buffer): Promise<string> => {
    const run = `checkpoint ${name}`;
    await cp(join(cwd, 'run'), join(cwd, run), { recursive: true });
    for (const file of ['best.safetensors', 'last.safetensors']) {
      const path = join(cwd, run, file);
      await writeFile(path, damage(await readFile(path)));
    }
    return run;
  };
  it.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
    ['empty', () => Buffer.alloc(0)],
    ['of zeros', (bytes: Buffer) => Buffer.alloc(bytes.length)],
    [
      'with a flipped bit',
      (bytes: Buffer) => {
        bytes[bytes.length - 40]! ^= 1;
        return bytes;
      },
    ],
  ])('%s are refused', async (name, damage) => {
    const run = await damaged(name, damage);
    await refused(['eval', run], /best\.safetensors: /);
    await refused(['train', '--resume', run, '--epochs', '+1'], /last\.safetensors: /);
  });

  it('of another architecture are refused, with the keys', async () => {
    const args = ['train', '--resume', 'run', '--epochs', '+1'];
    await refused([...args, '--model-options', 'hidden=9'], /mismatched: fc1\.weight/);
    await refused([...args, '--optimizer', 'adam'], /missing: .*mean\/fc1\.weight/);
  });

  it('of another model, or for other data, do not go on', async () => {
    const args = ['train', '--resume', 'run', '--epochs', '+1'];
    await refused([...args, '--model', 'lenet'], /run trains mlp, and cannot go on as lenet/, 2);
    await pictures('colours', ['red', 'blue']);
    await refused(
      [...args, '--data', 'colours'],
      /run tells 10 classes apart in images of 1 channel, and colours has 2 in images of 3/,
      2,
    );
  });

  it('refuse data of another kind', async () => {
    await writeFile(join(cwd, 'text.png'), 'no image');
    await refused(['predict', 'run', 'text.png'], /text\.png: this is no image/);
    await refused(['predict', 'run', 'missing.png'], /missing\.png: /);
  });
});

/** A folder of pictures in colour, two of each class for training and two for testing. */
async function pictures(name: string, classes: readonly string[]): Promise<void> {
  for (const part of ['train', 'test']) {
    for (const [i, label] of classes.entries()) {
      const place = join(cwd, name, part, label);
      await mkdir(place, { recursive: true });
      for (const file of ['a.png', 'b.png']) {
        const background = { r: 200 - 99 * i, g: 30, b: 99 * i };
        const create = { width: 28, height: 28, channels: 3, background } as const;
        await sharp({ create }).png().toFile(join(place, file));
      }
    }
  }
}

describe('networks', () => {
  const train = ['train', ...small, '--out', 'never'];
  const withOptions = (model: string, options: string) =>
    ['profile', '--model', model, '--model-options', options, '--engine', 'wasm'] as const;

  it('with a name that nobody has get a suggestion', async () => {
    await refused([...train, '--model', 'resnet8'], /"resnet8" \(did you mean "resnet18"\?\)/, 2);
    await refused(['summary', 'vg16'], /there is no model "vg16" \(did you mean "vgg16"\?\)/, 2);
    const args = withOptions('densenet121', 'recomput=true');
    await refused(args, /no option "recomput" \(did you mean "recompute"\?\)/, 2);
    const { stdout, code } = await fovea(['models', 'resnt18'], { cwd });
    expect(stdout).toMatch(/no model has "resnt18" in its name \(did you mean "resnet18"\?\)/);
    expect(code).toBe(0);
  });

  it('with other channels or classes than the data are refused', async () => {
    const options = (text: string) => [...train, '--model-options', text];
    await refused(options('channels=3'), /option channels is 3, and the data have 1/, 2);
    await refused(options('classes=1'), /option classes is 1, and the data have 10/, 2);
    await refused(
      withOptions('lenet', 'classes=1'),
      /classes must be .*, 2 or more \(it is 1\)/,
      2,
    );
    await refused(withOptions('lenet', 'channels=0'), /channels must be .*, 1 or more/, 2);
    await pictures('single', ['red']);
    const data = ['--data', 'single', '--model', 'lenet', '--engine', 'wasm', '--out', 'never'];
    await refused(['train', ...data], /the data hold one class/, 2);
  });

  it('with options out of range are refused, and the option is named', async () => {
    await refused(withOptions('mlp', 'hidden=0'), /model mlp with hidden=0: linear: cout must be/);
    await refused(withOptions('vgg11', 'dropout=2'), /model vgg11 with dropout=2: .*\[0, 1\)/);
    await refused(withOptions('vgg16', 'ratio=3'), /error: vgg16: ratio must divide/);
    await refused(withOptions('densenet-book', 'recompute=yes'), /must be a boolean/, 2);
  });
});

describe('places', () => {
  it('that cannot be written to are refused', async () => {
    await writeFile(join(cwd, 'file'), '');
    await refused(['train', ...small, '--out', 'file/run'], /file\/run: cannot be created/);
    await refused(['train', ...small, '--out', 'file'], /file: cannot be/);
  });

  // The superuser may write everywhere.
  it.skipIf(process.getuid?.() === 0)('without permission are refused', async () => {
    await mkdir(join(cwd, 'locked'), { mode: 0o500 });
    await refused(['train', ...small, '--out', 'locked/run'], /locked\/run: .*no permission/);
  });
});

it('refuses engines that do not exist or lack something', async () => {
  await refused(['eval', 'run', '--engine', 'cuda'], /unknown engine "cuda".*wasm/, 2);
  await refused(
    ['eval', 'run', '--engine', 'wasm', '--threads', '99'],
    /threads must be 1 to 16/,
    2,
  );
});
