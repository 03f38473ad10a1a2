/**
 * `npm run client:documents`: writes what the server answers to the documents of clients/typescript (typed documents) and of the
 * dashboard (types alone), from schema.graphql; with --check says whether both are current.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as operations from '@graphql-codegen/typescript-operations';
import { parse } from 'graphql';
import * as dashboard from '../src/web/documents.js';

const OF_CLIENT = 'clients/typescript/src/documents.graphql';
const TYPES = { useTypeImports: true, enumsAsTypes: true, defaultScalarType: 'string', strictScalars: true };

await write('clients/typescript/src/generated/documents.ts', readFileSync(OF_CLIENT, 'utf8'), {
  plugins: [{ operations: {} }, { typedDocumentNode: {} }],
  config: { documentMode: 'string', immutableTypes: true },
});
const texts = Object.values(dashboard).filter((value) => typeof value === 'string');
await write('src/web/answers.d.ts', texts.join('\n'), {
  plugins: [{ operations: {} }],
  config: {},
});

/**
 * @param {string} target
 * @param {string} documents
 * @param {{ plugins: object[], config: object }} options
 */
async function write(target, documents, { plugins, config }) {
  const text = await codegen({
    filename: target,
    schema: parse(readFileSync('schema.graphql', 'utf8')),
    documents: [{ location: target, document: parse(documents) }],
    plugins,
    pluginMap: { operations, typedDocumentNode },
    // For documents and types alike, and without what only Apollo's cache wants.
    config: { ...TYPES, skipTypename: true, scalars: { DateTime: 'string', ID: 'string' }, ...config },
  });
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  } else if (readFileSync(target, 'utf8') !== text) {
    console.error(`${target} is not current: run \`npm run client:documents\`, and commit what changed`);
    process.exit(1);
  }
}
