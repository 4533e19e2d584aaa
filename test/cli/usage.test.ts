import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { commandLine, execute, fovea, lastLine, temporaryFolder } from './fovea.ts';

describe('help', () => {
  it('names every command, also without arguments', async () => {
    for (const args of [['--help'], []]) {
      const { code, stdout, stderr } = await fovea(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const { name, summary } of commands)
        expect(stdout).toMatch(new RegExp(`  ${name} .*\\s${summary.slice(0, 20)}`));
    }
  });

  it('lists the options of train with their defaults', async () => {
    const { stdout } = await fovea(['train', '--help']);
    expect(stdout).toMatch(/--model <name> +network, by name \(default: lenet\)/);
    expect(stdout).toMatch(/--optimizer <name> +.*sgd, adam, adamw, rmsprop/);
    expect(stdout).toMatch(/--resume/);
    expect(await fovea(['help', 'train'])).toEqual({ code: 0, stderr: '', stdout });
  });

  it('prints the version', async () => {
    expect((await fovea(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong use', () => {
  const cases: readonly (readonly [args: string, message: string])[] = [
    ['trian', "error: unknown command 'trian' (Did you mean train?)"],
    ['train --epoch 3', "error: unknown option '--epoch' (Did you mean --epochs?)"],
    ['train --lr fast', 'error: --lr must be a number (it is "fast")'],
    ['train --epochs +5', 'error: --epochs +5 adds to a run that is there; give --resume too'],
    ['train --resume', 'error: --resume needs the folder of a run'],
    ['train --optimizer sdg', '(it is "sdg") (did you mean "sgd"?)'],
    ['train --batch 0', 'error: option batch must be at least 1 (it is 0)'],
    ['train --model lnet', 'error: there is no model "lnet" (did you mean "lenet"?)'],
    ['train --data fashion-mnits', '(did you mean "fashion-mnist"?)'],
    ['train --data fashion-mnist-sample --engine wasmm', '(did you mean "wasm"?)'],
    ['train --config none.json', 'error: none.json: there is no such file'],
    ['train --resume runs/a --overwrite', 'error: --resume goes on with a run'],
    ['eval', "error: missing required argument 'run'"],
    ['eval no/such/run', 'error: no/such/run is not there'],
    ['eval runs/a --split trian', '(did you mean "train"?)'],
    ['predict runs/a', "error: missing required argument 'image'"],
    ['predict runs/a x.png --top none', 'error: --top must be a whole number, 1 or more'],
    ['summary lenett', '(did you mean "lenet"?)'],
    ['summary lenet --input 28', 'error: --input must be channels, height and width'],
    ['summary lenet --model-options clases=3', '(did you mean "classes"?)'],
    ['models a b', 'error: too many arguments'],
    ['train --out=', 'error: an argument is empty'],
    ['eval ', 'error: an argument is empty'],
    ['train --lr Infinity', 'error: option lr must be finite (it is Infinity)'],
    ['train --resume no/such/run', 'error: no/such/run is not there'],
  ];
  it.each(cases)('fovea %s', async (args, message) => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await fovea(args.split(' '), { cwd: folder.path });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^error: .*\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('shows the stack when asked', async () => {
    const stack = /^error: there is no model .*\n +at /;
    expect((await fovea(['summary', 'x', '--debug'])).stderr).toMatch(stack);
    expect((await fovea(['summary', 'x'], { env: { FOVEA_DEBUG: '1' } })).stderr).toMatch(stack);
  });

  it('reports shapes that do not fit in one line', async () => {
    const { code, stderr } = await fovea(['summary', 'lenet', '--input', '1x4x4']);
    expect(stderr).toMatch(/^error: .*\n$/);
    expect(code).toBe(1);
  });
});

describe('lists', () => {
  it('models', async () => {
    const { models } = lastLine(await fovea(['models', 'lenet', '--json']));
    expect(models).toContainEqual({
      name: 'lenet',
      description: expect.any(String),
      parameters: 61_706,
      options: expect.objectContaining({ classes: 10, channels: 1, size: 28 }),
    });
    expect((await fovea(['models', 'none'])).stdout).toContain('no model has "none" in its name');
  });

  it('datasets', async () => {
    const { datasets } = lastLine(await fovea(['datasets', '--json']));
    expect(datasets).toContainEqual(
      expect.objectContaining({
        name: 'fashion-mnist-sample',
        shape: [1, 28, 28],
        train: 6000,
        test: 1000,
        licence: 'MIT',
        folder: expect.stringContaining('fashion-mnist-sample'),
      }),
    );
  });

  it('engines', async () => {
    const { engines } = lastLine(await fovea(['engines', '--json']));
    const wasm = expect.stringMatching(/^wasm: \d+ threads?/);
    expect(engines).toContainEqual({ name: 'wasm', works: true, description: wasm });
  });

  it('a summary', async () => {
    const { model, total } = lastLine(await fovea(['summary', 'lenet', '--json']));
    expect(model).toBe('lenet');
    expect(total).toMatchObject({ parameters: 61_706, multiplyAdds: 416_520 });
    expect((await fovea(['summary', 'lenet'])).stdout).toMatch(/total +61,706/);
  });

  it('has aligned columns and no colours in a pipe', async () => {
    const lines = (await fovea(['datasets'])).stdout.trimEnd().split('\n');
    const at = lines[0]!.indexOf('licence');
    for (const line of lines) expect(line.slice(at - 2, at)).toBe('  ');
    expect(lines.join()).not.toContain('\u001b');
  });
});

it('survives a reader that leaves', async () => {
  const script = `
    const { spawn } = require('node:child_process');
    const args = JSON.parse(process.argv[1]);
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.destroy();
    child.on('close', (code) => { process.exitCode = code; });
  `;
  const args = JSON.stringify([...commandLine, 'models']);
  expect(await execute(['-e', script, args])).toEqual({ code: 0, stdout: '', stderr: '' });
});
