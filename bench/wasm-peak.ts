import { Worker } from 'node:worker_threads';
import { enableRelaxedSimd } from '../src/engines/wasm/platform.ts';

// The most that WebAssembly's SIMD can do on this machine: a loop of multiply-adds on registers
// alone. Twelve independent sums hide the latency and leave four registers for operands.

const SUMS = 12;
const UNROLLED = 8;
const LANES = 4;

const [COUNT, FACTOR, TERM, FIRST] = [0, 1, 2, 3];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const simd = (...op: number[]) => [0xfd, ...op];
const one = [0x43, 0, 0, 0x80, 0x3f, ...simd(0x13)];
const sums = Array.from({ length: SUMS }, (_, i) => FIRST + i);

const size = (bytes: readonly number[]): number[] =>
  bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
const section = (id: number, bytes: readonly number[]): number[] => [id, ...size(bytes), ...bytes];

/** A module that exports `f(count)`: runs the loop, and gives something that depends on all of it. */
function peakModule(relaxed: boolean): Uint8Array<ArrayBuffer> {
  const multiplyAdd = (sum: number) => [
    ...[...get(sum), ...get(FACTOR)],
    ...(relaxed
      ? [...get(TERM), ...simd(0x85, 0x02)]
      : [...simd(0xe6, 0x01), ...get(TERM), ...simd(0xe4, 0x01)]),
    ...set(sum),
  ];
  const body = [
    ...[1, TERM + SUMS, 0x7b],
    ...[FACTOR, ...sums].flatMap((local) => [...one, ...set(local)]),
    ...[0x03, 0x40],
    ...Array.from({ length: UNROLLED }, () => sums.flatMap(multiplyAdd)).flat(),
    ...[...get(COUNT), 0x41, 1, 0x6b, 0x22, COUNT, 0x0d, 0, 0x0b],
    ...sums.flatMap((sum, i) => [...get(sum), ...(i === 0 ? [] : simd(0xe4, 0x01))]),
    ...[...simd(0x1f, 0), 0x0b],
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7d]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, ...size(body), ...body]),
  ]);
}

/** What each thread runs: short bursts, of which the fastest counts, until told to end. */
const program = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(workerData.bytes)).exports;
  const end = performance.now() + workerData.milliseconds;
  let least = Infinity;
  while (performance.now() < end) {
    const start = performance.now();
    f(workerData.count);
    least = Math.min(least, performance.now() - start);
  }
  parentPort.postMessage(least / 1000);
`;

const COUNT_PER_BURST = 100_000;
const FLOPS_PER_BURST = 2 * LANES * SUMS * UNROLLED * COUNT_PER_BURST;

/** Floating-point operations a second, in 10⁹, of all threads together. */
export async function wasmPeak(
  relaxed: boolean,
  threads: number,
  milliseconds = 500,
): Promise<number> {
  if (relaxed) enableRelaxedSimd();
  const workerData = { bytes: peakModule(relaxed), count: COUNT_PER_BURST, milliseconds };
  const rates = Array.from(
    { length: threads },
    () =>
      new Promise<number>((resolve, reject) => {
        const worker = new Worker(program, { eval: true, workerData, execArgv: [] });
        worker.once('message', (seconds: number) => resolve(1e-9 * (FLOPS_PER_BURST / seconds)));
        worker.once('error', reject);
      }),
  );
  return (await Promise.all(rates)).reduce((a, b) => a + b);
}
