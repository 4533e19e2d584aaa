// The IDX format of MNIST and its kin: two zero bytes, a type byte, the rank, one big-endian uint32
// per axis, then the elements in row-major order.

import { FormatError } from '../graph/errors.ts';

/** The elements of an IDX file in row-major order: uint8 (type 0x08) or int32 (type 0x0c). */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int32Array;
}

interface Header {
  readonly type: number;
  readonly shape: readonly number[];
  /** Bytes before the first element. */
  readonly offset: number;
  /** Bytes of the whole file. */
  readonly length: number;
}

const UINT8 = 0x08;
const INT32 = 0x0c;
const MAX_RANK = 8;
const MAX_BYTES = 2 ** 30;
/** Deflate cannot shrink data by more than this factor. */
const MAX_DEFLATE_RATIO = 1032;
const WAY_OUT = 'get a fresh copy of the file';

const hex = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

function truncated(file: string, found: number, expected: string): FormatError {
  return new FormatError(
    `${file}: truncated IDX file: it holds ${found} of ${expected} bytes; ${WAY_OUT}`,
  );
}

/** Undefined when the header goes on after the end of `bytes`. */
function parseHeader(bytes: Uint8Array, file: string, maxBytes: number): Header | undefined {
  if (bytes.length < 4) return undefined;
  const [zero0, zero1, type, rank] = bytes as unknown as [number, number, number, number];
  if (zero0 !== 0 || zero1 !== 0) {
    const page = zero0 === 0x3c ? ', which looks like a web page' : '';
    throw new FormatError(
      `${file}: not an IDX file: it must start with two zero bytes (it starts with ${hex(bytes.subarray(0, 4))}${page}); ${WAY_OUT}`,
    );
  }
  if (type !== UINT8 && type !== INT32) {
    throw new FormatError(
      `${file}: IDX elements must be uint8 (type 08) or int32 (type 0c), this file has type ${hex(bytes.subarray(2, 3))}; convert it to uint8`,
    );
  }
  if (rank < 1 || rank > MAX_RANK) {
    throw new FormatError(
      `${file}: an IDX array must have 1 to ${MAX_RANK} axes, this one declares ${rank}; ${WAY_OUT}`,
    );
  }
  const offset = 4 + 4 * rank;
  if (bytes.length < offset) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, offset);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const length = offset + shape.reduce((a, b) => a * b, type === UINT8 ? 1 : 4);
  if (length > maxBytes) {
    throw new FormatError(
      `${file}: at most ${maxBytes} bytes are expected here, the IDX header declares ${length} (shape [${shape.join(', ')}]); ${WAY_OUT}`,
    );
  }
  return { type, shape, offset, length };
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

async function gunzip(packed: Uint8Array, file: string, maxBytes: number): Promise<Uint8Array> {
  const stream = new DecompressionStream('gzip');
  const writer = stream.writable.getWriter();
  // A failure of the writing side reaches the reading side, which reports it.
  writer.write(packed as Uint8Array<ArrayBuffer>).catch(() => {});
  writer.close().catch(() => {});
  const reader = stream.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const next = () =>
    reader.read().catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new FormatError(`${file}: damaged gzip data (${reason}); ${WAY_OUT}`, { cause });
    });

  try {
    let head: Uint8Array = new Uint8Array(0);
    let header: Header | undefined;
    while (header === undefined) {
      const { done, value } = await next();
      if (done) throw truncated(file, head.length, 'at least 8');
      head = concat(head, value);
      header = parseHeader(head, file, maxBytes);
    }
    const { length } = header;
    if (length > (packed.length + 1) * MAX_DEFLATE_RATIO) {
      throw truncated(file, packed.length, `compressed data for ${length}`);
    }
    const bytes = new Uint8Array(length);
    let filled = 0;
    for (let chunk: Uint8Array | undefined = head; chunk; chunk = (await next()).value) {
      if (filled + chunk.length > length) {
        throw new FormatError(
          `${file}: trailing bytes: the IDX header declares ${length} bytes and more follow; ${WAY_OUT}`,
        );
      }
      bytes.set(chunk, filled);
      filled += chunk.length;
    }
    if (filled < length) throw truncated(file, filled, String(length));
    return bytes;
  } finally {
    reader.cancel().catch(() => {});
  }
}

/**
 * The plain bytes of an IDX file that may be gzipped (told by its first two bytes).
 *
 * @param file name for messages
 * @param maxBytes bound for the plain size; nothing larger is allocated
 * @throws FormatError when the gzip data is damaged or does not hold what the IDX header declares
 */
export async function unpackIdx(
  bytes: Uint8Array,
  file: string,
  maxBytes = MAX_BYTES,
): Promise<Uint8Array> {
  return isGzip(bytes) ? await gunzip(bytes, file, maxBytes) : bytes;
}

/**
 * Reads the plain bytes of an IDX file. A uint8 array is a view of `bytes`, not a copy.
 *
 * @throws FormatError for a wrong magic number, type or rank, a truncated file or trailing bytes
 */
export function parseIdx(bytes: Uint8Array, file: string, maxBytes = MAX_BYTES): IdxArray {
  const header = parseHeader(bytes, file, maxBytes);
  if (header === undefined) throw truncated(file, bytes.length, 'at least 8');
  const { type, shape, offset, length } = header;
  if (bytes.length < length) throw truncated(file, bytes.length, String(length));
  if (bytes.length > length) {
    throw new FormatError(
      `${file}: trailing bytes: the IDX header declares ${length} bytes, the file has ${bytes.length}; ${WAY_OUT}`,
    );
  }
  if (type === UINT8) return { shape, data: bytes.subarray(offset) };
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length - offset);
  const data = new Int32Array(view.byteLength / 4);
  for (let i = 0; i < data.length; i++) data[i] = view.getInt32(4 * i);
  return { shape, data };
}

/** Reads an IDX file, gzipped or plain. Errors as in `unpackIdx` and `parseIdx`. */
export async function readIdx(
  bytes: Uint8Array,
  file: string,
  maxBytes = MAX_BYTES,
): Promise<IdxArray> {
  return parseIdx(await unpackIdx(bytes, file, maxBytes), file, maxBytes);
}

/** The plain bytes of an IDX file that holds `array`. */
export function encodeIdx({ shape, data }: IdxArray): Uint8Array {
  const offset = 4 + 4 * shape.length;
  const bytes = new Uint8Array(offset + data.byteLength);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, data instanceof Uint8Array ? UINT8 : INT32, shape.length]);
  shape.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  if (data instanceof Uint8Array) bytes.set(data, offset);
  else
    data.forEach((value, i) => {
      view.setInt32(offset + 4 * i, value);
    });
  return bytes;
}
