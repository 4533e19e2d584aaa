import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Programs that import 'fovea' by name, as examples do, get the sources.
  ssr: { resolve: { conditions: ['fovea-source'] } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: engines bring threads of their own.
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/engines/wasm/assembly/**', '**/build/**', '**/*.test.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
    },
  },
});
