import { fileURLToPath } from 'node:url';
import type { Side } from '../rounds.ts';
import { startLinePeer } from './line-peer.ts';

/** What the peers in Node are asked. `infer` and `train` name a net of nets.ts. */
export interface NodeRequest {
  readonly suite: 'info' | 'conv' | 'infer' | 'train';
  readonly backend?: 'wasm' | 'cpu';
  readonly case?: unknown;
  readonly threads?: number;
  /** Images in a batch, where not as many as the net's. */
  readonly batch?: number;
}

export interface PreparedSide extends Side {
  /** First numbers of the result, to be compared with ours. */
  readonly output: readonly number[];
}

export interface NodePeer extends AsyncDisposable {
  readonly version: string;
  side(request: NodeRequest): Promise<PreparedSide>;
}

/** Starts a peer, or says why it cannot take part. */
export async function startNodePeer(
  name: string,
  file: string,
  notice: (text: string) => void,
): Promise<NodePeer | undefined> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const peer = startLinePeer(name, process.execPath, ['--import', 'tsx', script]);
  try {
    const { version } = await peer.ask({ suite: 'info' });
    return {
      version: String(version),
      async side(request) {
        const run = async (steps: number) => {
          const { seconds, output } = await peer.ask({ ...request, steps });
          return { seconds: seconds as number[], output: output as number[] };
        };
        const { output } = await run(1);
        return { output, run: async (steps) => (await run(steps)).seconds };
      },
      [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
    };
  } catch (error) {
    await peer[Symbol.asyncDispose]();
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
    notice(`${name} does not take part: ${line}; its packages are those of bench/package.json`);
    return undefined;
  }
}
