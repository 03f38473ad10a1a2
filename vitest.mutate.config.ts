import { defineConfig } from 'vitest/config';
import { testsInProcess } from './test/tiers.ts';

/** `MUTATE_TESTS='test/vision/,test/domain/'`: of all tests those below these places, for a part of src that others hardly run. */
const places = process.env.MUTATE_TESTS?.split(',');
const isAsked = (file: string) => places === undefined || places.some((place) => file.startsWith(place));

/** For StrykerJS, which knows no projects: the unit tests and those with a server of their own process, one file at a time beside each other. */
export default defineConfig({
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  // As long as elsewhere: a busy machine is no noticed mutation.
  test: {
    include: testsInProcess().filter(isAsked),
    // They look at files that are not copied to where mutations are tried, such as the models.
    exclude: ['test/docker.test.ts', 'test/readme.test.ts'],
    // Those that try many seeds try these few: each change is tried by all of them.
    env: { SEEDS: process.env.SEEDS ?? '10' },
    pool: 'threads',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
