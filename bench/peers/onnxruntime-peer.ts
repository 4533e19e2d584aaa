// onnxruntime as a peer, for inference: see serve.ts.
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { imagesOf, inference } from '../fovea.ts';
import { nets } from '../nets.ts';
import { onnxModel } from './onnx-model.ts';
import { serve } from './serve.ts';

const SHOWN = 100;

await serve(env.versions.common, async ({ suite, case: name, threads }) => {
  const net = nets[name as string];
  if (suite !== 'infer' || net === undefined)
    throw new Error(`onnxruntime cannot ${suite} ${name}`);
  const { program, values } = inference(net);
  const session = await InferenceSession.create(onnxModel(program, values), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  });
  const x = new Tensor('float32', imagesOf(net), [net.batch, ...net.input]);
  let logits: Tensor | undefined;
  return {
    async step() {
      logits = (await session.run({ x })).logits;
    },
    output: async () => [...logits!.data.subarray(0, SHOWN)],
    dispose: () => session.release(),
  };
});
process.exit();
