// Helpers of the scripts that must run before anything is installed: Node's own modules only.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const say = (text) => process.stdout.write(`${text}\n`);

/** Runs a command in the project's folder with the terminal attached; ends this process on failure. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    ...options,
  });
  if (status !== 0) {
    const why = error?.message ?? (signal ? `signal ${signal}` : `exit code ${status}`);
    process.stderr.write(`${[command, ...args].join(' ')}: ${why}\n`);
    process.exit(typeof status === 'number' ? status : 1);
  }
}

/** Whether a command answers at all. */
export const has = (command, args = ['--version']) =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Latest change below a path, in milliseconds; 0 when there is nothing. */
export function newest(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce(
    (latest, name) =>
      name === 'build' || name === 'node_modules'
        ? latest
        : Math.max(latest, newest(join(path, name))),
    0,
  );
}
