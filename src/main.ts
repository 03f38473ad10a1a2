#!/usr/bin/env node
/** The composition root, and the only file that touches the process: reads its arguments and hands the rest over. */
// First, so that nothing that is loaded after it reports to its maker.
import './no-telemetry.ts';
// Before anything large is loaded: it may begin the process again.
import './give-memory-back.ts';

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { run } from './cli/program.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The first signal asks to end, the second ends. */
const stopped = new Promise<string>((resolve) => {
  let asked = false;
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(signal, () => {
      if (asked) process.exit(128 + number);
      asked = true;
      resolve(signal);
    });
  }
});

process.exitCode = await run(process.argv.slice(2), version, {
  env: process.env,
  pid: process.pid,
  // Opened by whoever reads it: an open one may keep the process.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  stopped,
  exit: (code) => process.exit(code),
});
// A room that left something open must not keep the process.
setTimeout(() => process.exit(), 1_000).unref();
