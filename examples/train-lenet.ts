// Trains LeNet on the part of Fashion-MNIST that comes with Fovea, and uses what it has learnt.
//   npx tsx train-lenet.ts [epochs]
import { evaluate, loadDataset, predict, train } from 'fovea/node';
import sharp from 'sharp';

const epochs = Number(process.argv[2] ?? 5);

const { location } = await train(
  {
    model: 'lenet-modern',
    data: 'fashion-mnist-sample',
    epochs,
    batch: 64,
    optimizer: 'adam',
    shift: 1,
    out: 'runs/lenet',
    overwrite: true,
  },
  {
    onNotice: ({ text }) => console.log(text),
    onEpoch: ({ epoch, trainLoss, testAccuracy }) =>
      console.log(`epoch ${epoch}: loss ${trainLoss.toFixed(3)}, test accuracy ${testAccuracy}`),
  },
);

const { accuracy, count } = await evaluate({ run: location });
console.log(`the best network is right about ${accuracy * count} of ${count} test images`);

// The first test image, as a file would hold it.
const { images, labels, classes, shape } = await loadDataset('fashion-mnist-sample', 'test');
const [, height, width] = shape;
const raw = { width, height, channels: 1 } as const;
const png = await sharp(images.subarray(0, width * height), { raw })
  .png()
  .toBuffer();
const [answer] = await predict({ run: location, images: [png], top: 1 });
const best = answer![0]!;
console.log(`it takes a ${classes[labels[0]!]} for a ${best.class} (p = ${best.probability})`);
