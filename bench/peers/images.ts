import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Side } from '../rounds.ts';
import { type Answer, startLinePeer } from './line-peer.ts';

const script = fileURLToPath(new URL('../augment/peer.py', import.meta.url));

/** torchvision with its two backends, and albumentations where it is installed. */
export const imageBackends = ['tensor', 'pillow', 'albumentations'] as const;
export type ImageBackend = (typeof imageBackends)[number];

export interface ImagePeer extends AsyncDisposable {
  /** Versions by name. */
  readonly info: Answer;
  /** An operation of peer.py, warmed up, if that backend has it. */
  side(op: string, backend: ImageBackend): Promise<Side | undefined>;
}

const WARM_UP = 3;

/** @param pixels 512 × 512 × 3 bytes that all operations work on */
export async function startImagePeer(python: string, pixels: Uint8Array): Promise<ImagePeer> {
  const peer = startLinePeer('torchvision', python, [script]);
  const folder = await mkdtemp(join(tmpdir(), 'fovea-bench-'));
  let info: Answer;
  try {
    const file = join(folder, 'pixels');
    await writeFile(file, pixels);
    info = await peer.ask({ op: 'info', pixels: file });
  } catch (error) {
    await peer[Symbol.asyncDispose]();
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
  return {
    info,
    async side(op, backend) {
      const ask = async (steps: number) => (await peer.ask({ op, backend, steps })).seconds;
      if ((await ask(WARM_UP)) === null) return undefined;
      return { run: async (steps) => (await ask(steps)) as number[] };
    },
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}
