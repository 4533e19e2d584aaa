import { createHash } from 'node:crypto';
import { FormatError } from '../graph/errors.ts';
import type { DatasetFile } from './catalogue.ts';
import { type IdxArray, isGzip, parseIdx, unpackIdx } from './idx.ts';

/** Room for a file that gzip could not shrink, in bytes. */
const PACKING_OVERHEAD = 2 ** 20;

/** The most bytes that a file, packed or plain, may have; larger ones are not even read. */
export const sizeLimit = (file: DatasetFile): number => file.bytes + PACKING_OVERHEAD;

const digest = (algorithm: string, bytes: Uint8Array) =>
  createHash(algorithm).update(bytes).digest('hex');

/**
 * Unpacks and parses an IDX file of the catalogue after checking its size and digest.
 *
 * @param source path or URL for messages
 * @param original whether the bytes claim to be the published `.gz`, so that its MD5 must match
 * @returns the array, and whether a digest confirmed it
 * @throws FormatError when it is not the file that the catalogue describes
 */
export async function verifiedIdx(
  bytes: Uint8Array,
  file: DatasetFile,
  source: string,
  original: boolean,
): Promise<{ array: IdxArray; confirmed: boolean }> {
  const plain = await unpackIdx(bytes, source, file.bytes);
  const array = parseIdx(plain, source, file.bytes);
  if (plain.length !== file.bytes) {
    throw new FormatError(
      `${source}: ${file.name} must have ${file.bytes} bytes when unpacked, this file has ${plain.length}; get a fresh copy, or take it from the right dataset`,
    );
  }
  let confirmed = false;
  if (file.sha256) {
    const found = digest('sha256', plain);
    if (found !== file.sha256) {
      throw new FormatError(
        `${source}: unpacked SHA-256 must be ${file.sha256} (it is ${found}): damaged, or from another dataset; get a fresh copy, or put the right file there`,
      );
    }
    confirmed = true;
  } else if (file.gzipMd5 && isGzip(bytes)) {
    const found = digest('md5', bytes);
    confirmed = found === file.gzipMd5;
    if (original && !confirmed) {
      throw new FormatError(
        `${source}: MD5 must be ${file.gzipMd5} (it is ${found}): damaged, or from another dataset; get a fresh copy`,
      );
    }
  }
  return { array, confirmed };
}
