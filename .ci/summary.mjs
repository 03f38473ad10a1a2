/**
 * `node .ci/summary.mjs REPORT…`: adds up vitest's JSON reports. Fails when a test failed, or when one ran in none of
 * them for want of something that could be had. A test of `X.json` that passed in `X.again.json`, its second run
 * alone, is told as FLAKY and does not count as failed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** Beginnings of the names of tests that CI may leave out, and why. */
const MAY_BE_SKIPPED = {
  'on no other device (MIEN_TEST_DEVICE is not set)': 'needs a GPU',
  'is outlived: dropped frames are counted': 'needs root, to mount a disk that fills up',
  'what may not be read is left out': 'needs another user than root, who may read everything',
  'the shipped models find and read a real face':
    'needs a recording of a person, which is not in the repository',
};

const ran = new Set();
const skipped = new Set();
const flaky = [];
const failed = [];
let passed = 0;
for (const path of process.argv
  .slice(2)
  .filter((name) => !name.endsWith('.again.json') && existsSync(name))) {
  const results = resultsOf(path);
  const second = path.replace(/\.json$/, '.again.json');
  const again = existsSync(second) ? resultsOf(second) : new Map();
  for (const [name, status] of results) {
    const passedAgain = status === 'failed' && again.get(name) === 'passed';
    if (passedAgain) flaky.push(name);
    if (status === 'passed' || passedAgain) passed++;
    else if (status === 'failed') failed.push(name);
    (status === 'passed' || status === 'failed' ? ran : skipped).add(name);
  }
}

/** Each test's status by its name; a file that could not even be loaded counts as one test. */
function resultsOf(path) {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'));
  const results = new Map();
  for (const { name, status, assertionResults } of testResults) {
    const file = relative(process.cwd(), name);
    const isBroken = status === 'failed' && assertionResults.every((test) => test.status !== 'failed');
    if (status !== 'failed' || isBroken) results.set(`${file}: the file itself`, status);
    for (const test of assertionResults) results.set(`${file}: ${test.fullName}`, test.status);
  }
  return results;
}

const excuseOf = (name) => Object.entries(MAY_BE_SKIPPED).find(([start]) => name.includes(`: ${start}`))?.[1];
const never = [...skipped].filter((name) => !ran.has(name));
const unexcused = never.filter((name) => excuseOf(name) === undefined);
for (const name of never) console.log(`${excuseOf(name) ?? 'SKIPPED, which CI does not allow'}: ${name}`);
for (const name of flaky) console.log(`FLAKY, passed when it ran again alone; find out why: ${name}`);
for (const name of failed) console.log(`FAILED: ${name}`);
console.log(
  `${passed} passed, ${failed.length + unexcused.length} failed, ${never.length - unexcused.length} skipped`,
);
process.exitCode = passed > 0 && failed.length === 0 && unexcused.length === 0 ? 0 : 1;
