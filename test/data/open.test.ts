import { existsSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listImageFolder } from '../../src/check/node/list-files.ts';
import { encodeIdx } from '../../src/data/index.ts';
import { type ImageFiles, openData, type Samples } from '../../src/data/node.ts';
import { pictureBytes, temporaryFolder, writeTree } from './pictures.ts';

let root: string;
let picture: Uint8Array;
beforeEach(async () => {
  root = await temporaryFolder();
  picture = await pictureBytes(1);
});
afterEach(() => rm(root, { recursive: true }));

const tree = (paths: readonly string[]) =>
  writeTree(root, Object.fromEntries(paths.map((path) => [path, picture])));
const listed = (samples: Samples) => {
  const { paths, labels, classes } = samples as ImageFiles;
  return paths.map((path, i) => `${path} ${classes[labels[i]!]}`);
};

describe('openData on a folder of images', () => {
  it('takes sub-folders for classes, at any depth and in any kind of file', async () => {
    await tree(['cat/1.jpg', 'cat/deep/er/2.PNG', 'bird/3.webp', 'bird/.hidden.jpg']);
    await writeTree(root, { 'bird/notes.txt': 'x', 'empty/readme.md': 'y' });
    const notices: string[] = [];
    const data = await openData(root, { onNotice: (text) => notices.push(text) });
    expect(data.classes).toEqual(['bird', 'cat']);
    expect(data.parts).toEqual(['train']);
    expect(data.shape).toBeUndefined();
    expect(listed(await data.load('train'))).toEqual([
      'bird/3.webp bird',
      'cat/1.jpg cat',
      'cat/deep/er/2.PNG cat',
    ]);
    expect(notices).toEqual([
      `${join(root, 'empty')} holds no images, and is no class`,
      `${root}: left out 2 files that are no images by name`,
    ]);
  });

  it('follows links to folders, but never round in circles', async () => {
    await tree(['set/a/1.jpg', 'set/b/2.jpg', 'more/3.jpg']);
    await symlink(join(root, 'more'), join(root, 'set/a/more'));
    await symlink(root, join(root, 'set/a/out'));
    await symlink(join(root, 'set/b'), join(root, 'more/b'));
    await symlink(join(root, 'more'), join(root, 'set/b/back'));
    const found = ['a/1.jpg', 'a/more/3.jpg', 'a/more/b/2.jpg', 'b/2.jpg', 'b/back/3.jpg'];
    const data = await openData(join(root, 'set'));
    const { paths } = (await data.load('train')) as ImageFiles;
    expect([...paths].sort()).toEqual(found);
    const { images } = await listImageFolder(join(root, 'set'));
    expect(images.map(({ path }) => path).sort()).toEqual(found);
  });

  it('finds parts, whatever they are called, and below a folder of its own', async () => {
    await tree(['set/Train/a/1.jpg', 'set/Train/b/2.jpg', 'set/valid/a/3.jpg', 'set/test/b/4.jpg']);
    const data = await openData(root);
    expect(data.parts).toEqual(['train', 'val', 'test']);
    expect(listed(await data.load('val'))).toEqual(['valid/a/3.jpg a']);
    expect(listed(await data.load('test'))).toEqual(['test/b/4.jpg b']);
  });

  it('refuses a class that is not among those of training', async () => {
    await tree(['train/a/1.jpg', 'train/b/1.jpg', 'val/c/2.jpg']);
    const data = await openData(root);
    await expect(data.load('val')).rejects.toThrow(
      /val\/c\/2\.jpg: is of the class "c", which is not one of a, b; /,
    );
    const known = await openData(root, { classes: ['c', 'b', 'a'] });
    expect([...(await known.load('train')).labels]).toEqual([2, 1]);
  });

  it('leaves out what is listed in fovea-exclude.tsv, and says so', async () => {
    await tree(['a/1.jpg', 'a/2.jpg', 'b/3.jpg']);
    await writeTree(root, { 'fovea-exclude.tsv': 'a/1.jpg\ttruncated\r\n\nb/9.jpg\tgone\n' });
    const notices: string[] = [];
    const data = await openData(root, { onNotice: (text) => notices.push(text) });
    expect(listed(await data.load('train'))).toEqual(['a/2.jpg a', 'b/3.jpg b']);
    expect(notices).toEqual([`1 images are left out, as ${join(root, 'fovea-exclude.tsv')} says`]);
  });

  it('says what to do about folders that are none of that', async () => {
    await expect(openData(root)).rejects.toThrow(/holds no images; put the images of each class/);
    await tree(['1.jpg', '2.jpg']);
    await expect(openData(root)).rejects.toThrow(/holds 2 images, but in no sub-folder/);
    await writeTree(root, { 'labels.csv': 'path,label\n1.jpg,a\n' });
    await expect(openData(root)).rejects.toThrow(/give --data .*labels\.csv/);
  });
});

