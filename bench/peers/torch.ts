import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isSlow, type Side } from '../rounds.ts';
import { type LinePeer, startLinePeer } from './line-peer.ts';

const script = fileURLToPath(new URL('torch_peer.py', import.meta.url));
const venv = fileURLToPath(new URL('../.venv/bin/python', import.meta.url));

export const torchRemedy =
  'no PyTorch to compare with; to get it: python3 -m venv bench/.venv && bench/.venv/bin/pip install torch torchvision, or on Debian apt-get install python3-torch libopenblas0-openmp, or set FOVEA_TORCH_PYTHON to a Python that has it';

/** A Python that can import torch. */
export async function findTorchPython(): Promise<string | undefined> {
  const named = process.env.FOVEA_TORCH_PYTHON;
  const candidates = named ? [named] : [...(existsSync(venv) ? [venv] : []), 'python3'];
  for (const python of candidates) {
    try {
      await promisify(execFile)(python, ['-c', 'import torch']);
      return python;
    } catch {
      // The next one.
    }
  }
  return undefined;
}

/** Ways to run a request: activations as [n, c, h, w] or as [n, h, w, c]; for inference in bfloat16
 * also with the whole net converted, where autocast is the other way. */
function variantsOf({ suite, precision }: Readonly<Record<string, unknown>>) {
  const casts = suite === 'infer' && precision === 'bfloat16' ? [false, true] : [false];
  return casts.flatMap((cast) => [false, true].map((channels_last) => ({ cast, channels_last })));
}
type Variant = ReturnType<typeof variantsOf>[number];

export interface TorchPeer extends AsyncDisposable {
  /** What PyTorch says of itself. */
  readonly info: Readonly<Record<string, unknown>>;
  /**
   * Steps of a request of torch_peer.py, in the way that proves fastest for it.
   * `direction` picks one of a convolution.
   */
  side(request: Readonly<Record<string, unknown>>, direction?: string): Promise<Side>;
}

export async function startTorchPeer(python: string): Promise<TorchPeer> {
  const peer = startLinePeer('PyTorch', python, [script]);
  const info = await peer.ask({ suite: 'info' });
  return {
    info,
    async side(request, direction) {
      const directions = direction === undefined ? undefined : [direction];
      const sideOf = (variant: Variant): Side => {
        let warmup = 1;
        return {
          async run(steps) {
            const how = { ...variant, directions, warmup, steps };
            const { seconds } = await peer.ask({ ...request, ...how });
            const times = (direction ? (seconds as never)[direction] : seconds) as number[];
            if (isSlow(times[0]!)) warmup = 0;
            return times;
          },
        };
      };
      const trials: { side: Side; least: number }[] = [];
      for (const side of variantsOf(request).map(sideOf)) {
        const [first] = await side.run(1);
        const more = isSlow(first!) ? [] : await side.run(Math.min(10, Math.ceil(0.1 / first!)));
        trials.push({ side, least: Math.min(first!, ...more) });
      }
      return trials.reduce((a, b) => (b.least < a.least ? b : a)).side;
    },
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}

/** A peer that answers one request and ends: see `--once` of torch_peer.py. */
export const startTorchOnce = (python: string): LinePeer =>
  startLinePeer('PyTorch', python, [script, '--once']);
