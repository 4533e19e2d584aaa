// Compiles kernels.as into kernels.ts, which carries the binary, so that it loads at once and
// everywhere without a file to fetch. The build stays the same for the same source and compiler;
// kernels.test.ts checks that both belong together.

import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const source = fileURLToPath(new URL('kernels.as', import.meta.url));
const target = fileURLToPath(new URL('kernels.ts', import.meta.url));

/** The WASM module that kernels.as compiles to. */
export async function compileKernels() {
  const text = await readFile(source, 'utf8');
  let binary;
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--importMemory'];
  const { error, stderr } = await asc.main(['kernels.ts', '-o', 'kernels.wasm', ...options], {
    readFile: (name) => (name === 'kernels.ts' ? text : null),
    writeFile(_, content) {
      binary = content;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`kernels.as does not compile:\n${stderr}`);
  return binary;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lines = Buffer.from(await compileKernels())
    .toString('base64')
    .match(/.{1,90}/g);
  const code = lines.map((line) => `  '${line}'`).join(' +\n');
  await writeFile(
    target,
    `// Made from kernels.as by make.mjs; do not edit.\n\nexport const KERNELS =\n${code};\n`,
  );
}
