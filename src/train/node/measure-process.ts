import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as errors from '../../graph/errors.ts';
import type { Measurement, MeasureOptions } from '../measure.ts';

export interface ProcessMeasureOptions extends MeasureOptions {
  /** By name; 'auto' is the fastest that works. */
  readonly engine: string;
  /** As many as the machine has by default. */
  readonly threads?: number | undefined;
}

export interface ProcessMeasurement extends Measurement {
  /** The engine's name. */
  readonly engine: string;
  /** What the engine says of itself: version, threads, instruction set. */
  readonly description: string;
  /** Most memory that the process had: the network, the engine, and Node itself. */
  readonly peakBytes: number;
}

/** What the child process is told. */
export type ChildTask = Omit<ProcessMeasureOptions, 'onProgress'>;

/** What it answers. */
export type ChildMessage =
  | { readonly kind: 'progress'; readonly share: number }
  | { readonly kind: 'result'; readonly result: ProcessMeasurement }
  | {
      readonly kind: 'error';
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly known: boolean;
    };

/**
 * Measures in a process of its own, so that its peak of memory is that of one network on one engine.
 *
 * @throws UsageError for an unknown model or engine
 * @throws ShapeError when images are too small
 * @throws EngineError when the engine does not work here, or the process is ended from outside
 */
export function measureInProcess(options: ProcessMeasureOptions): Promise<ProcessMeasurement> {
  const { onProgress, ...task } = options;
  // Sources import by their own names, the built package by those of the built files.
  const suffix = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const child = fork(fileURLToPath(new URL(`./measure-child${suffix}`, import.meta.url)), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.on('message', (message: ChildMessage) => {
      if (message.kind === 'progress') onProgress?.(message.share);
      else if (message.kind === 'result') resolve(message.result);
      else reject(revived(message));
    });
    child.on('error', reject).on('close', (code, signal) => {
      // After a result or an error this changes nothing.
      const how = signal === null ? `with code ${code}` : `by ${signal}`;
      const last = said.trim().split('\n').at(-1) ?? '';
      reject(
        new errors.EngineError(
          `${task.engine}: the process that measured ${task.model} ended ${how}${last === '' ? '' : ` (${last})`}; if memory ran out, try a smaller --batch`,
        ),
      );
    });
    child.send(task);
  });
}

/** An error of the child process, of the class that it had there. */
function revived({ name, message, stack, known }: ChildMessage & { kind: 'error' }): Error {
  const kinds: Readonly<Record<string, unknown>> = { ...errors };
  const Kind = (known ? kinds[name] : Error) as typeof errors.FoveaError;
  const error = new Kind(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
