import { styleText } from 'node:util';
import type { Command } from 'commander';
import { type LiveLine, liveLine } from './live-line.ts';
import { type Column, table } from './table.ts';

export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

type Style = Parameters<typeof styleText>[0];

/** Where a command writes. Standard output has results only; with --json nothing but one line. */
export interface Output {
  /** A result, for people: on standard output, or on standard error beside --json. */
  say(text: string): void;
  /** As `say`, but left out by --quiet. */
  detail(text: string): void;
  /** Something to know: on standard error. */
  warn(text: string): void;
  /** A table, as `say`. */
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void;
  /** The result, for programs; without --json nothing happens. */
  json(value: unknown): void;
  /** Colours a text for `say`, on terminals that may have colours. */
  style(style: Style, text: string): string;
  /** Columns for `say`; without end when it is no terminal. */
  readonly width: number;
  /** Progress: on standard error, when that is a terminal and --quiet is not given. */
  readonly live: LiveLine;
  /** Whether `live` can be seen. */
  readonly isLive: boolean;
}

const noLine: LiveLine = { progress() {}, busy() {}, clear() {} };

/** Adds --json and, for commands that take a while, --quiet. */
export function addOutputOptions(command: Command, { quiet = false } = {}): Command {
  command.option('--json', 'print the result as JSON, on the last line of standard output');
  return quiet ? command.option('--quiet', 'print the result only') : command;
}

export async function createOutput({ json, quiet }: OutputOptions): Promise<Output> {
  const { stdout, stderr } = process;
  const stream = json ? stderr : stdout;
  const isLive = stderr.isTTY === true && quiet !== true && process.env.TERM !== 'dumb';
  const live = isLive ? await liveLine(stderr) : noLine;
  const write = (to: NodeJS.WriteStream, text: string): void => {
    live.clear();
    to.write(`${text}\n`);
  };
  const colours = stream.isTTY === true && !process.env.NO_COLOR && stream.hasColors();
  const style = (kind: Style, text: string) => (colours ? styleText(kind, text) : text);
  // Some terminals do not know how wide they are, and say 0.
  const width = (stream.isTTY && stream.columns) || Number.POSITIVE_INFINITY;
  const say = (text: string) => write(stream, text);
  return {
    say,
    detail: (text) => (quiet ? undefined : say(text)),
    warn: (text) => write(stderr, text),
    table(columns, rows) {
      const [head, ...body] = table(columns, rows, width);
      say([style('bold', head!), ...body].join('\n'));
    },
    json: (value) => (json ? write(stdout, JSON.stringify(value)) : undefined),
    style,
    width,
    live,
    isLive,
  };
}
