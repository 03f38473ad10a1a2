import { defineConfig } from 'vitest/config';
import { testsOf } from './test/tiers.ts';

/** For StrykerJS, which knows no projects: the unit tests, one file at a time beside each other. */
export default defineConfig({
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  // As long as elsewhere: a busy machine is no noticed mutation.
  test: {
    include: testsOf('unit'),
    // They look at files that are not copied to where mutations are tried, such as the models.
    exclude: ['test/docker.test.ts', 'test/readme.test.ts'],
    pool: 'threads',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
