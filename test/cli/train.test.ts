import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/interchange/safetensors.ts';
import { fovea, lastLine, small, temporaryFolder } from './fovea.ts';

const arraysOf = async (run: string) => {
  const path = join(run, 'last.safetensors');
  return readSafetensors(await readFile(path), path).arrays;
};

describe('train, eval, predict', () => {
  it('work as written, with results for programs', async () => {
    await using folder = await temporaryFolder();
    const run = join(folder.path, 'runs', 'a');
    const trained = await fovea(['train', ...small, '--epochs', '2', '--out', run, '--json']);
    expect(trained.code).toBe(0);
    expect(trained.stdout.split('\n')).toHaveLength(2);
    expect(lastLine(trained)).toEqual({
      run,
      engine: 'wasm',
      epochs: 2,
      steps: 10,
      interrupted: false,
      diverged: null,
      accuracy: expect.any(Number),
      loss: expect.any(Number),
      trainAccuracy: expect.any(Number),
      trainLoss: expect.any(Number),
      best: { epoch: expect.any(Number), accuracy: expect.any(Number) },
      imagesPerSecond: expect.any(Number),
      seconds: expect.any(Number),
    });
    expect(trained.stderr).toMatch(/^engine +wasm: 1 thread.*\(asked for\)$/m);
    expect(trained.stderr).toMatch(/^epoch 1\/2 .*accuracy.*images\/s.*waiting for data \d+ %$/m);
    expect(trained.stderr).toContain(run);
    const files = await readdir(run);
    for (const name of ['config.json', 'metrics.jsonl', 'results.csv', 'log.txt']) {
      expect(files).toContain(name);
    }

    const evaluated = await fovea(['eval', run, '--data', 'fashion-mnist-sample', '--json']);
    const { best } = lastLine(trained) as { best: { accuracy: number } };
    expect(lastLine(evaluated)).toMatchObject({ accuracy: best.accuracy, count: 1000 });
    expect(lastLine(evaluated).loss).toBeGreaterThan(0);
    const { classes } = lastLine(evaluated) as { classes: { count: number }[] };
    expect(classes.map(({ count }) => count)).toEqual(new Array(10).fill(100));
    const { stdout } = await fovea(['eval', run, '--checkpoint', 'last', '--split', 'train']);
    expect(stdout).toMatch(/^class +precision +recall +images$/m);
    expect(stdout).toMatch(/^most confused +taken for +images$/m);
    expect(stdout).toMatch(/^accuracy [\d.]+ %, loss [\d.]+, 6,000 images$/m);

    const image = join(folder.path, 'image.png');
    const background = { r: 0, g: 0, b: 0 };
    await sharp({ create: { width: 28, height: 28, channels: 3, background } }).toFile(image);
    const predicted = await fovea(['predict', run, image, image, '--top', '2', '--json']);
    const prediction = {
      class: expect.any(String),
      label: expect.any(Number),
      probability: expect.any(Number),
    };
    const one = { image, predictions: [prediction, prediction] };
    expect(lastLine(predicted)).toEqual({ images: [one, one] });
    expect((await fovea(['predict', run, image])).stdout).toMatch(/image\.png +\S.* %\n/);
  });

  it('writes results to standard output and nothing else with --quiet', async () => {
    await using folder = await temporaryFolder();
    const options = [...small, '--epochs', '1', '--out', 'a', '--quiet'];
    const { code, stdout, stderr } = await fovea(['train', ...options], { cwd: folder.path });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^test accuracy .*\nrun folder +a\n$/);
  });

  it('does not touch a run that is there, unless told to', async () => {
    await using folder = await temporaryFolder();
    const train = (...more: string[]) =>
      fovea(['train', ...small, '--epochs', '1', '--out', 'a', ...more], { cwd: folder.path });
    expect((await train()).code).toBe(0);
    const before = await readFile(join(folder.path, 'a', 'last.safetensors'));
    const again = await train();
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('--overwrite') });
    // An overwriting run that cannot start leaves the old one alone.
    expect(await train('--overwrite', '--data-dir', 'none')).toMatchObject({ code: 1 });
    expect(await readFile(join(folder.path, 'a', 'last.safetensors'))).toEqual(before);
    expect((await train('--overwrite', '--seed', '1')).code).toBe(0);
    expect(await readFile(join(folder.path, 'a', 'last.safetensors'))).not.toEqual(before);
  });
});

