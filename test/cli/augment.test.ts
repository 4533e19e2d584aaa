import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { photo } from '../check/corpus.ts';
import { fovea, lastLine, temporaryFolder } from './fovea.ts';

async function withPhotos(count: number) {
  const folder = await temporaryFolder();
  for (let i = 0; i < count; i++) {
    await writeFile(join(folder.path, `${i}.jpg`), await photo(i, 120, 90).jpeg().toBuffer());
  }
  return folder;
}

describe('fovea augment', () => {
  it('takes none for a policy, as train does', async () => {
    await using folder = await withPhotos(1);
    const args = ['augment', '0.jpg', '--policy', 'none', '--rows', '1', '--json'];
    const done = await fovea(args, { cwd: folder.path });
    expect(done.code).toBe(0);
    expect(lastLine(done)).toMatchObject({ policy: [], mixed: null });
  });

  it('draws the original and the samples, the same for the same seed', async () => {
    await using folder = await withPhotos(1);
    const args = ['augment', '0.jpg', '--policy', 'flip, RandomResizedCrop(64, scale=[0.1, 1])'];
    const first = await fovea([...args, '--json'], { cwd: folder.path });
    expect(first.code).toBe(0);
    const { samples, policy } = lastLine(first) as {
      samples: { width: number; drawn: object }[];
      policy: object[];
    };
    expect(policy).toEqual([
      { name: 'randomHorizontalFlip', options: {} },
      { name: 'randomResizedCrop', options: { size: 64, scale: [0.1, 1] } },
    ]);
    expect(samples).toHaveLength(8);
    expect(samples.map(({ width }) => width)).toEqual(Array(8).fill(64));
    const { width, height } = await sharp(join(folder.path, 'augmented.png')).metadata();
    expect(width).toBeGreaterThan(1600);
    expect(height).toBeGreaterThan(1200);
    const picture = await readFile(join(folder.path, 'augmented.png'));
    const again = await fovea([...args, '--json', '--out', 'b.png'], { cwd: folder.path });
    expect((lastLine(again) as { samples: object }).samples).toEqual(samples);
    expect(await readFile(join(folder.path, 'b.png'))).toEqual(picture);
    const other = await fovea([...args, '--json', '--seed', '1'], { cwd: folder.path });
    expect((lastLine(other) as { samples: object }).samples).not.toEqual(samples);
  });

  it('moves boxes along, and says what it drew', async () => {
    await using folder = await withPhotos(1);
    const { code, stdout } = await fovea(
      [
        ...['augment', '0.jpg', '--policy', 'iouCrop, flip(p=1)', '--rows', '1', '--cols', '2'],
        ...['--boxes', '10,10,60,60,cat; 70,20,110,80,a <dog>', '--replay'],
      ],
      { cwd: folder.path },
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sample 1\n {2}compose\n {4}randomIoUCrop/);
    expect(stdout).toContain('sample 2');
    expect(stdout).toContain(
      'wrote augmented.png: 2 samples of randomIoUCrop, randomHorizontalFlip',
    );
  });

  it('mixes several images', async () => {
    await using folder = await withPhotos(2);
    const result = await fovea(
      ['augment', '0.jpg', '1.jpg', '--policy', 'mixup', '--size', '48', '--json'],
      { cwd: folder.path },
    );
    expect(lastLine(result)).toMatchObject({
      mixed: { name: 'mixUp' },
      samples: Array.from({ length: 8 }, (_, i) => ({ image: `${i % 2}.jpg`, width: 48 })),
    });
  });

  it('takes the policy of a configuration file', async () => {
    await using folder = await withPhotos(1);
    await writeFile(join(folder.path, 'fovea.config.json'), '{"augment": "rotate(5)"}');
    const { stdout } = await fovea(['augment', '0.jpg'], { cwd: folder.path });
    expect(stdout).toContain('8 samples of randomRotation(degrees=5)');
  });

  it('lists transforms', async () => {
    const result = await fovea(['augment', '--list', '--json']);
    const { transforms } = lastLine(result) as { transforms: { name: string }[] };
    expect(transforms.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['randomResizedCrop', 'mixUp', 'randomApply']),
    );
  });

  it.each([
    [['augment'], "missing required argument 'image'", 2],
    [['augment', '0.jpg'], 'there is no policy', 2],
    [['augment', '0.jpg', '--policy', 'flpi'], '(did you mean "flip"?)', 2],
    [['augment', '0.jpg', '--policy', 'flip', '--boxes', '1,2,3'], '--boxes takes x1,y1,x2,y2', 2],
    [['augment', '0.jpg', '--policy', 'flip', '--boxes', '1,2,300,9'], 'has 120 × 90 pixels', 1],
    [['augment', '0.jpg', '--policy', 'ioucrop'], 'must have boxes', 2],
    [['augment', 'none.jpg', '--policy', 'flip'], 'none.jpg: there is no such file', 1],
    [['augment', '0.jpg', '--policy', 'flip', '--rows', '999'], 'may be up to 400', 2],
  ])('%s is wrong', async (args, message, exitCode) => {
    await using folder = await withPhotos(1);
    const { code, stderr } = await fovea(args, { cwd: folder.path });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^error: .*\n$/);
    expect(code).toBe(exitCode);
  });
});
