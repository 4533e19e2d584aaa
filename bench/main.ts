import { CommanderError } from 'commander';
import { createScreen, findEntries, runSuite, type Suite } from './bench.ts';
import { createEngines } from './engines.ts';
import { busyWarning, describeMachine } from './machine.ts';
import { type Options, parseOptions } from './options.ts';
import { createPeaks } from './peaks.ts';
import { startPeers } from './peers/index.ts';
import { jsonLine, UNSTEADY } from './report.ts';
import type { Row, SuiteName } from './rows.ts';
import { augmentSuite } from './suites/augment.ts';
import { convSuite } from './suites/conv.ts';
import { dataSuite } from './suites/data.ts';
import { memorySuite } from './suites/memory.ts';
import { inferSuite, trainSuite } from './suites/nets.ts';
import { startSuite } from './suites/start.ts';

const suites: Readonly<Record<SuiteName, Suite>> = {
  conv: convSuite,
  train: trainSuite,
  infer: inferSuite,
  augment: augmentSuite,
  data: dataSuite,
  start: startSuite,
  memory: memorySuite,
};

async function bench(options: Options): Promise<void> {
  const screen = await createScreen(options.json);
  const busy = await busyWarning();
  if (busy) screen.warn(busy);
  await using engines = createEngines();
  const peaks = createPeaks(engines);
  const entries = await findEntries(options, screen.warn);
  await using peers = await startPeers(options.peers, screen.warn);
  const context = { options, engines, entries, peers, peaks, warn: screen.warn };
  const rows: Row[] = [];
  for (const suite of options.suites) {
    rows.push(...(await runSuite(suite, await suites[suite](context), screen)));
  }
  if (rows.length === 0) throw new Error('nothing was measured: no case fits');
  const unsteady = rows.filter(({ spread }) => spread > UNSTEADY).length;
  if (unsteady > 0) {
    screen.warn(
      `${unsteady} of ${rows.length} rows are unsteady (spread above ${100 * UNSTEADY} %): prefer the best to the median, or measure again on an idle machine`,
    );
  }
  if (options.json) process.stdout.write(`${jsonLine(describeMachine(peers, peaks), rows)}\n`);
}

try {
  await bench(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
