import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fovea, lastLine, temporaryFolder } from './fovea.ts';

const tiny = ['--data', 'fashion-mnist-sample', '--subset', '5', '--engine', 'wasm'];

describe('reproduce', () => {
  it('sets our figure beside the book’s, and says what differs', async () => {
    await using folder = await temporaryFolder();
    const out = join(folder.path, 'a');
    const flags = ['--quick', '--seeds', '2', '--epochs', '1', '--out', out, '--json'];
    const done = await fovea(['reproduce', 'lenet', ...tiny, ...flags]);
    expect(done.code).toBe(0);
    expect(lastLine(done)).toMatchObject({
      recipe: 'lenet',
      book: { median: 0.808, band: [0.781, 0.822], builds: 130, failed: 0 },
      changed:
        '1 of 10 epochs, 5 training images of each class, fashion-mnist-sample for fashion-mnist',
      runs: [
        { seed: 0, failed: [], run: join(out, 'seed-0'), epochs: 1 },
        { seed: 1, failed: [], run: join(out, 'seed-1'), epochs: 1 },
      ],
    });
    expect(done.stderr).toContain('80.80 % [78.10 %–82.20 %]');
    expect(done.stderr).toContain("not the book's settings");
  });

  it('knows its recipes', async () => {
    const { code, stderr } = await fovea(['reproduce', 'resent']);
    expect(code).toBe(2);
    expect(stderr).toBe(
      'error: there is no recipe "resent" (did you mean "resnet"?); there are lenet, batchnorm, alexnet, vgg, nin, googlenet, resnet, densenet\n',
    );
  });
});
