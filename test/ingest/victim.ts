/** A process that decodes a source, or only guards a command, until it is killed. It says `ready` when it does. */
import { spawn } from 'node:child_process';
import { killWithParent } from '../../src/ingest/ffmpeg/kill-with-parent.ts';
import { decode, ingestAt, url } from './harness.ts';

const [what = '', subject = ''] = process.argv.slice(2);

if (what === 'guard') {
  const { path, prefix } = killWithParent('sleep', []);
  spawn(path, [...prefix, subject]);
  console.log('ready');
} else {
  const ingest = ingestAt('/', { allowPrivateSources: true });
  const source = url(subject);
  for await (const frame of decode(ingest, source)) if (frame.mediaTime === 0) console.log('ready');
}
