import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Precision } from '../src/graph/index.ts';
import { type EngineName, engineNames } from './engines.ts';
import { type SuiteName, suiteNames } from './rows.ts';

const precisions: readonly Precision[] = ['float32', 'bfloat16'];

export interface Options {
  readonly suites: readonly SuiteName[];
  /** Parts of names of cases; all cases when empty. */
  readonly cases: readonly string[];
  readonly engines: readonly EngineName[] | undefined;
  readonly precisions: readonly Precision[];
  readonly rounds: number;
  readonly seconds: number;
  readonly threads: number;
  readonly json: boolean;
  readonly peers: boolean;
}

const list =
  <T extends string>(allowed: readonly T[]) =>
  (text: string): readonly T[] =>
    text.split(',').map((part) => {
      if (allowed.includes(part as T)) return part as T;
      throw new InvalidArgumentError(`It is one or more of ${allowed.join(', ')}.`);
    });

const positive =
  (whole: boolean) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && value > 0 && (!whole || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(`It is a ${whole ? 'whole ' : ''}number above 0.`);
  };

interface Flags
  extends Omit<Options, 'suites' | 'cases' | 'engines' | 'precisions' | 'rounds' | 'seconds'> {
  readonly case: readonly string[];
  readonly engine?: readonly EngineName[];
  readonly precision: readonly Precision[];
  readonly rounds?: number;
  readonly seconds?: number;
  readonly quick: boolean;
}

const notes = `
Fovea and its peers take turns, a short batch of steps each, round after round. A ratio above 1
means that Fovea is ahead. PyTorch takes part when there is a Python that can import torch: the one
that FOVEA_TORCH_PYTHON names, that of bench/.venv, or python3. "of best" compares the fastest steps,
which is what to go by on a machine that does other things too. GFLOP/s of convolutions count what
the definition takes; algorithms that save multiplications can exceed the peak.
`;

/** Reads a command line. @throws CommanderError after having said what is wrong, or for --help */
export function parseOptions(args: readonly string[]): Options {
  const command = new Command()
    .name('npm run bench --')
    .description('Measures Fovea and its peers side by side.')
    .argument('[suite...]', `any of ${suiteNames.join(', ')}; all of them by default`)
    .option('--case <part,…>', 'only cases with words that begin so', (text) => text.split(','), [])
    .option('--engine <name,…>', `any of ${engineNames.join(', ')}`, list(engineNames))
    .option('--precision <name,…>', `any of ${precisions.join(', ')}`, list(precisions), [
      'float32',
    ])
    .option('--rounds <n>', 'rounds of taking turns, at most; 15 by default', positive(true))
    .option('--seconds <s>', 'time for each comparison, about; 6 by default', positive(false))
    .addOption(
      new Option('--threads <n>', 'threads on either side')
        .argParser(positive(true))
        .default(availableParallelism(), 'all cores'),
    )
    .option('--quick', 'fewer and shorter rounds: 5 in 1.5 seconds', false)
    .option('--json', 'print everything as JSON, on the last line of standard output', false)
    .option('--no-peers', 'measure Fovea only')
    .addHelpText('after', notes)
    .exitOverride()
    .parse(args, { from: 'user' });
  const {
    case: cases,
    engine,
    precision,
    quick,
    rounds,
    seconds,
    ...flags
  } = command.opts<Flags>();
  const suites = command.args.length === 0 ? suiteNames : list(suiteNames)(command.args.join(','));
  return {
    ...flags,
    suites,
    cases,
    engines: engine,
    precisions: precision,
    rounds: rounds ?? (quick ? 5 : 15),
    seconds: seconds ?? (quick ? 1.5 : 6),
  };
}

/** Whether a case was asked for: whether one of the parts begins one of the words of its name. */
export function isWanted({ cases }: Pick<Options, 'cases'>, name: string): boolean {
  const begins = (part: string) =>
    ` ${name}`
      .toLowerCase()
      .split(part.toLowerCase())
      .slice(0, -1)
      .some((before) => /\W$/.test(before));
  return cases.length === 0 || cases.some(begins);
}
