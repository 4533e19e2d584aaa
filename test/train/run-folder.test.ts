import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRunFolder, loadCheckpoint, openRunFolder } from '../../src/train/node/run-folder.ts';
import { childOptions, memoryStore, timeless, trainStripes, trainTiny } from './tiny.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fovea-run-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const jsonLines = async (path: string) =>
  (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a run folder', () => {
  it('holds everything about a run', async () => {
    const folder = join(root, 'whole', 'run');
    const store = await createRunFolder(folder, false);
    await trainStripes({ epochs: 6, out: folder }, store);
    expect((await readdir(folder)).sort()).toEqual([
      'batch0.png',
      'best.json',
      'best.safetensors',
      'config.json',
      'curves.png',
      'curves.svg',
      'last.json',
      'last.safetensors',
      'log.txt',
      'metrics.jsonl',
      'results.csv',
    ]);
    expect(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))).toMatchObject({
      model: 'mlp',
      epochs: 6,
      optimizer: 'sgd',
    });
    const rows = await jsonLines(join(folder, 'metrics.jsonl'));
    expect(rows.map(({ kind, epoch }) => [kind, epoch]).slice(0, 4)).toEqual([
      ['step', 1 / 3],
      ['step', 2 / 3],
      ['epoch', 1],
      ['step', 4 / 3],
    ]);
    const [header, first, ...rest] = (await readFile(join(folder, 'results.csv'), 'utf8'))
      .trimEnd()
      .split('\n');
    expect(header).toBe(
      'epoch,step,train_loss,train_accuracy,test_loss,test_accuracy,lr,examples_per_second,wait_share,seconds',
    );
    expect(first).toMatch(/^1,3,1\.\d+,0\.\d+,1\.\d+,0\.\d+,0\.1,\d+/);
    expect(rest).toHaveLength(5);

    const description = JSON.parse(await readFile(join(folder, 'best.json'), 'utf8'));
    const bytes = await readFile(join(folder, 'best.safetensors'));
    expect(description.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(description).toMatchObject({
      file: 'best.safetensors',
      version: 1,
      classes: ['a', 'b', 'c'],
      preprocessing: { shape: [1, 6, 6] },
      best: { epoch: description.position.epoch },
    });
    expect((await readFile(join(folder, 'curves.png'))).subarray(1, 4).toString()).toBe('PNG');
    expect(await readFile(join(folder, 'log.txt'), 'utf8')).toContain('finished after 6 epochs');
  });

  it('is not written over unless asked', async () => {
    const folder = join(root, 'twice');
    await trainStripes({ epochs: 1 }, await createRunFolder(folder, false));
    await writeFile(join(folder, 'notes.md'), 'mine');
    await expect(createRunFolder(folder, false)).rejects.toThrow(
      `${folder} already holds a run; go on with it (--resume ${folder}), choose another --out, or replace it (--overwrite)`,
    );
    const store = await createRunFolder(folder, true);
    expect(existsSync(join(folder, 'best.safetensors'))).toBe(true);
    await trainStripes({ epochs: 2 }, store);
    expect(await readFile(join(folder, 'notes.md'), 'utf8')).toBe('mine');
    expect((await loadCheckpoint(folder, 'last')).info.position.epoch).toBe(2);
    expect(await readFile(join(folder, 'log.txt'), 'utf8')).not.toContain('after 1 epochs');
  });

  it('cuts its tables back to the checkpoint when a run goes on', async () => {
    const folder = join(root, 'cut');
    const store = await createRunFolder(folder, false);
    await trainStripes({ epochs: 2 }, store);
    await store.record({
      ...(await loadCheckpoint(folder, 'last')).info.metrics.at(-1)!,
      epoch: 99,
    });
    await writeFile(join(folder, 'last.safetensors.0123abcd.part'), 'half');
    const from = { checkpoint: await loadCheckpoint(folder, 'last'), source: folder };
    await trainStripes({ epochs: 3 }, await openRunFolder(folder), {}, from);
    const rows = await jsonLines(join(folder, 'metrics.jsonl'));
    expect(rows.filter(({ kind }) => kind === 'epoch').map(({ epoch }) => epoch)).toEqual([
      1, 2, 3,
    ]);
    expect(await readFile(join(folder, 'results.csv'), 'utf8')).toMatch(
      /^epoch.*\n1,.*\n2,.*\n3,.*\n$/,
    );
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('goes on after being killed at any moment as if it had not been', async () => {
    const folder = join(root, 'killed');
    const whole = memoryStore();
    await trainTiny(childOptions, whole);
    const child = fileURLToPath(new URL('child.ts', import.meta.url));
    const tsx = import.meta.resolve('tsx');
    let kills = 0;
    for (const delay of [3, 40, 90, 160, undefined]) {
      const training = spawn(process.execPath, ['--import', tsx, child, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(training, 'exit');
      if (delay !== undefined) {
        await once(training.stdout, 'data');
        setTimeout(() => training.kill('SIGKILL'), delay);
      }
      const [code, signal] = await ended;
      if (signal === 'SIGKILL') kills++;
      else expect(code).toBe(0);
      // Loadable whenever it was killed.
      if (existsSync(join(folder, 'last.safetensors'))) await loadCheckpoint(folder, 'last');
    }
    expect(kills).toBeGreaterThan(1);
    for (const name of ['last', 'best'] as const) {
      const [a, b] = [await loadCheckpoint(folder, name), await whole.load(name)];
      expect(a.arrays).toEqual(b.arrays);
      expect(timeless(a.info.metrics)).toEqual(timeless(b.info.metrics));
    }
    expect(timeless(await jsonLines(join(folder, 'metrics.jsonl')))).toEqual(timeless(whole.rows));
  }, 60_000);

  const mount = join(tmpdir(), `fovea-full-${process.pid}`);
  const canMount = mountSmall(mount);
  afterAll(async () => {
    if (canMount) execFileSync('umount', [mount]);
    await rm(mount, { recursive: true, force: true });
  });
  it.skipIf(!canMount)('keeps the old checkpoint when the disk is full', async () => {
    const folder = join(mount, 'run');
    await trainStripes({ epochs: 2 }, await createRunFolder(folder, false));
    const before = await readFile(join(folder, 'last.safetensors'));
    const names = (await readdir(folder)).sort();
    fill(join(mount, 'ballast'));
    const from = { checkpoint: await loadCheckpoint(folder, 'last'), source: folder };
    const failure = await trainStripes({ epochs: 3 }, await openRunFolder(folder), {}, from).catch(
      (e) => e,
    );
    expect(failure.message).toMatch(
      /^\S+ cannot be written: no space left on the disk; free some$/,
    );
    expect(await readFile(join(folder, 'last.safetensors'))).toEqual(before);
    expect((await readdir(folder)).sort()).toEqual(names);
    await loadCheckpoint(folder, 'best');
  });

  it('says before training that it cannot be written to', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(createRunFolder(join(root, 'file', 'run'), false)).rejects.toThrow(
      /file\/run: cannot be created: a part of its path is a file; choose another folder$/,
    );
    await expect(createRunFolder(join(root, 'file'), false)).rejects.toThrow('cannot be created');
  });

  it('is taken away again when no run begins, with what was made for it', async () => {
    const around = join(root, 'around');
    await mkdir(around);
    const store = await createRunFolder(join(around, 'a', 'b'), false);
    await store.discard();
    expect(await readdir(around)).toEqual([]);
    const begun = await createRunFolder(join(around, 'a'), false);
    await trainStripes({ epochs: 1 }, begun);
    await begun.discard();
    expect(await readdir(join(around, 'a'))).toContain('last.safetensors');
  });

  it('takes one of two runs that start at once', async () => {
    const folder = join(root, 'at once');
    const [first, second] = await Promise.all([
      createRunFolder(folder, false),
      createRunFolder(folder, false),
    ]);
    await trainStripes({ epochs: 1 }, first);
    const before = await readFile(join(folder, 'last.safetensors'));
    await expect(trainStripes({ epochs: 2 }, second)).rejects.toThrow('already holds a run');
    expect(await readFile(join(folder, 'last.safetensors'))).toEqual(before);
  });

  it.skipIf(process.platform !== 'linux')('does not wait for ever in /proc', async () => {
    await expect(createRunFolder('/proc/fovea/run', false)).rejects.toThrow('cannot be created');
  });

  it.skipIf(process.getuid?.() === 0)('says so too when it may not write', async () => {
    const folder = join(root, 'locked');
    await mkdir(folder);
    await chmod(folder, 0o555);
    await expect(createRunFolder(folder, false)).rejects.toThrow('no permission');
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, -5), 'the file is cut off'],
    ['empty', () => Buffer.alloc(0), 'it has only 0 bytes'],
    [
      'flipped',
      (bytes: Buffer) =>
        Buffer.concat([bytes.subarray(0, -9), Buffer.of(bytes.at(-9)! ^ 64), bytes.subarray(-8)]),
      'its arrays are damaged',
    ],
    [
      'of a later version',
      (bytes: Buffer) => replace(bytes, '\\"version\\":1', '\\"version\\":9'),
      'version',
    ],
    [
      'with an unknown option',
      (bytes: Buffer) => replace(bytes, '\\"lr\\"', '\\"xr\\"'),
      'option "xr"',
    ],
  ])('refuses a checkpoint that is %s', async (name, damage, message) => {
    const folder = join(root, `damaged ${name}`);
    await trainStripes({ epochs: 1 }, await createRunFolder(folder, false));
    const path = join(folder, 'last.safetensors');
    await writeFile(path, damage(await readFile(path)));
    const loading = loadCheckpoint(folder, 'last');
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(`${path}: `);
    await expect(loading).rejects.toMatchObject({ name: 'FormatError' });
  });

  it('says what is not there', async () => {
    await expect(openRunFolder(root)).rejects.toThrow('holds no run');
    await expect(openRunFolder(join(root, 'no'))).rejects.toThrow(
      'no is not there; check the path of the run',
    );
    await expect(loadCheckpoint(join(root, 'no'), 'best')).rejects.toThrow('is not there');
    await expect(loadCheckpoint(root, 'best')).rejects.toThrow('holds no best checkpoint');
  });
});

