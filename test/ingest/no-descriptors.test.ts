/** The process that starts ffmpegs cannot be started where no file can be opened any more; whoever asked is told, and others live. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const CLIENT = new URL('../../dist/ingest/ffmpeg/launcher-client.js', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** With no file descriptor left it asks for a run, gives some back, and asks anew. */
const SCRIPT = `
  import { closeSync, openSync } from 'node:fs';
  const { createLauncherClient } = await import(${JSON.stringify(CLIENT)});
  const taken = [];
  try { for (;;) taken.push(openSync('/dev/null')); } catch {}
  const client = createLauncherClient();
  const lines = [];
  const options = { ffmpegPath: '/bin/false', confine: [], url: 'x', args: { input: [], output: [] }, target: '/dev/null' };
  const first = await client.start(options, (line) => lines.push(line)).done;
  for (const one of taken) closeSync(one);
  const second = await client.start(options, () => {}).done;
  console.log(JSON.stringify({ first, lines, second }));
  await client.close();
`;

it.skipIf(process.platform === 'win32')(
  'a run that cannot be started, because no file can be opened, is over with the reason; the next one starts',
  async () => {
    const child = spawn(
      'sh',
      ['-c', 'ulimit -n 64; exec "$0" --input-type=module -e "$1"', process.execPath, SCRIPT],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const [told, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(errors).not.toContain('TypeError');
    expect(JSON.parse(told)).toMatchObject({
      first: { started: true, reason: expect.stringContaining('EMFILE') },
      lines: [expect.stringContaining('EMFILE')],
      second: { started: true, code: 1 },
    });
  },
);
