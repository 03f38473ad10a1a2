/**
 * What a graphics card makes of mien's inference, a line of JSON for each thing that is measured:
 * `npx tsx bench/gpu/run.ts --device webgpu [--seconds 120] [--quick]`. Ends with 1 when an answer differs from the CPU's.
 * `bundle.mjs` puts it together for a machine without npm (`models/training/gpu`).
 */
import '../../src/no-telemetry.ts';

import { parseArgs } from 'node:util';
import type { Device } from '../../src/vision/index.ts';

const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'webgpu' },
    seconds: { type: 'string', default: '120' },
    quick: { type: 'boolean', default: false },
  },
});
// Read by what the rows of the bench share, when it is loaded.
process.env.BENCH_DEVICE = values.device;
const { agreement } = await import('./agreement.ts');
const { bareFaces, barePictures } = await import('./bare.ts');
const { analyzed, fedByWorkers, throughVision } = await import('./whole.ts');

const until = performance.now() + Number(values.seconds) * 1000;
const options = { device: values.device as Device, quick: values.quick };
const parts = [agreement, bareFaces, barePictures, throughVision, fedByWorkers, analyzed];
let failed = false;

for (const [index, part] of parts.entries()) {
  // What is left, shared out among the parts that are left.
  const seconds = Math.max(0, until - performance.now()) / 1000 / (parts.length - index);
  try {
    for await (const measured of part({ ...options, seconds })) {
      console.log(JSON.stringify({ device: values.device, ...measured }));
      failed ||= measured.agrees === false;
    }
  } catch (error) {
    failed = true;
    console.log(JSON.stringify({ device: values.device, part: part.name, error: String(error) }));
  }
}
process.exit(failed ? 1 : 0);
