import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { type Tier, testsOf } from './test/tiers.ts';

const project = (tier: Tier): TestProjectConfiguration => ({
  extends: true,
  test: { name: tier, include: testsOf(tier), ...(tier === 'unit' && { isolate: false, pool: 'threads' }) },
});

export default defineConfig({
  // graphql 16 ships itself twice; without this our files and its other users would each load their own copy.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    // As the program has it; tests that ask whether it does so by itself start programs without this.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    projects: [project('unit'), project('integration'), project('e2e')],
    // Far above what anything takes: a crowded machine is no failure, and a test that hangs is one soon enough.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
    coverage: {
      include: ['src/**/*.{ts,js}'],
      exclude: ['src/store/generated/**'],
      reporter: ['text-summary', 'html'],
    },
  },
});
