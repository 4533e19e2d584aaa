import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FormatError } from '../graph/errors.ts';
import type { DownloadProgress } from './download.ts';
import { shippedFolder } from './folders.ts';
import { encodeIdx } from './idx.ts';
import { type LoadOptions, loadDataset } from './load.ts';

// The shipped sample stands in for a dataset that has to be downloaded; `kmnist`, of which no plain
// digest is known, is played by zeros of the right size.
vi.mock('./catalogue.ts', async (original) => {
  const actual = await original<typeof import('./catalogue.ts')>();
  const sample = actual.datasetEntry('fashion-mnist-sample');
  const remote = { ...sample, name: 'remote', torchvisionFolder: 'Remote', mirrors: ['http://x/'] };
  return {
    ...actual,
    datasetEntry: (name: string) => (name === 'remote' ? remote : actual.datasetEntry(name)),
  };
});

const disk = vi.hoisted(() => ({ full: false }));
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>();
  return {
    ...actual,
    writeFile: async (...args: Parameters<typeof actual.writeFile>) => {
      if (!disk.full) return actual.writeFile(...args);
      await actual.writeFile(args[0], 'the first few bytes');
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    },
  };
});

const sample = shippedFolder('fashion-mnist-sample');
const IMAGES = 't10k-images-idx3-ubyte';
const LABELS = 't10k-labels-idx1-ubyte';
const bytesOf = (name: string) => readFileSync(join(sample, `${name}.gz`));

let root: string;
let server: Server;
let base: string;
const requests: string[] = [];

/** What the server answers under /<mirror>/. */
const mirrors: Record<string, (name: string, response: ServerResponse) => void> = {
  good: (name, response) => response.end(readFileSync(join(sample, name))),
  plain: (name, response) => response.end(gunzipSync(readFileSync(join(sample, name)))),
  transparent: (name, response) =>
    response.setHeader('content-encoding', 'gzip').end(readFileSync(join(sample, name))),
  missing: (_, response) => response.writeHead(404).end('<html>no</html>'),
  page: (_, response) => response.end('<html>please log in</html>'),
  truncated: (name, response) => response.end(readFileSync(join(sample, name)).subarray(0, 400)),
  interrupted(name, response) {
    const bytes = readFileSync(join(sample, name));
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 400), () => response.destroy());
  },
  wrong(name, response) {
    const plain = gunzipSync(readFileSync(join(sample, name)));
    plain[plain.length - 1]! ^= 1;
    response.end(gzipSync(plain));
  },
  zeros(name, response) {
    const shape = name.includes('images') ? [10_000, 28, 28] : [10_000];
    const data = new Uint8Array(shape.reduce((a, b) => a * b));
    response.end(gzipSync(encodeIdx({ shape, data })));
  },
  endless(_, response) {
    const more = () => {
      while (!response.destroyed && response.write(new Uint8Array(1 << 16)));
    };
    response.on('drain', more);
    more();
  },
  silent: () => {},
  stalling: (name, response) => response.write(readFileSync(join(sample, name)).subarray(0, 400)),
};

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request.url!);
    const [, mirror, name] = request.url!.split('/');
    mirrors[mirror!]!(name!, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fovea-data-'));
  requests.length = 0;
});
afterEach(() => {
  disk.full = false;
  rmSync(root, { recursive: true, force: true });
});

const cache = () => join(root, 'cache');
const cached = () => readdirSync(join(cache(), 'datasets', 'remote')).sort();

async function load(names: readonly string[], options: LoadOptions = {}, dataset = 'remote') {
  const notices: string[] = [];
  const loaded = await loadDataset(dataset, 'test', {
    cacheDir: cache(),
    mirrors: names.map((name) => `${base}/${name}/`),
    timeoutMs: 1000,
    onNotice: (line) => notices.push(line),
    ...options,
  });
  return { loaded, notices };
}

/** Lays the two test files out under `root`. */
function place(...paths: readonly [string, string]) {
  paths.forEach((path, i) => {
    const to = join(root, path);
    mkdirSync(dirname(to), { recursive: true });
    const bytes = bytesOf(i === 0 ? IMAGES : LABELS);
    writeFileSync(to, path.endsWith('.gz') ? bytes : gunzipSync(bytes));
  });
}

