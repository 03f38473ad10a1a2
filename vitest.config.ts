import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { type Tier, testsOf } from './test/tiers.ts';

/** Its threads run what was built; the helper itself names the real one by another path. */
const SPAWN_BUILT = {
  find: /^(\.\.\/)+threads\/spawn\.ts$/,
  replacement: new URL('test/helpers/spawn-built.ts', import.meta.url).pathname,
};

/** First: they tell soonest. A third worker would load everything a third time. */
const UNIT = { pool: 'threads', maxWorkers: 2, sequence: { groupOrder: 0 } } as const;
/** One more than there are processors: many of these wait for something. Each may start a whole server. */
const OTHERS = {
  pool: 'forks',
  maxWorkers: Math.min(4, availableParallelism() + 1),
  sequence: { groupOrder: 1 },
} as const;

/** Files of a tier share processes and what these have loaded; each of e2e, which starts programs of its own, does not. */
const project = (tier: Tier): TestProjectConfiguration => ({
  extends: true,
  ...(tier === 'integration' && { resolve: { alias: [SPAWN_BUILT] } }),
  test: {
    name: tier,
    include: testsOf(tier),
    isolate: tier === 'e2e',
    ...(tier === 'unit' ? UNIT : OTHERS),
  },
});

export default defineConfig({
  // graphql 16 ships itself twice; without this our files and its other users would each load their own copy.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    // What was transformed lies on the disk for the next run: a sixth of the processor time of a few files.
    experimental: { fsModuleCache: true },
    // As the program has it; tests that ask whether it does so by itself start programs without this.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    projects: [project('unit'), project('integration'), project('e2e')],
    // Far above what anything takes: a crowded machine is no failure, and a test that hangs is one soon enough.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    coverage: {
      include: ['src/**/*.{ts,js}', 'clients/typescript/src/**/*.ts'],
      exclude: ['src/store/generated/**', 'src/web/client.js', 'clients/typescript/src/generated/**'],
      reporter: ['text-summary', 'html'],
    },
  },
});
