import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { reasonOf } from '../../data/download.ts';
import { FormatError } from '../../graph/errors.ts';
import { DECODE_DEFAULTS } from '../../image/decode-options.ts';
import {
  claimedSize,
  DECODED_FORMATS,
  EXTENSIONS,
  type ImageFormat,
  imageFormat,
} from '../../image/format.ts';
import { decodeImage } from '../../image/node/decode.ts';
import { type CheckedSample, emptyFacts, type Facts } from '../facts.ts';
import { HASHED_SIZE, hashInto } from '../perceptual-hash.ts';
import type { ProblemKind } from '../problems.ts';
import { isImageName, type ListedFiles } from './list-files.ts';
import { isTruncated } from './truncated.ts';

export interface ScanOptions {
  onImage?(done: number, total: number): void;
  readonly signal?: AbortSignal;
}

/** Pixels that may be decoded at a time: one image of the largest size, or many ordinary ones. */
const PIXELS_AT_ONCE = DECODE_DEFAULTS.maxPixels;
/** Enough of a file to tell what it is. */
const HEAD = 64;

/** Lets work through as long as the sum of its costs stays below a limit; what costs more goes alone. */
function budget(limit: number) {
  let used = 0;
  const waiting: { readonly cost: number; readonly go: () => void }[] = [];
  const admit = () => {
    while (waiting.length > 0 && (used === 0 || used + waiting[0]!.cost <= limit)) {
      const { cost, go } = waiting.shift()!;
      used += cost;
      go();
    }
  };
  return async <T>(cost: number, work: () => Promise<T>): Promise<T> => {
    await new Promise<void>((go) => {
      waiting.push({ cost, go });
      admit();
    });
    try {
      return await work();
    } finally {
      used -= cost;
      admit();
    }
  };
}

/**
 * Reads and decodes every image once, several at a time, as training would. What is kept of each are a
 * few numbers: memory does not grow with the size of the images.
 */
export async function scanFiles(
  { root, images, others, closed }: ListedFiles,
  { onImage, signal }: ScanOptions = {},
): Promise<{ readonly facts: Facts; readonly notImages: number }> {
  const facts = emptyFacts(images);
  const decoding = budget(PIXELS_AT_ONCE);
  const pathOf = (path: string) => (isAbsolute(path) ? path : join(root, path));

  async function scanImage(i: number, sample: CheckedSample): Promise<void> {
    const path = pathOf(sample.path);
    const say = (kind: ProblemKind, detail: string) =>
      facts.problems.push({ kind, samples: [i], detail });
    const bytes = await readWhole(path).catch((error: unknown) => error as Error);
    if (bytes instanceof Error) {
      const reason = reasonOf(bytes);
      const said = reason === 'ENOENT' ? 'it is not there' : reason;
      say(bytes instanceof TooLarge ? 'too-large' : 'unreadable', said);
      return;
    }
    if (bytes.length === 0) return void say('empty', '0 bytes');
    facts.digests[i] = createHash('sha256').update(bytes).digest('base64');
    const format = imageFormat(bytes);
    if (format === undefined) return void say('not-image', contentOf(bytes));
    facts.formats[i] = format;
    if (!DECODED_FORMATS.includes(format)) return void say('unsupported', format.toUpperCase());
    const claimed = claimedSize(bytes);
    const pixels = claimed ? claimed.width * claimed.height : PIXELS_AT_ONCE / 4;
    try {
      const { image, original } = await decoding(Math.min(pixels, PIXELS_AT_ONCE), () =>
        decodeImage(bytes, { channels: 1, enough: HASHED_SIZE }, path),
      );
      facts.widths[i] = original.width;
      facts.heights[i] = original.height;
      hashInto(facts.hashes, i, image);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      say(...failure(error, path, bytes));
      return;
    }
    const ending = sample.path.slice(sample.path.lastIndexOf('.') + 1);
    if (EXTENSIONS[ending.toLowerCase()] !== format) {
      say('wrong-extension', `${format.toUpperCase()}, named .${ending}`);
    }
  }

  let done = 0;
  const total = images.length + others.length;
  const next = images.entries();
  async function worker(): Promise<void> {
    for (const [i, sample] of next) {
      signal?.throwIfAborted();
      await scanImage(i, sample);
      onImage?.(++done, total);
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() + 2 }, worker));

  let notImages = 0;
  for (const { path } of others) {
    signal?.throwIfAborted();
    const format = await headFormat(pathOf(path));
    if (format === undefined) notImages++;
    else {
      const isRead = DECODED_FORMATS.includes(format);
      const why = isRead ? 'by its content' : 'which is not read';
      const detail = isImageName(path)
        ? 'lies in no folder of a class'
        : `${format.toUpperCase()}, ${why}`;
      facts.problems.push({ kind: 'not-read', samples: [], path, detail });
    }
    onImage?.(++done, total);
  }
  for (const { path, reason } of closed) {
    facts.problems.push({ kind: 'unreadable', samples: [], path, detail: reason });
  }
  return { facts, notImages };
}

/** Which kind of problem it is when decoding fails, and the decoder's own words. */
function failure(error: FormatError, path: string, bytes: Uint8Array): [ProblemKind, string] {
  const text = error.message.replace(`${path}: `, '').replace(/; [^;]*$/, '');
  if (/maxPixels/.test(text)) return ['too-large', text.replace(/, more than.*/, '')];
  const said = (/\((.*)\)/.exec(text)?.[1] ?? text)
    .replace(/^Input buffer (has corrupt header|contains unsupported image format)[: ]*/, '')
    .replace(/^Unknown error$/, 'damaged content')
    .trim();
  const cut = isTruncated(bytes) || /premature end|unexpected end|bad seek/i.test(said);
  return [cut ? 'truncated' : 'corrupt', said === '' ? 'damaged header' : said];
}

/** What a file that is no image seems to be. */
function contentOf(bytes: Uint8Array): string {
  const head = bytes.subarray(0, HEAD);
  if (head.every((byte) => byte === 0)) return 'zeros only';
  const text = /^[\t\n\r\x20-\x7e]*$/.test(String.fromCharCode(...head));
  if (!text) return 'unknown content';
  const start = String.fromCharCode(...head).trimStart();
  if (/^<(!doctype )?html/i.test(start)) return 'a web page';
  return start.startsWith('%PDF') ? 'a PDF document' : 'text';
}

class TooLarge extends Error {}

async function readWhole(path: string): Promise<Uint8Array> {
  // Anything but a plain file could keep a reader waiting for ever.
  const { size } = await requirePlainFile(path);
  if (size > DECODE_DEFAULTS.maxBytes) throw new TooLarge(`${size} bytes`);
  return readFile(path);
}

async function requirePlainFile(path: string) {
  const found = await stat(path);
  if (!found.isFile()) throw new Error('it is no plain file');
  return found;
}

/** What kind of image a file is by its first bytes; undefined when it is none, or cannot be read. */
async function headFormat(path: string): Promise<ImageFormat | undefined> {
  try {
    await requirePlainFile(path);
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD), 0, HEAD, 0);
      const format = imageFormat(buffer.subarray(0, bytesRead));
      // Formats that are not decoded have signatures that other files may have too.
      const certain = format !== undefined && DECODED_FORMATS.includes(format);
      return certain || path.toLowerCase().endsWith(`.${format}`) ? format : undefined;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
