import { defineConfig } from 'vitest/config';
import { testsOf } from './test/tiers.ts';

/** For StrykerJS, which knows no projects: the unit tests, one file at a time beside each other. */
export default defineConfig({
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: { include: testsOf('unit'), pool: 'threads' },
});
