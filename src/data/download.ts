import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FormatError, FoveaError } from '../graph/errors.ts';
import type { DatasetFile } from './catalogue.ts';
import { type IdxArray, isGzip } from './idx.ts';
import { sizeLimit, verifiedIdx } from './verify.ts';

export interface DownloadProgress {
  /** The file's name at the mirror. */
  readonly file: string;
  readonly url: string;
  /** Bytes so far. */
  readonly received: number;
  /** Bytes in all, where the mirror says so. */
  readonly total?: number;
}

export interface DownloadOptions {
  /** A mirror that sends nothing for so long is given up. Default 20,000 ms. */
  readonly timeoutMs?: number;
  /** Stops the download; its reason is thrown. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

export interface Downloaded {
  readonly array: IdxArray;
  /** As received: the `.gz`, or the plain file when the mirror unpacks it. */
  readonly bytes: Uint8Array;
  /** Whether a published digest confirmed it. */
  readonly confirmed: boolean;
}

/** Why something failed, in a few words that fit between brackets. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof FoveaError) return error.message.split('; ')[0]!;
  const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : message;
}

async function receive(
  url: string,
  file: DatasetFile,
  options: DownloadOptions,
): Promise<Uint8Array> {
  const { timeoutMs = 20_000, signal, onProgress } = options;
  const stalled = new AbortController();
  const giveUp = () => stalled.abort(new Error(`no data for ${timeoutMs / 1000} s`));
  let timer = setTimeout(giveUp, timeoutMs);
  try {
    const response = await fetch(url, {
      signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
    });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`HTTP ${response.status} ${response.statusText}`.trim());
    }
    const length = Number(response.headers.get('content-length'));
    const encoded = response.headers.has('content-encoding');
    const chunks: Uint8Array[] = [];
    let received = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, timeoutMs);
      received += chunk.length;
      if (received > sizeLimit(file)) throw new Error(`sends more than ${sizeLimit(file)} bytes`);
      chunks.push(chunk);
      onProgress?.({
        file: `${file.name}.gz`,
        url,
        received,
        ...(length > 0 && !encoded && { total: length }),
      });
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Fetches a file from the first mirror that has it whole and right.
 *
 * @param mirrors base URLs ending in `/`
 * @returns undefined when no mirror has it; `failures` then has one line per mirror
 */
export async function downloadFile(
  file: DatasetFile,
  mirrors: readonly string[],
  failures: string[],
  options: DownloadOptions = {},
): Promise<Downloaded | undefined> {
  for (const mirror of mirrors) {
    const url = `${mirror}${file.name}.gz`;
    try {
      const bytes = await receive(url, file, options);
      return { bytes, ...(await verifiedIdx(bytes, file, `${file.name}.gz`, true)) };
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(`${mirror} (${reasonOf(error)})`);
    }
  }
  return undefined;
}

/**
 * Writes a file under a temporary name and renames it, so that it is there whole or not at all.
 *
 * @throws FormatError when the folder cannot be written
 */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new FormatError(`${path}: cannot be written (${reasonOf(cause)})`, { cause });
  }
}

/** The name under which received bytes are kept. */
export const storedName = (file: DatasetFile, bytes: Uint8Array): string =>
  isGzip(bytes) ? `${file.name}.gz` : file.name;
