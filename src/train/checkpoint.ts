import * as z from 'zod';
import { FormatError, UsageError } from '../graph/errors.ts';
import { FIT_MODES } from '../image/transforms/fit.ts';
import {
  type ArrayMap,
  packArrays,
  readSafetensors,
  safetensorsHeader,
} from '../interchange/safetensors.ts';
import { resolveConfig } from './config.ts';
import type { Checkpoint, CheckpointInfo } from './types.ts';

// A checkpoint is one safetensors file, its description in the metadata: one rename puts the whole
// of it in place, so that arrays and description can never be of different moments.

const INFO = 'fovea';
const DIGEST = 'sha256';

/** The parts of a checkpoint's file, in order. */
export async function encodeCheckpoint({
  info,
  arrays,
}: Checkpoint): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  const packed = packArrays(arrays);
  const metadata = { [INFO]: JSON.stringify(info), [DIGEST]: await sha256(packed.data) };
  return [safetensorsHeader(packed, metadata), packed.data];
}

/**
 * Reads a checkpoint.
 *
 * @param source path or URL for messages
 * @throws FormatError when it is damaged, is no checkpoint of Fovea, or is of a later version
 */
export async function decodeCheckpoint(bytes: Uint8Array, source: string): Promise<Checkpoint> {
  const { arrays, metadata } = readSafetensors(bytes, source);
  const json = metadata[INFO];
  if (json === undefined) {
    throw new FormatError(
      `${source}: holds arrays but not how a run of Fovea got them; take best.safetensors or last.safetensors of a run folder`,
    );
  }
  const info = parseInfo(json, source);
  const length = Object.values(arrays).reduce((sum, { data }) => sum + data.byteLength, 0);
  const digest = await sha256(new Uint8Array(bytes.subarray(bytes.length - length)));
  if (digest !== metadata[DIGEST]) {
    throw new FormatError(
      `${source}: its arrays are damaged (SHA-256 is ${digest}, it was saved with ${metadata[DIGEST]}); take another checkpoint`,
    );
  }
  return { info, arrays };
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// JSON knows no NaN; a loss that was none comes back as one.
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const whole = z.int().min(0);
const stepMetrics = {
  epoch: z.number().min(0),
  step: whole,
  trainLoss: number,
  trainAccuracy: number,
  lr: number,
};
const row = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('step'), ...stepMetrics }),
  z.strictObject({
    kind: z.literal('epoch'),
    ...stepMetrics,
    testLoss: number.optional(),
    testAccuracy: number.optional(),
    examplesPerSecond: number,
    waitShare: number,
    seconds: number,
  }),
]);
const infoSchema = z.strictObject({
  format: z.literal('fovea checkpoint'),
  version: z.literal(1),
  config: z.record(z.string(), z.unknown()),
  classes: z.array(z.string()).min(1),
  preprocessing: z.strictObject({
    shape: z.tuple([whole, whole, whole]),
    normalization: z
      .strictObject({ mean: z.array(z.number()), std: z.array(z.number()) })
      .optional(),
    fit: z.strictObject({ mode: z.enum(FIT_MODES), shorterSide: whole.optional() }).optional(),
  }),
  position: z.strictObject({ epoch: whole, batch: whole }),
  sums: z.strictObject({ count: whole, loss: number, correct: whole }),
  step: whole,
  pending: whole,
  metrics: z.array(row),
  best: z.strictObject({ epoch: z.number(), testAccuracy: z.number() }).optional(),
});

function parseInfo(json: string, source: string): CheckpointInfo {
  const fail = (what: string): never => {
    throw new FormatError(
      `${source}: its description of the run cannot be used (${what}); take another checkpoint, or the version of Fovea that wrote it`,
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return fail('no JSON');
  }
  const parsed = infoSchema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    return fail(`${path.join('.')}: ${message}`);
  }
  try {
    return { ...parsed.data, config: resolveConfig(parsed.data.config) } as CheckpointInfo;
  } catch (error) {
    if (error instanceof UsageError) return fail(error.message);
    throw error;
  }
}

/**
 * Checks that `arrays` are those that a network (and its optimiser) needs, all of them and no others.
 *
 * @throws FormatError with the missing, unexpected and mismatched keys
 */
export function checkArrays(
  arrays: ArrayMap,
  expected: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly dtype: string;
  }[],
  source: string,
): void {
  const names = new Set(expected.map(({ name }) => name));
  const missing = [...names].filter((name) => !Object.hasOwn(arrays, name));
  const unexpected = Object.keys(arrays).filter((name) => !names.has(name));
  const mismatched = expected.flatMap(({ name, shape, dtype }) => {
    const found = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
    if (found === undefined) return [];
    const same = found.dtype === dtype && found.shape.join() === shape.join();
    return same ? [] : [`${name} (${found.dtype} [${found.shape}], needed ${dtype} [${shape}])`];
  });
  const complaints = [
    list('missing', missing),
    list('unexpected', unexpected),
    list('mismatched', mismatched),
  ].filter((text) => text !== '');
  if (complaints.length > 0) {
    throw new FormatError(
      `${source}: belongs to another network or optimiser: ${complaints.join('; ')}; give the model and options that it was trained with`,
    );
  }
}

/** `missing: a, b and 12 more`. */
function list(title: string, names: readonly string[], most = 8): string {
  if (names.length === 0) return '';
  const rest = names.length > most ? ` and ${names.length - most} more` : '';
  return `${title}: ${names.slice(0, most).join(', ')}${rest}`;
}
