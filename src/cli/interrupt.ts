const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof exitCodes;

export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
  /** Of the process, when it was interrupted. */
  readonly exitCode: number | undefined;
}

/**
 * Listens for Ctrl-C and polite kills: the first aborts the signal, so that work can be saved, the
 * second ends the process at once.
 *
 * @param onFirst tells the user what is going on
 */
export function interruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const handle = (name: NodeJS.Signals): void => {
    const again = exitCode !== undefined;
    exitCode = exitCodes[name as Signal];
    if (again) process.exit(exitCode);
    controller.abort();
    onFirst();
  };
  process.on('SIGINT', handle).on('SIGTERM', handle);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    [Symbol.dispose]() {
      process.off('SIGINT', handle).off('SIGTERM', handle);
    },
  };
}

/** Lets a command that has nothing to save end in order: the cursor of the terminal comes back. */
export function quitOnInterrupt(): void {
  for (const name of Object.keys(exitCodes) as Signal[]) {
    process.on(name, () => {
      if (process.listenerCount(name) === 1) process.exit(exitCodes[name]);
    });
  }
}
