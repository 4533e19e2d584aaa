// Two training steps in a process of their own, for the memory they take.
//   node --import tsx bench/children/one-step.ts ENGINE THREADS NET
import { createEngines, type EngineName } from '../engines.ts';
import { trainSide } from '../fovea.ts';
import { nets } from '../nets.ts';

const [engine, threads, name] = process.argv.slice(2) as [EngineName, string, string];
await using engines = createEngines();
const setting = {
  engine: await engines.get(engine, Number(threads)),
  precision: 'float32',
} as const;
await using side = await trainSide(setting, nets[name]!);
await side.run(2);
process.stdout.write(`${JSON.stringify({ peakRssKiB: process.resourceUsage().maxRSS })}\n`);