describe('loadDataset from the package', () => {
  it('loads the sample, each class equally often', async () => {
    for (const [split, perClass] of [
      ['train', 600],
      ['test', 100],
    ] as const) {
      const dataset = await loadDataset('fashion-mnist-sample', split, { offline: true });
      expect(dataset.shape).toEqual([1, 28, 28]);
      const counts = new Array<number>(10).fill(0);
      for (const label of dataset.labels) counts[label]!++;
      expect(counts).toEqual(new Array(10).fill(perClass));
    }
  });

  it('refuses unknown names', async () => {
    await expect(loadDataset('mnits', 'train')).rejects.toThrow(/did you mean "mnist"/);
  });
});

describe('loadDataset from a folder', () => {
  it.each([
    ['packed files', `${IMAGES}.gz`, `${LABELS}.gz`],
    ['plain files', IMAGES, LABELS],
    ['one of each', `${IMAGES}.gz`, LABELS],
    ['names with a dot', 't10k-images.idx3-ubyte', 't10k-labels.idx1-ubyte.gz'],
    ['a folder named like the dataset', `remote/${IMAGES}.gz`, `remote/${LABELS}.gz`],
    ["torchvision's layout", `Remote/raw/${IMAGES}`, `Remote/raw/${LABELS}`],
    ["the inside of torchvision's layout", `raw/${IMAGES}`, `raw/${LABELS}`],
  ])('finds %s', async (_, images, labels) => {
    place(images, labels);
    const { loaded, notices } = await load([], { dataDir: root });
    expect(loaded.length).toBe(1000);
    expect(notices).toEqual([]);
    expect(requests).toEqual([]);
  });

  it('refuses a folder that is not there', async () => {
    const missing = load(['good'], { dataDir: join(root, 'nowhere') });
    await expect(missing).rejects.toThrow(/nowhere is not there; check --data-dir/);
    expect(requests).toEqual([]);
  });

  it('refuses damaged files rather than looking elsewhere', async () => {
    place(`${IMAGES}.gz`, `${LABELS}.gz`);
    const plain = gunzipSync(bytesOf(LABELS));
    plain[100]! ^= 1;
    writeFileSync(join(root, `${LABELS}.gz`), gzipSync(plain));
    const error = await load(['good'], { dataDir: root }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toMatch(/t10k-labels.*\.gz: unpacked SHA-256 must be 95ae/);
    expect(requests).toEqual([]);
  });

  it.each([
    ['another split', 'train-labels-idx1-ubyte.gz', /at most 1008 bytes are expected here/],
    ['something huge', undefined, /may have up to \d+ bytes, this file has 3000000/],
    ['a folder', '', /cannot be read \(EISDIR\)/],
  ])('refuses %s in place of a file', async (_, source, rule) => {
    place(`${IMAGES}.gz`, `${LABELS}.gz`);
    const path = join(root, `${LABELS}.gz`);
    rmSync(path);
    if (source === '') mkdirSync(path);
    else if (source) copyFileSync(join(sample, source), path);
    else writeFileSync(path, new Uint8Array(3_000_000));
    await expect(load([], { dataDir: root })).rejects.toThrow(rule);
    await expect(load([], { dataDir: root })).rejects.toThrow(FormatError);
  });
});

describe('loadDataset from mirrors', () => {
  it('downloads once, tells how far it is, and keeps the files', async () => {
    const progress: DownloadProgress[] = [];
    const { loaded } = await load(['good'], { onProgress: (step) => progress.push(step) });
    expect(loaded.length).toBe(1000);
    expect(progress.at(-1)).toEqual({
      file: `${LABELS}.gz`,
      url: `${base}/good/${LABELS}.gz`,
      received: bytesOf(LABELS).length,
      total: bytesOf(LABELS).length,
    });
    expect(cached()).toEqual([`${IMAGES}.gz`, `${LABELS}.gz`]);
    expect(requests).toEqual([`/good/${IMAGES}.gz`, `/good/${LABELS}.gz`]);

    const again = await load(['missing'], { offline: true });
    expect(again.loaded.images).toEqual(loaded.images);
    expect(requests.length).toBe(2);
  });

  it.each([
    'missing',
    'page',
    'truncated',
    'interrupted',
    'wrong',
    'endless',
    'silent',
    'stalling',
  ])('goes on to the next mirror after one that is %s', async (bad) => {
    const { loaded } = await load([bad, 'good']);
    expect(loaded.length).toBe(1000);
    expect(cached()).toEqual([`${IMAGES}.gz`, `${LABELS}.gz`]);
    expect(requests.length).toBe(4);
  });

  it('takes files that a server has unpacked on the way', async () => {
    for (const mirror of ['plain', 'transparent']) {
      await load([mirror]);
      expect(cached()).toEqual([IMAGES, LABELS]);
      await load([], { offline: true });
      rmSync(cache(), { recursive: true });
    }
  });

  it('says on one line all that it tried and the way out', async () => {
    mkdirSync(join(root, 'mine'));
    const error = await load(['missing', 'wrong', 'silent'], { dataDir: join(root, 'mine') }).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(FormatError);
    const { message } = error as FormatError;
    expect(message.split('\n').length).toBe(1);
    expect(message).toMatch(
      /^dataset remote \(test\): t10k-images-idx3-ubyte\.gz is not to be had; tried .*mine \(not there\), .*cache.* \(not there\), .*missing\/ \(HTTP 404 Not Found\), .*wrong\/ \(.*SHA-256 must be .*\), .*silent\/ \(no data for 1 s\); .*--data-dir.*fashion-mnist-sample/,
    );
  });

  it('names mirrors that nobody listens at', async () => {
    await expect(load([], { mirrors: ['http://127.0.0.1:9/'] })).rejects.toThrow(
      /http:\/\/127\.0\.0\.1:9\/ \(/,
    );
  });

  it('touches no mirror when offline', async () => {
    await expect(load(['good'], { offline: true })).rejects.toThrow(/no mirror \(offline\)/);
    expect(requests).toEqual([]);
  });

  it('keeps what it has and fetches only the rest the next time', async () => {
    mirrors.imagesOnly = (name, response) =>
      mirrors[name.includes('images') ? 'good' : 'interrupted']!(name, response);
    await expect(load(['imagesOnly'])).rejects.toThrow(FormatError);
    expect(cached()).toEqual([`${IMAGES}.gz`]);
    requests.length = 0;
    await load(['good']);
    expect(requests).toEqual([`/good/${LABELS}.gz`]);
  });

  it('replaces damaged files in the cache', async () => {
    await load(['good']);
    writeFileSync(join(cache(), 'datasets', 'remote', `${IMAGES}.gz`), 'junk');
    await expect(load([], { offline: true })).rejects.toThrow(/remote \(.*not an IDX file/);
    await load(['good']);
    await load([], { offline: true });
  });

  it('uses a download that cannot be kept, and says so', async () => {
    writeFileSync(cache(), 'a file where the folder should be');
    const { loaded, notices } = await load(['good']);
    expect(loaded.length).toBe(1000);
    expect(notices[0]).toMatch(/cannot be written \((ENOTDIR|EEXIST)\): .*set FOVEA_HOME/);
  });

  it('leaves nothing behind on a full disk', async () => {
    disk.full = true;
    const { loaded, notices } = await load(['good']);
    expect(loaded.length).toBe(1000);
    expect(notices.length).toBe(2);
    expect(notices[0]).toMatch(/cannot be written \(ENOSPC\): the download is used but not kept/);
    expect(cached()).toEqual([]);
  });

  it('stops when told to', async () => {
    const signal = AbortSignal.timeout(50);
    await expect(load(['silent', 'good'], { signal, timeoutMs: 5000 })).rejects.toThrow(/timeout/i);
    expect(requests).toEqual([`/silent/${IMAGES}.gz`]);
  });
});

describe('loadDataset without a known digest', () => {
  it('refuses a download whose published MD5 differs', async () => {
    await expect(load(['zeros'], {}, 'kmnist')).rejects.toThrow(/MD5 must be 5c965bf0/);
  });

  it('takes files from a folder after checking size and structure', async () => {
    const zeros = (shape: number[]) =>
      encodeIdx({ shape, data: new Uint8Array(shape.reduce((a, b) => a * b)) });
    writeFileSync(join(root, `${IMAGES}.gz`), gzipSync(zeros([10_000, 28, 28])));
    writeFileSync(join(root, LABELS), zeros([10_000]));
    const { loaded, notices } = await load([], { dataDir: root }, 'kmnist');
    expect(loaded.length).toBe(10_000);
    expect(notices).toEqual([
      'dataset kmnist (test): no published digest known for these files, size and structure checked',
    ]);

    writeFileSync(join(root, `${IMAGES}.gz`), gzipSync(zeros([10_000, 14, 56])));
    await expect(load([], { dataDir: root }, 'kmnist')).rejects.toThrow(
      /images must be \[1, 28, 28\] \(they are \[1, 14, 56\]\)/,
    );
  });
});
