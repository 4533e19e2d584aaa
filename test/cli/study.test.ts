import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { fovea, lastLine, temporaryFolder } from './fovea.ts';

describe('fovea study', () => {
  it('lists the studies', async () => {
    const { code, stdout, stderr } = await fovea(['study']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['gradients', 'degradation', 'one-by-one', 'augmentation']) {
      expect(stdout).toMatch(new RegExp(`^${name} +\\S`, 'm'));
    }
    expect(lastLine(await fovea(['study', '--json']))).toMatchObject({
      studies: expect.any(Array),
    });
  });

  it('lists the options of one with their defaults', async () => {
    const { stdout } = await fovea(['study', 'degradation', '--help']);
    expect(stdout).toMatch(/--depths <n,n,…> +layers of the nets.*8,14,20,32;\s+quick: 8,20,32\)/s);
    expect(stdout).toMatch(/--engine <name>/);
    expect((await fovea(['study', 'dense-share', '--help'])).stdout).not.toMatch(/--engine/);
  });

  it('writes picture and figures, and says what is seen', async () => {
    await using folder = await temporaryFolder();
    const args = ['study', 'dense-share', '--out', 'a/b', '--json'];
    const finished = await fovea(args, { cwd: folder.path });
    expect(finished.code).toBe(0);
    expect(finished.stderr).toMatch(/^VGG-16 .*123,642,856 +89\.36 %/m);
    const files = ['svg', 'png', 'json', 'csv'].map((ending) =>
      join('a', 'b', `dense-share.${ending}`),
    );
    const result = lastLine(finished) as { findings: string[]; rows: object[] };
    expect(result).toMatchObject({ study: 'dense-share', files, findings: expect.any(Array) });
    const path = (i: number) => join(folder.path, files[i]!);
    expect(await readFile(path(0), 'utf8')).toContain('>VGG-16 (138M)<');
    expect((await sharp(path(1)).metadata()).width).toBeGreaterThan(500);
    const { rows, findings } = JSON.parse(await readFile(path(2), 'utf8'));
    expect({ rows, findings }).toEqual({ rows: result.rows, findings: result.findings });
    expect(await readFile(path(3), 'utf8')).toMatch(
      /^net,input,classes,parameters,dense,share,largest\nLeNet,1×28×28,10,61706,59134,0\.958/,
    );
  });

  it.runIf(process.platform === 'linux')('ends where no folder can be made', async () => {
    const { code, stderr } = await fovea(['study', 'dense-share', '--out', '/proc/x']);
    expect(stderr).toMatch(/^error: \/proc\/x: cannot be created: /m);
    expect(code).toBe(1);
  });

  it('trains on a folder of images, with options that win over --quick', async () => {
    await using folder = await temporaryFolder();
    for (const [label, background] of Object.entries({ dark: '#222', light: '#ddd' })) {
      await mkdir(join(folder.path, 'photos', label), { recursive: true });
      for (let i = 0; i < 10; i++) {
        const create = { width: 40 + i, height: 48, channels: 3 as const, background };
        await sharp({ create }).toFile(join(folder.path, 'photos', label, `${i}.png`));
      }
    }
    const options = ['--data', 'photos', '--engine', 'wasm', '--threads', '1', '--epochs', '2'];
    const args = ['study', 'augmentation', '--quick', '--workers', '1', ...options, '--size', '16'];
    const finished = await fovea([...args, '--batch', '4', '--json'], { cwd: folder.path });
    expect(finished.stderr).toMatch(/^data .*16 images to train on, 4 to test$/m);
    const { options: used, rows } = lastLine(finished) as Record<string, unknown>;
    expect(used).toMatchObject({ epochs: 2, batch: 4, trainSize: 200, size: 16, engine: 'wasm' });
    expect(rows).toMatchObject([{ augmentation: 'without' }, { augmentation: 'with' }]);
    await access(join(folder.path, 'runs', 'studies', 'augmentation.png'));
  });

  it.each([
    ['gradint --quick', 'there is no study "gradint" (did you mean "gradients"?)'],
    ['kernels --widht 24', "unknown option '--widht' (Did you mean --width?)"],
    ['kernels --width 0', '--width must be a whole number, 12 or more (it is 0)'],
    ['batchnorm --rates 0.1,fast', '--rates must be a number (it is "fast")'],
    ['dense-share extra', 'too many arguments'],
    ['batchnorm --data no-such-data', 'unknown dataset "no-such-data"'],
  ])('fovea study %s', async (args, message) => {
    const { code, stdout, stderr } = await fovea(['study', ...args.split(' ')]);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('fails in one line where nothing can be written', async () => {
    await using folder = await temporaryFolder();
    const out = join(folder.path, 'file');
    await sharp({ create: { width: 1, height: 1, channels: 3, background: '#000' } })
      .png()
      .toFile(out);
    const { code, stderr } = await fovea(['study', 'dense-share', '--out', out]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*cannot be (created|written).*\n$/);
  });
});
