import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Answers of a peer say at least so much. */
export type Answer = Readonly<Record<string, unknown>>;

/**
 * A child process that answers one line of JSON with another, and sleeps in between. It writes
 * whatever else it has to say to standard error.
 */
export interface LinePeer extends AsyncDisposable {
  /** @throws Error with what the peer says is wrong, or the end of what it wrote when it died */
  ask(request: Readonly<Record<string, unknown>>): Promise<Answer>;
}

const KEPT_OUTPUT = 2000;

export function startLinePeer(
  name: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): LinePeer {
  const child: ChildProcess = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  const waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = [];
  let said = '';
  let ended: Error | undefined;

  const end = (why: string) => {
    ended ??= new Error(`${name}: ${why}${said === '' ? '' : `\n${said.trimEnd()}`}`);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  child.on('error', (error) => end(error.message));
  child.on('close', (code, signal) => end(`it ended with ${signal ?? `exit code ${code}`}`));
  child.stdin!.on('error', (error) => end(error.message));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_OUTPUT);
  });
  createInterface({ input: child.stdout! }).on('line', (line) => {
    // Libraries greet.
    if (!line.startsWith('{')) return;
    const answer = JSON.parse(line) as Answer;
    const { resolve, reject } = waiting.shift()!;
    if (typeof answer.error === 'string') reject(new Error(`${name}: ${answer.error}`));
    else resolve(answer);
  });

  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        waiting.push({ resolve, reject });
        child.stdin!.write(`${JSON.stringify(request)}\n`);
      }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.stdin!.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
      await closed;
      clearTimeout(timer);
    },
  };
}
