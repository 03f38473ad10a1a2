import { defineConfig } from 'vitest/config';

/** Tries to get around what protects: takes minutes, and is not part of `npm test`, which holds a few of each kind. */
export default defineConfig({
  // graphql 16 ships itself twice: see vitest.config.ts.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/attack/**/*.test.ts', 'test/e2e/crash.test.ts'],
    env: { ORT_DISABLE_TELEMETRY: '1', CRASHES: process.env.CRASHES ?? '20' },
    testTimeout: 1_800_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
