/**
 * `node .ci/summary.mjs REPORT…`: adds up vitest's JSON reports. Fails when a test failed, or when one ran in none of
 * them for want of something that could be had.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** Beginnings of the names of tests that CI may leave out, and why. */
const MAY_BE_SKIPPED = {
  'on no other device (MIEN_TEST_DEVICE is not set)': 'needs a GPU',
  'is outlived: dropped frames are counted': 'needs root, to mount a disk that fills up',
  'the shipped models find and read a real face':
    'needs a recording of a person, which is not in the repository',
};

const ran = new Set();
const skipped = new Set();
let passed = 0;
let failed = 0;
for (const path of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  // A file that could not even be loaded counts as a failure too.
  failed += report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length;
  for (const { name: file, assertionResults } of report.testResults) {
    for (const { status, fullName } of assertionResults) {
      const name = `${relative(process.cwd(), file)}: ${fullName}`;
      if (status === 'passed') passed++;
      else if (status === 'failed') failed++;
      (status === 'passed' || status === 'failed' ? ran : skipped).add(name);
    }
  }
}

const excuseOf = (name) => Object.entries(MAY_BE_SKIPPED).find(([start]) => name.includes(`: ${start}`))?.[1];
const never = [...skipped].filter((name) => !ran.has(name));
const unexcused = never.filter((name) => excuseOf(name) === undefined);
for (const name of never) console.log(`${excuseOf(name) ?? 'SKIPPED, which CI does not allow'}: ${name}`);
console.log(
  `${passed} passed, ${failed + unexcused.length} failed, ${never.length - unexcused.length} skipped`,
);
process.exitCode = passed > 0 && failed === 0 && unexcused.length === 0 ? 0 : 1;