function replace(bytes: Buffer, from: string, to: string): Buffer {
  const at = bytes.indexOf(from);
  expect(at).toBeGreaterThan(0);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(to), bytes.subarray(at + from.length)]);
}

/** A file system of 256 KB, where root may make one. */
function mountSmall(folder: string): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('mkdir', ['-p', folder]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function fill(path: string): void {
  try {
    execFileSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=4k'], { stdio: 'ignore' });
  } catch {
    // It ends when the disk is full.
  }
}

describe('a run that goes on', () => {
  it('is left alone by other processes, and taken over from a dead one', async () => {
    const folder = join(root, 'busy');
    await trainStripes({ epochs: 1, out: folder }, await createRunFolder(folder, false));
    const lock = join(folder, 'running.json');
    expect(existsSync(lock)).toBe(false);

    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await writeFile(lock, JSON.stringify({ pid: other.pid, host: hostname() }));
    const message = `${folder} is being trained by process ${other.pid}; wait or stop it first (if there is no such process, remove ${lock})`;
    await expect(openRunFolder(folder)).rejects.toThrow(message);
    await expect(createRunFolder(folder, true)).rejects.toThrow(message);
    other.kill('SIGKILL');
    await once(other, 'exit');
    await expect(openRunFolder(folder)).resolves.toMatchObject({ location: folder });
  });
});
