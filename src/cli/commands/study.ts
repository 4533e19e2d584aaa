import { type Command, Option } from 'commander';
import type { Engine } from '../../engines/engine.ts';
import { flagOf, type StudyOption, studyValues } from '../../studies/options.ts';
import { studies, studyNamed } from '../../studies/studies.ts';
import type { Study, StudyColumn, StudyContext, StudyRow } from '../../studies/study.ts';
import {
  parseOption,
  resolveConfig,
  type TrainConfig,
  type TrainOptions,
} from '../../train/config.ts';
import { fetchDataset } from '../dataset-files.ts';
import { clock, compact, decimal, grouped, percent } from '../format.ts';
import { addConfigOptions, configFlags } from '../options.ts';
import { addOutputOptions, createOutput, type Output, type OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly quick?: boolean;
  readonly out?: string;
  readonly [option: string]: unknown;
}

const FOLDER = 'runs/studies';
const note = `
fovea study <name> --help shows the options of a study. Each writes a picture and its figures into
--out, ${FOLDER} by default, in place of those of an earlier run of the same study.
`;

export function define(command: Command): void {
  command.argument('[name]', 'name of a study; without it, all of them are listed');
  addOutputOptions(command)
    .addHelpText('after', note)
    // So that an unknown name is what is complained of, and not the options behind it.
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (name: string | undefined, flags: OutputOptions) => {
      if (name !== undefined) studyNamed(name);
      list(await createOutput(flags));
    });
  for (const study of studies) defineStudy(command.command(study.name), study);
}

function list(output: Output): void {
  output.table(
    [{ title: 'study' }, { title: 'what it shows', shrink: true }],
    studies.map(({ name, summary }) => [name, summary]),
  );
  output.detail('\nfovea study <name> runs one; with --quick in seconds');
  output.json({ studies: studies.map(({ name, summary }) => ({ name, summary })) });
}

function defineStudy(command: Command, study: Study): void {
  command.summary(study.summary).description(`Study: ${study.summary}.`);
  // Unlike the command that it belongs to, of which it has this.
  command.allowExcessArguments(false);
  for (const [name, option] of Object.entries(study.options)) addOption(command, name, option);
  addConfigOptions(command, study.takes);
  command
    .option('--quick', 'smaller settings, done in seconds; options that are given win')
    .option('--out <folder>', `where picture and figures go (default: ${FOLDER})`);
  addOutputOptions(command, { quiet: true }).action(async () => {
    // With those that stand before the name.
    await runStudy(study, command.optsWithGlobals<Flags>());
  });
}

function addOption(command: Command, name: string, option: StudyOption): void {
  const { description, default: value, quick } = option;
  const isList = typeof value !== 'number';
  const text = String(value) === String(quick) ? String(value) : `${value}; quick: ${quick}`;
  const [flag, kind] = [flagOf(name), isList ? ('list' as const) : ('number' as const)];
  command.addOption(
    new Option(
      `${flag} ${isList ? '<n,n,…>' : '<n>'}`,
      `${description} (default: ${text})`,
    ).argParser((given: string) => parseOption({ flag, kind }, given)),
  );
}

async function runStudy(study: Study, flags: Flags): Promise<void> {
  const output = await createOutput(flags);
  const { quick = false, out = FOLDER } = flags;
  const config = resolveConfig(configFlags(flags) as TrainOptions);
  const options = studyValues(study.options, flags, quick);
  const started = performance.now();
  output.live.busy('starting');
  const opened = openContext(config, output);
  try {
    const result = await study.run(options, opened.context);
    const seconds = (performance.now() - started) / 1000;
    const engine = opened.engineName();
    const shared = Object.fromEntries(study.takes.map((name) => [name, config[name]]));
    const about = { options: { ...options, ...shared, ...(engine ? { engine } : {}) }, seconds };
    output.live.busy('drawing');
    const { writeStudy } = await import('../../studies/node/write-study.ts');
    const files = await writeStudy(out, study.name, result, about);
    output.live.clear();
    output.table(
      result.columns.map(({ title, format }) => ({ title, align: format ? 'right' : 'left' })),
      result.rows.map((row) => result.columns.map((column) => cell(column, row))),
    );
    output.say(`\n${result.findings.join('\n')}\n`);
    output.say(`written in ${clock(seconds)}: ${files.join(', ')}`);
    const { findings, rows } = result;
    output.json({ study: study.name, ...about, findings, rows, files });
  } finally {
    await opened.close();
  }
}

const formats: Readonly<Record<NonNullable<StudyColumn['format']>, (value: number) => string>> = {
  plain: String,
  count: grouped,
  share: percent,
  decimal,
  power: (value) => value.toExponential(1).replace('+', ''),
  compact,
};

function cell({ key, format }: StudyColumn, row: StudyRow): string {
  const value = row[key] ?? null;
  if (value === null) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'number' && format ? formats[format](value) : String(value);
}

/** What a study asks for, made when it asks. */
function openContext(config: TrainConfig, output: Output) {
  let engine: Engine | undefined;
  const context: StudyContext = {
    config,
    progress: (done, total, fields) => output.live.progress(done, total, fields),
    note: output.detail,
    async engine() {
      if (engine) return engine;
      const { selectEngine } = await import('../../train/node/engines.ts');
      const choice = await selectEngine(config.engine, config);
      output.detail(`engine   ${choice.reason}`);
      engine = choice.engine;
      return engine;
    },
    async data(train, test) {
      await fetchDataset(config, ['train', 'test'], output);
      const { openStudyData } = await import('../../studies/node/study-data.ts');
      const opened = await openStudyData(config, { train, test }, output.warn);
      output.detail(
        `data     ${config.data}, ${grouped(opened.train.length)} images to train on, ${grouped(opened.test.length)} to test`,
      );
      return opened;
    },
  };
  return {
    context,
    engineName: () => engine?.name,
    close: async () => engine?.[Symbol.asyncDispose](),
  };
}
