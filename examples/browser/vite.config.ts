// npx vite examples/browser
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  publicDir: fileURLToPath(new URL('../../data', import.meta.url)),
  server: { headers },
  preview: { headers },
  build: { target: 'es2023' },
});
