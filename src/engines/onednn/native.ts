import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { NumberArray } from '../../graph/index.ts';

/** Something that lives in the addon. */
export type Handle = object;

export interface Compiled {
  readonly handle: Handle;
  /** Calls in order: the step of the plan that each belongs to (-1: none), and what carries it out. */
  readonly steps: readonly { readonly step: number; readonly kernel: string }[];
  readonly arenaBytes: number;
}

export interface RunResult {
  readonly outputs: readonly ArrayBuffer[];
  /** Microseconds of every call, when asked for. */
  readonly micros?: readonly number[];
}

/** The entry points of the addon; what they take is checked in native/addon.cc. */
export interface Addon {
  info(): {
    readonly version: string;
    readonly isa: string;
    readonly kernels: string;
    readonly bf16: boolean;
  };
  create(threads: number): Handle;
  createVariables(
    engine: Handle,
    types: readonly (readonly number[])[],
    values: readonly NumberArray[],
  ): Promise<Handle>;
  compile(
    variables: Handle,
    ops: readonly string[],
    plan: Float64Array,
    constants: readonly (number | NumberArray)[],
  ): Promise<Compiled>;
  run(executable: Handle, feeds: readonly NumberArray[], profile: boolean): Promise<RunResult>;
  read(variables: Handle, indices: readonly number[]): Promise<readonly ArrayBuffer[]>;
  write(
    variables: Handle,
    indices: readonly number[],
    values: readonly NumberArray[],
  ): Promise<void>;
  dispose(handle: Handle): void;
}

export type Loaded =
  | { readonly addon: Addon }
  | { readonly reason: string; readonly remedy: string };

const remedies: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'apt-get install g++ libdnnl-dev (Debian, Ubuntu), then npm rebuild fovea',
  darwin: 'brew install onednn libomp, then npm rebuild fovea',
};

let loaded: Loaded | undefined;

/** Loads the addon, once. */
export function loadAddon(): Loaded {
  loaded ??= tryLoad();
  return loaded;
}

/**
 * OpenMP's threads wait for one another by spinning, for milliseconds by default. Where other
 * programs compete for the processors that makes a step many times slower; a short spin costs
 * microseconds where they do not. The library reads this when it is loaded.
 */
function patientThreads<T>(load: () => T): T {
  const { env } = process;
  if (env.GOMP_SPINCOUNT !== undefined || env.OMP_WAIT_POLICY !== undefined) return load();
  env.GOMP_SPINCOUNT = '1000';
  try {
    return load();
  } finally {
    delete env.GOMP_SPINCOUNT;
  }
}

function tryLoad(): Loaded {
  const remedy = remedies[process.platform];
  if (remedy === undefined) {
    return {
      reason: `there is no native engine for ${process.platform}`,
      remedy: 'use --engine wasm',
    };
  }
  const path = fileURLToPath(new URL('./build/fovea-onednn.node', import.meta.url));
  if (!existsSync(path)) return { reason: 'the native engine is not built', remedy };
  try {
    return { addon: patientThreads(() => createRequire(import.meta.url)(path) as Addon) };
  } catch (error) {
    return { reason: `the native engine does not load: ${(error as Error).message}`, remedy };
  }
}
