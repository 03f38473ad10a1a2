/** Prisma's schema engine as WebAssembly: it compares a database with a schema through a driver adapter. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { SchemaEngine, SchemaFilter, SchemasContainer } from '@prisma/schema-engine-wasm';
import pg from 'pg';
import { PRISMA_DIR } from '../src/store/upkeep/migrate.ts';

/** Node has it; the ES2023 library does not name it. */
const wasmRuntime = (globalThis as unknown as { WebAssembly: WebAssemblyLike }).WebAssembly;
const NO_FILTER: SchemaFilter = { externalTables: [], externalEnums: [] };

/** The engine's glue keeps its memory in module scope, so a process can hold one instance only. */
let bindings: ReturnType<typeof loadBindings> | undefined;

interface WebAssemblyLike {
  instantiate(wasm: Uint8Array, imports: object): Promise<{ instance: { exports: object } }>;
}

/** @param schema the text of schema.prisma */
export async function openEngine(
  schema: string,
  factory: SqlMigrationAwareDriverAdapterFactory,
): Promise<SchemaEngine> {
  bindings ??= loadBindings();
  const { SchemaEngine: Engine } = await bindings;
  return Engine.new(
    { datamodels: [['schema.prisma', schema]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(factory),
  );
}

/** The adapter cuts a script at every semicolon; this one hands it over whole. */
export function postgresFactory(pool: pg.Pool): SqlMigrationAwareDriverAdapterFactory {
  const factory = new PrismaPg(withCharAsText(pool));
  return {
    provider: 'postgres',
    adapterName: factory.adapterName,
    connectToShadowDb: () => factory.connectToShadowDb(),
    async connect() {
      const adapter = await factory.connect();
      adapter.executeScript = async (script) => {
        await pool.query(script);
      };
      return adapter;
    },
  };
}

/** The engine reads catalog columns of type "char", which the adapter for servers refuses. */
function withCharAsText(pool: pg.Pool): pg.Pool {
  const { CHAR, TEXT } = pg.types.builtins;
  const query = pool.query.bind(pool) as (query: pg.QueryConfig | string) => Promise<pg.QueryResult>;
  const read = async (text: pg.QueryConfig | string) => {
    const result = await query(text);
    for (const field of result.fields ?? []) if (field.dataTypeID === CHAR) field.dataTypeID = TEXT;
    return result;
  };
  return Object.assign(pool, { query: read });
}

/** SQL that turns an empty database, or the engine's own, into what `schema` describes; a comment only when nothing differs. */
export async function diffSql(
  engine: SchemaEngine,
  schema: string,
  from: 'empty' | 'database',
): Promise<string> {
  const to: SchemasContainer = { files: [{ path: 'schema.prisma', content: schema }] };
  const { stdout } = await engine.diff({
    from: from === 'empty' ? { tag: 'empty' } : { tag: 'schemaDatasource', ...to, configDir: PRISMA_DIR },
    to: { tag: 'schemaDatamodel', ...to },
    script: true,
    exitCode: null,
    filters: NO_FILTER,
  });
  return stdout ?? '';
}

/** Node cannot import a `.wasm` file, so its glue is joined to it by hand. */
async function loadBindings() {
  const require = createRequire(import.meta.url);
  const glue = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const imports = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = await readFile(glue.replace(/\.js$/, '.wasm'));
  const { instance } = await wasmRuntime.instantiate(wasm, { './schema_engine_bg.js': imports });
  imports.__wbg_set_wasm(instance.exports);
  (instance.exports as { __wbindgen_start(): void }).__wbindgen_start();
  return imports;
}
