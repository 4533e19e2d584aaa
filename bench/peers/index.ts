import type { NodePeer } from './node-peer.ts';
import { startNodePeer } from './node-peer.ts';
import { findTorchPython, startTorchPeer, type TorchPeer, torchRemedy } from './torch.ts';

/** Whom Fovea is compared with, as far as they are there. Their processes sleep between requests. */
export interface Peers extends AsyncDisposable {
  readonly torch: TorchPeer | undefined;
  readonly torchPython: string | undefined;
  readonly tfjs: NodePeer | undefined;
  readonly onnxruntime: NodePeer | undefined;
}

export async function startPeers(wanted: boolean, notice: (text: string) => void): Promise<Peers> {
  const torchPython = wanted ? await findTorchPython() : undefined;
  if (wanted && torchPython === undefined) notice(torchRemedy);
  const torch = torchPython === undefined ? undefined : await startTorchPeer(torchPython);
  const [tfjs, onnxruntime] = wanted
    ? await Promise.all([
        startNodePeer('TensorFlow.js', 'tfjs-peer.ts', notice),
        startNodePeer('onnxruntime', 'onnxruntime-peer.ts', notice),
      ])
    : [];
  return {
    torch,
    torchPython,
    tfjs,
    onnxruntime,
    async [Symbol.asyncDispose]() {
      await Promise.all([torch, tfjs, onnxruntime].map((peer) => peer?.[Symbol.asyncDispose]()));
    },
  };
}
