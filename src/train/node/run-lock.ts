import { readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../graph/errors.ts';
import { replaceFile } from './files.ts';

/** The file that a run's folder has while it is being trained. */
export const LOCK_FILE = 'running.json';

interface Holder {
  readonly pid: number;
  readonly host: string;
}

const us: Holder = { pid: process.pid, host: hostname() };

/**
 * Makes sure that no other process trains in a folder. What a killed process has left does not count.
 *
 * @throws UsageError when one does
 */
export async function requireUnlocked(folder: string): Promise<void> {
  const path = join(folder, LOCK_FILE);
  const holder = await readHolder(path);
  if (holder === undefined || !isAlive(holder)) return;
  const where = holder.host === us.host ? '' : ` on ${holder.host}`;
  throw new UsageError(
    `${folder} is being trained by process ${holder.pid}${where}; wait or stop it first (if there is no such process, remove ${path})`,
  );
}

/** @throws UsageError as `requireUnlocked` */
export async function lockFolder(folder: string): Promise<void> {
  await requireUnlocked(folder);
  await replaceFile(join(folder, LOCK_FILE), [`${JSON.stringify(us)}\n`]);
}

/** Takes the lock away, if it is ours. */
export async function unlockFolder(folder: string): Promise<void> {
  const path = join(folder, LOCK_FILE);
  const holder = await readHolder(path);
  if (holder?.pid === us.pid && holder.host === us.host) await rm(path, { force: true });
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const { pid, host } = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>;
    return typeof pid === 'number' && typeof host === 'string' ? { pid, host } : undefined;
  } catch {
    return undefined;
  }
}

/** Processes of other machines cannot be asked: they count as alive. */
function isAlive({ pid, host }: Holder): boolean {
  if (host !== us.host) return true;
  if (pid === us.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
