/** Writes schema.graphql, or with --check says whether it is current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { printSchema } from 'graphql';
import { schema } from '../src/api/schema/index.ts';

const file = new URL('../schema.graphql', import.meta.url);
const text = `${printSchema(schema)}\n`;
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== text) {
    console.error('schema.graphql is not current: run `npm run schema`.');
    process.exitCode = 1;
  }
} else writeFileSync(file, text);
