import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { photo, writeCorpus } from '../check/corpus.ts';
import { fovea, lastLine, temporaryFolder } from './fovea.ts';

describe('fovea check', () => {
  it('tells of faults and writes a report, pictures and a list of exclusions', async () => {
    await using folder = await temporaryFolder();
    await writeCorpus(join(folder.path, 'data'));
    const found = await fovea(['check', 'data'], { cwd: folder.path });
    expect(found.stderr).toBe('');
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(
      /data: 19 images \(3 cannot be read\), 3 classes; train 12, test 4/,
    );
    expect(found.stdout).toMatch(
      /same picture in several splits: 1\n {2}test\/cat\/leak\.jpg = train/,
    );
    expect(found.stdout).toContain('7 errors, 3 warnings');
    expect(found.stdout).toContain('--fix leaves out 7 images');
    expect(found.stdout).not.toContain('\u001b');
    const out = join(folder.path, 'runs', 'check-data');
    expect((await readdir(out)).sort()).toEqual([
      'contact-sheet.png',
      'problems.png',
      'report.json',
    ]);
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as object;
    expect(report).toMatchObject({ data: 'data', errors: 7, images: 19 });

    const fixed = await fovea(['check', 'data', '--fix', '--json', '--out', 'o'], {
      cwd: folder.path,
    });
    // The class without images stays.
    expect(fixed.code).toBe(1);
    expect(lastLine(fixed)).toMatchObject({ errors: 7, fixed: { added: 7 } });
    const accepted = await fovea(['check', 'data', '--threshold', '1'], { cwd: folder.path });
    expect(accepted.code).toBe(0);
    expect(accepted.stdout).toContain('excluded  7 images by fovea-exclude.tsv');
  });

  it('has nothing to say against good data', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['a', 'b']) {
      await mkdir(join(folder.path, 'good', name), { recursive: true });
      for (let i = 0; i < 3; i++) {
        const seed = i + (name === 'a' ? 0 : 3);
        const bytes = await photo(seed).jpeg().toBuffer();
        await writeFile(join(folder.path, 'good', name, `${i}.jpg`), bytes);
      }
    }
    const { code, stdout } = await fovea(['check', 'good'], { cwd: folder.path });
    expect(code).toBe(0);
    expect(stdout).toContain('0 errors, 0 warnings');
    expect(await readdir(join(folder.path, 'runs', 'check-good'))).not.toContain('problems.png');
  });

  it.each([
    ['check', "missing required argument 'data'"],
    ['check none', 'dataset "none"'],
    ['check . --out ./x', '--out ./x lies in the data'],
    ['check . --near-duplicates 65', 'must be a whole number, 0 … 64'],
    ['check fashion-mnist-sample --fix', '--fix is for images in files'],
  ])('%s is wrong', async (args, message) => {
    await using folder = await temporaryFolder();
    const { code, stderr } = await fovea(args.split(' '), { cwd: folder.path });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^error: .*\n$/);
    expect(code).toBe(2);
  });
});
