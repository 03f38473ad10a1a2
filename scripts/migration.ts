/** `npx tsx scripts/migration.ts NAME`: a new migration from what the migrations give to what schema.prisma says. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PgliteClient } from '../src/store/pglite/pglite-client.ts';
import { createAdapterFactory } from '../src/store/pglite/prisma-adapter.ts';
import { migratePGlite, PRISMA_DIR } from '../src/store/upkeep/migrate.ts';
import { diffSql, openEngine } from './schema-engine.ts';

const name = process.argv[2];
if (name === undefined || !/^[a-z0-9_]+$/.test(name)) {
  console.error('Name the migration in lower case: npx tsx scripts/migration.ts add_something');
  process.exit(2);
}
const schema = readFileSync(join(PRISMA_DIR, 'schema.prisma'), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'mien-migration-'));
const database = new PgliteClient({ directory: join(scratch, 'pglite') });
const factory = createAdapterFactory(database);
await migratePGlite(factory);
const engine = await openEngine(schema, factory);
const sql = await diffSql(engine, schema, 'database');
await database.close();
rmSync(scratch, { recursive: true, force: true });
if (sql.includes('This is an empty migration')) {
  console.log('Nothing to do: the migrations already give what schema.prisma describes.');
} else {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const directory = join(PRISMA_DIR, 'migrations', `${stamp}_${name}`);
  mkdirSync(directory);
  writeFileSync(join(directory, 'migration.sql'), sql);
  console.log(
    `Wrote ${directory}/migration.sql. Read it: what Prisma does not know (partitions) is yours to add.`,
  );
}
