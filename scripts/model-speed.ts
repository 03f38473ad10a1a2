/**
 * How much processor time files of one model take, run in turn on one thread of the CPU as the server runs them:
 *
 *     npx tsx scripts/model-speed.ts ensemble|detector FILE FILE…
 *
 * For each size of input the median over the rounds, and how many times that of the first file it is.
 */
import '../src/no-telemetry.ts';

import * as ort from 'onnxruntime-node';

const ROUNDS = 12;
const CASES = {
  ensemble: { input: 'faces', dims: [1, 4, 16].map((count) => [count, 1, 48, 48]), runs: 64 },
  detector: {
    input: 'frames',
    dims: [
      [1, 1, 192, 320],
      [1, 1, 384, 640],
    ],
    runs: 8,
  },
} as const;

const [kind, ...files] = process.argv.slice(2);
if (!(kind === 'ensemble' || kind === 'detector') || files.length === 0)
  throw new Error('npx tsx scripts/model-speed.ts ensemble|detector FILE FILE…');
const sessions = await Promise.all(
  files.map((file) =>
    ort.InferenceSession.create(file, {
      executionProviders: ['cpu'],
      ...{ graphOptimizationLevel: 'all', executionMode: 'sequential' },
      ...{ intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 },
    }),
  ),
);
const { input, dims: sizes, runs } = CASES[kind];
for (const dims of sizes) {
  const [count = 1] = dims;
  const data = Uint8Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => (i * 7919) % 251);
  const feeds = { [input]: new ort.Tensor('uint8', data, dims) };
  const times = sessions.map((): number[] => []);
  for (const session of sessions) await session.run(feeds);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [n, session] of sessions.entries()) {
      const before = process.cpuUsage();
      for (let i = 0; i < runs / count; i++) await session.run(feeds);
      const { user, system } = process.cpuUsage(before);
      times[n]!.push((user + system) / 1000 / runs);
    }
  }
  const medians = times.map((list) => list.sort((a, b) => a - b)[list.length >> 1]!);
  const told = medians.map((ms, n) => `${files[n]} ${ms.toFixed(3)} ms (x ${(ms / medians[0]!).toFixed(3)})`);
  console.log(`${dims.join(' x ')}: ${told.join(', ')}`);
}
process.exit(0);
