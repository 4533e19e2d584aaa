// Trains LeNet in the page. Threads need a page that is cross-origin isolated: serve it with
//   Cross-Origin-Opener-Policy: same-origin
//   Cross-Origin-Embedder-Policy: require-corp
// as vite.config.ts does. Without these headers it works as well, in one worker.
import { datasetEntry, datasetFromIdx, readIdx, type Split } from 'fovea/data';
import {
  buildNetwork,
  type Checkpoint,
  encodeCheckpoint,
  type RunStore,
  resolveConfig,
  selectEngine,
  trainNetwork,
} from 'fovea/train';

const progress = document.querySelector<HTMLProgressElement>('#progress')!;
const state = document.querySelector<HTMLElement>('#state')!;
const log = document.querySelector<HTMLElement>('#log')!;
const say = (line: string) => log.append(`${line}\n`);

const entry = datasetEntry('fashion-mnist-sample');

/** The files lie beside the page; `npx vite` serves them from the folder `data` of the package. */
async function load(split: Split) {
  const { images, labels } = entry.splits[split];
  const arrays = [images, labels].map(async ({ name }) => {
    const response = await fetch(`./${entry.name}/${name}.gz`);
    if (!response.ok) throw new Error(`${response.url}: HTTP ${response.status}`);
    return readIdx(new Uint8Array(await response.arrayBuffer()), name);
  });
  const [pixels, classes] = await Promise.all(arrays);
  return datasetFromIdx(entry.name, entry.classes, pixels!, classes!);
}

async function main(): Promise<void> {
  const epochs = Number(new URLSearchParams(location.search).get('epochs') ?? 5);
  const config = resolveConfig({ model: 'lenet-bn', data: entry.name, epochs, batch: 64, lr: 0.5 });
  const [train, test] = await Promise.all([load('train'), load('test')]);
  const { engine, reason } = await selectEngine('auto');
  say(reason);

  let best: Checkpoint | undefined;
  const nothing = async () => {};
  const store: RunStore = {
    location: 'this page',
    begin: nothing,
    record: nothing,
    draw: nothing,
    log: nothing,
    finish: nothing,
    async save(name, checkpoint) {
      if (name === 'best') best = checkpoint;
    },
  };
  const network = buildNetwork(config, entry.classes.length, entry.shape);
  const preprocessing = { shape: entry.shape };
  await trainNetwork({
    ...{ config, train, test, network, preprocessing, engine, store },
    hooks: {
      onStep({ epoch, trainLoss, examplesPerSecond }) {
        progress.value = epoch / epochs;
        state.textContent = `loss ${trainLoss.toFixed(3)}, ${Math.round(examplesPerSecond)} images/s`;
      },
      onEpoch: ({ epoch, testAccuracy }) => say(`epoch ${epoch}: test accuracy ${testAccuracy}`),
    },
  });
  await engine[Symbol.asyncDispose]();

  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([...(await encodeCheckpoint(best!))]));
  link.download = 'best.safetensors';
  link.textContent = 'Save the trained network; fovea predict best.safetensors image.png uses it';
  document.body.append(link);
  state.textContent = 'done';
}

main().catch((error: Error) => {
  state.textContent = error.message;
});