describe('openData on a list', () => {
  it('reads paths, classes and splits', async () => {
    await tree(['img/1.jpg', 'img/2.jpg', 'img/3.jpg']);
    await writeTree(root, {
      'list.csv': 'path,label,split\nimg/1.jpg,10,train\nimg/2.jpg,9,train\nimg/3.jpg,10,val\n',
    });
    const data = await openData(join(root, 'list.csv'));
    expect(data).toMatchObject({ name: 'list.csv', classes: ['9', '10'], parts: ['train', 'val'] });
    expect(listed(await data.load('train'))).toEqual(['img/1.jpg 10', 'img/2.jpg 9']);
  });

  it('takes an image that is listed twice once, and refuses two classes for it', async () => {
    await tree(['1.jpg', '2.jpg']);
    await writeTree(root, {
      'a.json': '[{"file":"1.jpg","class":"x"},{"file":"1.jpg","class":"x"}]',
      'b.json': '[{"file":"1.jpg","class":"x"},{"file":"1.jpg","class":"y"}]',
    });
    const data = await openData(join(root, 'a.json'));
    expect((await data.load('train')).length).toBe(1);
    await expect(openData(join(root, 'b.json'))).rejects.toThrow(
      /b\.json, item 2: 1\.jpg is of the class "y" here and of "x" in .*item 1/,
    );
  });

  it('names the first file that is not there', async () => {
    await tree(['1.jpg']);
    await writeTree(root, {
      'l.jsonl': '{"path":"1.jpg","label":1}\n{"path":"2.jpg","label":1}\n',
    });
    await expect(openData(join(root, 'l.jsonl'))).rejects.toThrow(
      /l\.jsonl:2: 2\.jpg is not there; paths are relative to/,
    );
  });
});

describe('openData', () => {
  const record = (label: number) => Uint8Array.of(label, ...new Array<number>(3072).fill(label));

  it('reads CIFAR-10 in its binary version, a folder or one file', async () => {
    const names = 'air\nauto\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n';
    await writeTree(root, {
      'cifar-10-batches-bin/data_batch_1.bin': Buffer.concat([record(3), record(1)]),
      'cifar-10-batches-bin/data_batch_3.bin': record(7),
      'cifar-10-batches-bin/test_batch.bin': record(2),
      'cifar-10-batches-bin/batches.meta.txt': names,
    });
    const data = await openData(root);
    expect(data).toMatchObject({ name: 'CIFAR-10', shape: [3, 32, 32], parts: ['train', 'test'] });
    expect(data.classes[7]).toBe('horse');
    expect([...(await data.load('train')).labels]).toEqual([3, 1, 7]);
    expect([...(await data.load('test')).labels]).toEqual([2]);
    const file = await openData(join(root, 'cifar-10-batches-bin', 'data_batch_1.bin'));
    expect(file.parts).toEqual(['train']);
    expect((await file.load('train')).length).toBe(2);
  });

  it('reads a folder of IDX files', async () => {
    const images = encodeIdx({ shape: [2, 2, 2], data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
    await writeTree(root, {
      'train-images-idx3-ubyte.gz': gzipSync(images),
      'train-labels-idx1-ubyte': encodeIdx({ shape: [2], data: Uint8Array.of(2, 0) }),
    });
    const data = await openData(root);
    expect(data).toMatchObject({ classes: ['0', '1', '2'], shape: [1, 2, 2], parts: ['train'] });
    expect([...(await data.load('train')).labels]).toEqual([2, 0]);
  });

  it('says what could be meant', async () => {
    await expect(openData('fashion-mnits')).rejects.toThrow(
      /unknown dataset "fashion-mnits" \(did you mean "fashion-mnist"\?\); give one of mnist, /,
    );
    await expect(openData(join(root, 'nowhere'))).rejects.toThrow(
      /nowhere is not there; give one of/,
    );
    await writeTree(root, { 'x.zip': 'PK' });
    await expect(openData(join(root, 'x.zip'))).rejects.toThrow(
      /is a file of no kind that is read/,
    );
    await mkdir(join(root, 'none'));
  });

  const real = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
  if (!existsSync(real)) console.log('skipped: real image folders (no ../shared/data)');
  it.skipIf(!existsSync(real))('opens real data', async () => {
    const ants = await openData(join(real, 'hymenoptera'));
    expect(ants.classes).toEqual(['ants', 'bees']);
    expect([(await ants.load('train')).length, (await ants.load('val')).length]).toEqual([
      245, 153,
    ]);
    const cifar = await openData(join(real, 'cifar10'));
    expect((await cifar.load('test')).length).toBe(10_000);
  });
});
