/** Reads the list of documents that may be asked, as compilers of GraphQL clients write it, and the dashboard's, which always may. */
import { readFile } from 'node:fs/promises';
import { GraphQLError, parse, validate } from 'graphql';
import { z } from 'zod';
import { MienError } from '../errors.ts';
import { WEB } from './http/static-files.ts';
import { bare, type PersistedDocuments } from './persisted/persisted-documents.ts';
import { schema } from './schema/index.ts';

/** By id: Relay's compiler, and GraphQL Code Generator's client preset. */
const ById = z.record(z.string(), z.string());
/** Apollo's `generate-persisted-query-manifest`. */
const Manifest = z.object({ operations: z.array(z.object({ id: z.string(), body: z.string() })) });

/** @param path null: any document may be asked @throws MienError CONFIG_INVALID naming every document that is wrong */
export async function readPersistedDocuments(path: string | null): Promise<PersistedDocuments | null> {
  if (path === null) return null;
  const entries = entriesOf(path, await readJson(path));
  const byId = new Map(entries.map(([id, text]) => [bare(id), text]));
  const mistakes = entries.flatMap(([id, text]) => {
    const mistake = byId.get(bare(id)) === text ? mistakeIn(text) : 'it is there twice';
    return mistake === null ? [] : [`  ${JSON.stringify(id)}: ${mistake}`];
  });
  if (mistakes.length > 0)
    throw invalid(`${path} holds documents that this server cannot answer:\n${mistakes.join('\n')}`);
  return { byId, texts: new Set([...byId.values(), ...(await dashboardDocuments())]) };
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw invalid(
      code === 'ENOENT' ? `there is no file ${path}; check the name.` : `${path} cannot be read (${code}).`,
    );
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`${path} is no JSON: ${(error as Error).message}.`);
  }
}

function entriesOf(path: string, list: unknown): [id: string, text: string][] {
  const manifest = Manifest.safeParse(list);
  if (manifest.success) return manifest.data.operations.map(({ id, body }) => [id, body]);
  const byId = ById.safeParse(list);
  if (byId.success) return Object.entries(byId.data);
  throw invalid(
    `${path} must hold texts of documents by their ids ({ "id": "query …" }, as Relay's compiler and GraphQL Code Generator write it) or a manifest of Apollo's ({ "operations": [{ "id": …, "body": … }] }).`,
  );
}

/** Null: it can be answered. */
function mistakeIn(text: string): string | null {
  try {
    return validate(schema, parse(text))[0]?.message ?? null;
  } catch (error) {
    if (error instanceof GraphQLError) return error.message;
    throw error;
  }
}

/** All texts of the module in which the dashboard has them. */
async function dashboardDocuments(): Promise<string[]> {
  const documents = (await import(new URL('documents.js', WEB).href)) as Record<string, unknown>;
  return Object.values(documents).filter((text) => typeof text === 'string');
}

function invalid(message: string): MienError {
  return new MienError('CONFIG_INVALID', `MIEN_PERSISTED_DOCUMENTS: ${message}`);
}