describe('the configuration file', () => {
  const config = { data: 'fashion-mnist-sample', subset: 5, model: 'mlp', epochs: 1, lr: 0.5 };
  const resolved = async (run: string) =>
    JSON.parse(await readFile(join(run, 'config.json'), 'utf8'));

  it.each([
    [
      'fovea.config.ts',
      `const lr: number = 0.5;\nexport default { ...${JSON.stringify(config)}, lr };`,
    ],
    ['fovea.config.js', `export default ${JSON.stringify(config)};`],
    ['fovea.config.json', JSON.stringify(config)],
  ])('%s gives values, and flags win', async (name, text) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder.path, name), text);
    const args = ['train', '--lr', '0.25', '--seed', '0', '--out', 'a'];
    const { code, stdout } = await fovea(args, { cwd: folder.path });
    expect(code).toBe(0);
    expect(stdout).toContain(name);
    const { subset, lr, model, epochs, batch } = await resolved(join(folder.path, 'a'));
    expect({ subset, lr, model, epochs, batch }).toEqual({
      ...{ subset: 5, model: 'mlp' },
      epochs: 1,
      lr: 0.25,
      batch: 256,
    });
  });

  it('may have another name', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'fovea.config.json'), '{ "wrong": 1 }');
    await writeFile(join(folder.path, 'mine.json'), JSON.stringify(config));
    const args = ['train', '--config', 'mine.json', '--out', 'a'];
    expect((await fovea(args, { cwd: folder.path })).code).toBe(0);
    expect(await resolved(join(folder.path, 'a'))).toMatchObject(config);
  });

  it.each([
    ['fovea.config.json', '{ "epoch": 3 }', 2, /no option "epoch" \(did you mean "epochs"\?\)/],
    ['fovea.config.json', '{ "epochs": "3" }', 2, /option epochs must be a number/],
    ['fovea.config.json', '[1]', 1, /must hold options by name/],
    ['fovea.config.json', '{ "epochs": 3', 1, /cannot be read as a configuration/],
    ['fovea.config.ts', 'export default {', 1, /cannot be read as a configuration/],
    ['fovea.config.ts', 'throw new Error("no luck")', 1, /no luck/],
  ])('%s with %s is refused', async (name, text, code, message) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, name), text);
    const finished = await fovea(['train'], { cwd: folder.path });
    expect(finished.stderr).toMatch(/^error: .*\n$/);
    expect(finished.stderr).toMatch(message);
    expect(finished.code).toBe(code);
  });
});

describe('going on', () => {
  it('after Ctrl-C gives what an uninterrupted run gives', async () => {
    await using folder = await temporaryFolder();
    const { path: cwd } = folder;
    const options = [
      ...small,
      '--epochs',
      '30',
      '--lr',
      '0.1',
      '--momentum',
      '0.9',
      '--shift',
      '2',
    ];
    expect((await fovea(['train', ...options, '--out', 'whole'], { cwd })).code).toBe(0);

    let sent = false;
    const stopped = await fovea(['train', ...options, '--out', 'parts'], {
      cwd,
      onOutput(stdout, child) {
        if (!sent && /^epoch +2\/30/m.test(stdout)) sent = child.kill('SIGINT');
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('go on with: fovea train --resume parts');
    expect(stopped.stdout).not.toContain('epoch 30/30');

    const resumed = await fovea(['train', '--resume', 'parts', '--json'], { cwd });
    expect(lastLine(resumed)).toMatchObject({ epochs: 30, interrupted: false });
    expect(await arraysOf(join(cwd, 'parts'))).toEqual(await arraysOf(join(cwd, 'whole')));
  });

  it('adds epochs, on the folder of --out too', async () => {
    await using folder = await temporaryFolder();
    const { path: cwd } = folder;
    await fovea(['train', ...small, '--epochs', '1', '--out', 'a'], { cwd });
    const args = ['train', '--resume', '--out', 'a', '--epochs', '+2', '--json'];
    expect(lastLine(await fovea(args, { cwd }))).toMatchObject({ epochs: 3, run: 'a' });
    // Without its own options in the way: the configuration file is not read.
    await writeFile(join(cwd, 'fovea.config.json'), '{ "lr": 5, "out": "a" }');
    const again = await fovea(['train', '--resume', '--epochs', '4'], { cwd });
    expect(again.stderr).toContain('fovea.config.json is not read');
    const { lr, epochs } = JSON.parse(await readFile(join(cwd, 'a', 'config.json'), 'utf8'));
    expect({ lr, epochs }).toEqual({ lr: 0.1, epochs: 4 });
  });

  it('needs a run', async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'empty'));
    const { code, stderr } = await fovea(['train', '--resume', 'empty'], { cwd: folder.path });
    expect(stderr).toMatch(/^error: empty holds no run .*\n$/);
    expect(code).toBe(2);
    await expect(access(join(folder.path, 'empty', 'log.txt'))).rejects.toThrow();
  });
});
