import { defineConfig } from 'vitest/config';

export default defineConfig({
  // graphql 16 ships itself twice; without this our files and its other users would each load their own copy.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
