import type { Command } from 'commander';
import { catalogue, type DatasetEntry } from '../../data/catalogue.ts';
import { findSplit } from '../dataset-files.ts';
import { grouped } from '../format.ts';
import { addConfigOptions } from '../options.ts';
import { addOutputOptions, createOutput, type OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly dataDir?: string;
}

export function define(command: Command): void {
  addConfigOptions(command, ['dataDir']);
  addOutputOptions(command).action(async (flags: Flags) => {
    const output = await createOutput(flags);
    const rows = await Promise.all(catalogue.map((entry) => describe(entry, flags.dataDir)));
    output.table(
      [
        { title: 'dataset' },
        { title: 'classes', align: 'right' },
        { title: 'shape' },
        { title: 'training', align: 'right' },
        { title: 'test', align: 'right' },
        { title: 'licence', shrink: true },
        { title: 'on this disk', shrink: true },
      ],
      rows.map((row) => [
        row.name,
        String(row.classes.length),
        row.shape.join('×'),
        grouped(row.train),
        grouped(row.test),
        row.licence,
        row.folder ?? 'no; downloaded when used',
      ]),
    );
    output.json({ datasets: rows });
  });
}

async function describe(entry: DatasetEntry, dataDir: string | undefined) {
  const { name, title, classes, shape, splits, licence, homepage } = entry;
  const [train, test] = await Promise.all(
    (['train', 'test'] as const).map((split) => findSplit(entry, split, dataDir)),
  );
  return {
    name,
    title,
    classes,
    shape,
    train: splits.train.length,
    test: splits.test.length,
    licence,
    homepage,
    folder: test === undefined ? null : (train ?? null),
  };
}
