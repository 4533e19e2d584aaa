import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { UsageError } from '../graph/errors.ts';
import { commands } from './commands.ts';
import { reportError } from './errors.ts';
import { quitOnInterrupt } from './interrupt.ts';
import { clearLiveLine } from './live-line.ts';

const epilogue = `
Examples:
  fovea train --model lenet --data fashion-mnist --epochs 10 --lr 0.9 --out runs/a
  fovea train --resume runs/a --epochs +5
  fovea eval runs/a
  fovea predict runs/a image.png
`;

/** Runs one command line and sets the exit code of the process. */
export async function run(argv: readonly string[]): Promise<void> {
  const debug = argv.includes('--debug') || !['', '0'].includes(process.env.FOVEA_DEBUG ?? '');
  const fail = (error: unknown): void => {
    clearLiveLine();
    const { text, exitCode } = reportError(error, debug);
    if (text !== '') process.stderr.write(`${text}\n`);
    process.exitCode = exitCode;
  };
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  quitOnInterrupt();
  process.on('uncaughtException', (error) => {
    fail(error);
    process.exit();
  });
  try {
    // Most often an unset variable of the shell; no option and no path may be empty.
    if (argv.some((argument) => /^(--[\w-]+=)?$/.test(argument))) {
      throw new UsageError('an argument is empty; check quotes and variables of the command line');
    }
    const program = await buildProgram(argv);
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
  } catch (error) {
    fail(error);
  } finally {
    clearLiveLine();
  }
}

/** The reader of a pipe may leave, as `head` does; training goes on, and what is written is lost. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
}

async function buildProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('fovea')
    .description('Train, test and use vision models')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addHelpText('after', epilogue);
  for (const { name, summary, load } of commands) {
    const command = program
      .command(name)
      .summary(summary)
      .description(`${sentence(summary)}.`);
    if (argv.includes(name)) {
      const { define } = await load();
      define(command);
      command.option('--debug', 'show the stack of errors');
    }
  }
  return program;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
