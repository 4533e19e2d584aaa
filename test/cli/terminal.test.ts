import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandLine, small, temporaryFolder } from './fovea.ts';

// util-linux's `script` runs a command on a terminal of its own.
const hasScript =
  process.platform === 'linux' &&
  spawnSync('script', ['--version'], { stdio: 'ignore' }).status === 0;
if (!hasScript) console.log('the live bar is not tested: util-linux’s script is not here');

interface Shown {
  readonly code: number | null;
  readonly text: string;
}

function onTerminal(
  args: readonly string[],
  cwd: string,
  onText?: (text: string, type: (keys: string) => void) => void,
): Promise<Shown> {
  const quoted = [process.execPath, ...commandLine, ...args].map((word) => `'${word}'`).join(' ');
  const shell = `stty cols 130 rows 30; exec ${quoted}`;
  return new Promise((resolve, reject) => {
    // Node takes continuous integration for a terminal without colours.
    const { NO_COLOR: _, CI: __, ...inherited } = process.env;
    const child = spawn('script', ['-qec', shell, '/dev/null'], {
      cwd,
      env: { ...inherited, TERM: 'xterm-256color' },
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      onText?.(text, (keys) => child.stdin.write(keys));
    });
    child.on('error', reject).on('close', (code) => resolve({ code, text }));
  });
}

describe.skipIf(!hasScript)('on a terminal', () => {
  it('train shows a live bar, and gives the cursor back', async () => {
    await using folder = await temporaryFolder();
    // Epochs of half a second, so that the bar is drawn in the middle of one.
    const long = [...small, '--subset', '200', '--batch', '2'];
    const args = ['train', ...long, '--epochs', '2', '--out', 'a'];
    const { code, text } = await onTerminal(args, folder.path);
    expect(code).toBe(0);
    expect(text).toMatch(
      /epoch \d\/2 {2}[█░]{8,} {2}step \d+\/1000 {2}loss [\d.]+ {2}accuracy [\d.]+ % {2}\d:\d\d left {2}[\d,]+ images\/s/,
    );
    expect(text).toMatch(/epoch 2\/2 {2}test accuracy/);
    expect(text).toContain('\u001b[1m');
    expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
  });

  it('Ctrl-C saves, and the run goes on', async () => {
    await using folder = await temporaryFolder();
    const args = ['train', ...small, '--batch', '2', '--epochs', '500', '--out', 'a'];
    let typed = false;
    const stopped = await onTerminal(args, folder.path, (text, type) => {
      if (!typed && text.includes('epoch   2/500')) type('\u0003');
      typed ||= text.includes('epoch   2/500');
    });
    expect(stopped.code).toBe(130);
    expect(stopped.text).toContain('go on with: fovea train --resume a');
    const resumed = ['train', '--resume', 'a', '--epochs', '4'];
    expect((await onTerminal(resumed, folder.path)).text).toContain('going on after epoch');
  });

  it('an error ends the live line', async () => {
    const { code, text } = await onTerminal(['eval', 'no/such/run'], '.');
    expect(code).toBe(2);
    expect(text).toContain('error: no/such/run is not there');
  });
});
