import { arch, cpus, platform, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Peaks } from './peaks.ts';
import type { Peers } from './peers/index.ts';

/** What the figures were measured on and with. */
export function describeMachine(peers: Peers, peaks: Peaks) {
  const { config: _, parallel: __, cases: ___, id: ____, ...torch } = peers.torch?.info ?? {};
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
    /** GFLOP/s, by engine and threads. */
    peaks: peaks.measured,
    peers: {
      torch: peers.torch ? torch : null,
      images: peers.imageVersions,
      tfjs: peers.tfjs?.version ?? null,
      onnxruntime: peers.onnxruntime?.version ?? null,
    },
  };
}

const WATCHED_MS = 500;
const BUSY = 0.1;

/** Milliseconds that all processors together have worked, and idled, since the system started. */
function processorTimes() {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, each) => sum + each.idle, 0);
  const all = times.flatMap((each) => Object.values(each)).reduce((a, b) => a + b, 0);
  return { idle, all };
}

/** A warning when others use the processors; figures are worth little then. */
export async function busyWarning(): Promise<string | undefined> {
  const before = processorTimes();
  await sleep(WATCHED_MS);
  const after = processorTimes();
  const busy = 1 - (after.idle - before.idle) / (after.all - before.all);
  if (!(busy > BUSY)) return undefined;
  const percent = Math.round(100 * busy);
  return `other programs use the processors (${percent} % busy): do not trust the figures`;
}
