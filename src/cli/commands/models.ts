import type { Command } from 'commander';
import { didYouMean } from '../../graph/suggest.ts';
import { listModels } from '../../models/index.ts';
import { parameterCount } from '../../nn/index.ts';
import { grouped } from '../format.ts';
import { addOutputOptions, createOutput, type OutputOptions } from '../output.ts';

export function define(command: Command): void {
  command.argument('[filter]', 'part of a name; * stands for anything');
  addOutputOptions(command).action(async (filter: string | undefined, flags: OutputOptions) => {
    const output = await createOutput(flags);
    const pattern = filter === undefined || filter.includes('*') ? filter : `*${filter}*`;
    const rows = listModels(pattern).map((row) => ({
      name: row.name,
      description: row.description,
      parameters: parameterCount(row.build(row.options)),
      options: row.options,
    }));
    if (rows.length === 0) {
      const near = didYouMean(
        filter ?? '',
        listModels().map(({ name }) => name),
      );
      output.say(`no model has "${filter}" in its name${near}; fovea models lists them all`);
    } else {
      output.table(
        [
          { title: 'model' },
          { title: 'parameters', align: 'right' },
          { title: 'input', align: 'right' },
          { title: 'classes', align: 'right' },
          { title: 'description', shrink: true },
          { title: 'further options', shrink: true },
        ],
        rows.map(({ name, parameters, description, options }) => {
          const { classes, channels, size, ...further } = options;
          return [
            name,
            grouped(parameters),
            `${channels}×${size}×${size}`,
            String(classes),
            description,
            Object.entries(further)
              .map(([key, value]) => `${key}=${value}`)
              .join(' '),
          ];
        }),
      );
    }
    output.json({ models: rows });
  });
}
