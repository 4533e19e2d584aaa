import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Whether the built program is newer than every source, as in `npm test`. */
function isBuilt(): boolean {
  const stamp = join(root, 'dist', '.stamp');
  const built = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.test)\.ts$/.test(entry.name))
    .every((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs <= built);
}

export const built = isBuilt();
const loader = pathToFileURL(join(root, 'node_modules', 'tsx', 'dist', 'loader.mjs')).href;

/** What Node runs: the built program when it is up to date, else the sources. */
export const commandLine: readonly string[] = built
  ? [join(root, 'dist', 'cli', 'main.js')]
  : ['--import', loader, join(root, 'src', 'cli', 'main.ts')];

/** What Node runs for a file that imports from `fovea`. */
export const scriptLine = (file: string): string[] => [
  ...(built ? [] : ['--conditions', 'fovea-source']),
  ...['--import', loader, join(root, file)],
];

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with everything on standard output so far, whenever there is more. */
  readonly onOutput?: (stdout: string, child: ChildProcess) => void;
}

/** Runs `fovea` in a process of its own. Relative paths are those of `cwd`. */
export function fovea(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return execute([...commandLine, ...args], options);
}

/** Runs Node. */
export function execute(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const { cwd = root, env = {}, onOutput } = options;
  return new Promise((resolve, reject) => {
    const { FOVEA_DEBUG: _, ...inherited } = process.env;
    const child = spawn(process.execPath, args, { cwd, env: { ...inherited, ...env } });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      onOutput?.(stdout, child);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The JSON on the last line of standard output. */
export const lastLine = ({ stdout, stderr }: Finished): Record<string, unknown> => {
  const line = stdout.trimEnd().split('\n').at(-1)!;
  if (line === '') throw new Error(`nothing on standard output; standard error: ${stderr}`);
  return JSON.parse(line) as Record<string, unknown>;
};

/** A folder that is gone when the block ends. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'fovea-cli-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A run of a second: a small network on 20 samples of each class. */
export const small = [
  ...['--data', 'fashion-mnist-sample', '--subset', '20', '--batch', '40'],
  ...['--model', 'mlp', '--model-options', 'hidden=8', '--engine', 'wasm', '--threads', '1'],
];
