/**
 * `npm run mutate`: changes src in small ways, and sees which changes no unit test notices. A report, not a test; it
 * takes long. Of some files: `npm run mutate -- --mutate 'src/timeline/*.ts'`.
 */
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutate.config.ts' },
  plugins: ['@stryker-mutator/vitest-runner'],
  // The rooms that need no database, no ffmpeg and no model.
  mutate: [
    'src/domain/**/*.ts',
    'src/timeline/**/*.ts',
    'src/bus/**/*.ts',
    'src/sessions/**/*.ts',
    'src/subscriptions/**/*.ts',
    'src/vision/detection/**/*.ts',
    'src/vision/tracking/**/*.ts',
    'src/api/count-items.ts',
    'src/api/query-limits.ts',
    'src/api/errors/mask-errors.ts',
    'src/api/fanout/rejoin.ts',
    'src/api/http/hosts.ts',
    'src/api/http/origins.ts',
  ],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 30_000,
  // Before any change all tests run once, and note what each of them reaches.
  dryRunTimeoutMinutes: 30,
  // Of what is built, the dashboard is served to tests.
  ignorePatterns: [
    'dist/**/*',
    '!dist/web',
    '!dist/web/*',
    'data',
    'models',
    'bench',
    'coverage',
    'reports',
    '.ci',
    '.github',
    'biome.json',
  ],
  reporters: ['progress', 'clear-text', 'html', 'json'],
  clearTextReporter: { allowColor: false, logTests: false },
  thresholds: { high: 90, low: 85, break: null },
};
