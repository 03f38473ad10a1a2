/** The commands around mien report to nobody either. */
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runOutside } from './outsider.ts';
import { TRACERS } from './tracer.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

// Without a tracer `leaves.test.ts` says so.
describe.skipIf(TRACERS.length === 0)('asks nobody:', () => {
  const run = (program: string[], cwd: string) => runOutside(TRACERS[0]!, program, { cwd });

  it('`npm run`, which would look for a newer npm', async () => {
    const outcome = await run(['npm', 'run'], ROOT);
    expect(outcome).toMatchObject({ code: 0, tries: [] });
    expect(outcome.stdout).toContain('node scripts/start.mjs');
  });

  it('`npm run generate`, by which Prisma would be told of', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'mien-generate-'));
    try {
      for (const name of ['prisma', 'scripts', 'prisma.config.ts', 'package.json', 'tsconfig.json'])
        await cp(join(ROOT, name), join(copy, name), { recursive: true });
      await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'dir');
      await mkdir(join(copy, 'src', 'store'), { recursive: true });
      expect(await run([process.execPath, 'scripts/generate.mjs'], copy)).toMatchObject({
        code: 0,
        tries: [],
      });
      expect(await readdir(join(copy, 'src', 'store', 'generated'))).toContain('client.ts');
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  });
});
