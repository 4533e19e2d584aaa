import { CommanderError } from 'commander';
import { FoveaError, UsageError } from '../graph/errors.ts';
import { shownName } from './shown-name.ts';

export interface ErrorReport {
  /** For standard error; empty when there is nothing to say. */
  readonly text: string;
  readonly exitCode: number;
}

/**
 * What a person gets to see of an error: one line that starts with `error:`, and the stack when
 * asked for or when the error is a bug of ours. Exit codes: 2 for wrong use, 1 for the rest.
 */
export function reportError(error: unknown, debug: boolean): ErrorReport {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return { text: '', exitCode: 0 };
    return {
      text: withStack(line(error.message.replace(/^error: /, '')), error, debug),
      exitCode: 2,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof FoveaError) {
    const exitCode = error instanceof UsageError ? 2 : 1;
    return { text: withStack(line(message), error, debug), exitCode };
  }
  if (isOutOfMemory(error)) {
    const advice = 'try a smaller --batch or a smaller network, or close other programs';
    return {
      text: withStack(line(`not enough memory (${message}); ${advice}`), error, debug),
      exitCode: 1,
    };
  }
  if (isSystemError(error)) return { text: withStack(line(message), error, debug), exitCode: 1 };
  const said = /this is a bug in Fovea/.test(message);
  const text = said ? message : `this is a bug in Fovea, please report it: ${message}`;
  return { text: withStack(line(text), error, true), exitCode: 1 };
}

const line = (message: string): string =>
  `error: ${shownName(message.replace(/\s*\n\s*/g, ' ').trim())}`;

function withStack(text: string, error: unknown, wanted: boolean): string {
  if (!wanted || !(error instanceof Error) || error.stack === undefined) return text;
  const frames = error.stack.split('\n').filter((frame) => /^\s+at /.test(frame));
  const cause = error.cause === undefined ? [] : [`  caused by ${shownName(String(error.cause))}`];
  return [text, ...frames, ...cause].join('\n');
}

/** Allocation failures of arrays, WebAssembly memories and worker threads. */
function isOutOfMemory(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY' || code === 'ENOMEM') return true;
  return (
    error instanceof RangeError && /allocat|memory|array length|array buffer/i.test(error.message)
  );
}

/** Errors of the operating system, whose messages name the call and the path. */
const isSystemError = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && 'code' in error;
