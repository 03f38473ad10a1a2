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

  it('`npm run sbom` and `npm run licenses`, which read what is installed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mien-sbom-'));
    try {
      const file = join(folder, 'sbom.json');
      expect(await run([process.execPath, 'scripts/sbom.mjs', file], ROOT)).toMatchObject({
        code: 0,
        tries: [],
      });
      expect(await readdir(folder)).toEqual(['sbom.json']);
      const check = [process.execPath, 'scripts/licenses.mjs', '--check'];
      expect(await run(check, ROOT)).toMatchObject({ code: 0, tries: [], files: [] });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
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
        files: [],
      });
      expect(await readdir(join(copy, 'src', 'store', 'generated'))).toContain('client.ts');
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  });
});
