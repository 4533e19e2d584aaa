import { picture } from '../augment/cases.ts';
import { type ImagePeer, startImagePeer } from './images.ts';
import type { Answer } from './line-peer.ts';
import type { NodePeer } from './node-peer.ts';
import { startNodePeer } from './node-peer.ts';
import { findTorchPython, startTorchPeer, type TorchPeer, torchRemedy } from './torch.ts';

/** Whom Fovea is compared with, as far as they are there. Their processes sleep between requests. */
export interface Peers extends AsyncDisposable {
  readonly torch: TorchPeer | undefined;
  readonly torchPython: string | undefined;
  /** Started when first asked for. */
  images(): Promise<ImagePeer | undefined>;
  /** Of `images`, as far as it has been started. */
  readonly imageVersions: Answer | null;
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
  let images: Promise<ImagePeer | undefined> | undefined;
  let imageVersions: Answer | null = null;
  return {
    torch,
    torchPython,
    images() {
      images ??= (async () => {
        if (torchPython === undefined) return undefined;
        const peer = await startImagePeer(torchPython, picture().data);
        imageVersions = peer.info;
        return peer;
      })();
      return images;
    },
    get imageVersions() {
      return imageVersions;
    },
    tfjs,
    onnxruntime,
    async [Symbol.asyncDispose]() {
      const [started] = await Promise.allSettled([images]);
      const image = started.status === 'fulfilled' ? started.value : undefined;
      const all = [torch, tfjs, onnxruntime, image];
      await Promise.all(all.map((peer) => peer?.[Symbol.asyncDispose]()));
    },
  };
}
