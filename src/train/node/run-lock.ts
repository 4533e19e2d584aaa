import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { UsageError } from '../../graph/errors.ts';
import { fileError } from './files.ts';

/** The file that a run's folder has while it is being trained. */
const LOCK_FILE = 'running.json';

const WRITING_MS = 200;

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

/**
 * Claims a folder for this process. Of several that come at the same moment one gets it.
 *
 * @throws UsageError as `requireUnlocked`
 */
export async function lockFolder(folder: string): Promise<void> {
  const path = join(folder, LOCK_FILE);
  while (!(await created(path))) {
    await requireUnlocked(folder);
    await removeStale(path);
  }
}

async function created(path: string): Promise<boolean> {
  try {
    await writeFile(path, `${JSON.stringify(us)}\n`, { flag: 'wx' });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    await rm(path, { force: true }).catch(() => {});
    throw fileError(path, 'written', cause);
  }
}

/**
 * Removes the lock of a dead process, or an old one of ours. It is moved away first, which only one of
 * several processes can do; should it turn out to be the new lock of another, it is put back.
 */
async function removeStale(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const holder = await readHolder(aside);
  if (holder !== undefined && isAlive(holder)) await rename(aside, path);
  else await rm(aside, { force: true });
}

/** Takes the lock away, if it is ours. */
export async function unlockFolder(folder: string): Promise<void> {
  const path = join(folder, LOCK_FILE);
  const holder = await readHolder(path);
  if (holder?.pid === us.pid && holder.host === us.host) await rm(path, { force: true });
}

/** Who holds a lock; undefined when there is none, or nothing that says so. */
async function readHolder(path: string, isFirst = true): Promise<Holder | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  // Just made, and not written yet.
  if (text === '' && isFirst) {
    await setTimeout(WRITING_MS);
    return readHolder(path, false);
  }
  try {
    const { pid, host } = JSON.parse(text ?? '') as Partial<Holder>;
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
