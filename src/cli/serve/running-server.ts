/**
 * How commands reach the server that runs on a data directory, whose embedded database no other process can open. The server
 * notes in the directory where it listens, and a secret of this run by which each shows the other that it may read that note, the
 * server first: whoever may could read the database too.
 */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { type RequestOptions, request } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { proofOf } from '../../access/process-secret-scheme.ts';
import { MienError, type MienErrorCode } from '../../errors.ts';

const Note = z.object({ host: z.string(), port: z.int(), credential: z.string() });
type Note = z.infer<typeof Note>;

const ANSWER_MS = 30_000;
/** A server that was killed leaves its note behind, and another may have its port: longer than a loopback connection takes. */
const CONNECT_MS = 2_000;

/** @returns what takes the note away again */
export async function noteServer(dataDir: string, note: Note): Promise<{ close(): Promise<void> }> {
  const path = pathIn(dataDir);
  const draft = `${path}.${crypto.randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(JSON.stringify(note));
  } finally {
    await file.close();
  }
  await rename(draft, path);
  return {
    async close() {
      // Where two servers share a database on a server, and by mistake a directory too, it may be the other's by now.
      if ((await readNote(dataDir))?.credential === note.credential) await rm(path, { force: true });
    },
  };
}

export type Ask = (query: string, variables?: object) => Promise<unknown>;

/** @returns what asks the server that runs on this data directory; null where none does, or not on this machine */
export async function findServer(dataDir: string): Promise<Ask | null> {
  const note = await readNote(dataDir);
  if (note === null || !(await knows(note))) return null;
  return async (query, variables = {}) => {
    const { status, body } = await send(note, {
      ...{ path: '/graphql', method: 'POST', timeout: ANSWER_MS },
      headers: { authorization: `Bearer ${note.credential}` },
      body: JSON.stringify({ query, variables }),
    });
    return dataOf(status, body);
  };
}

const Proof = z.object({ proof: z.string() });

/** Whether the one that listens there is the one that wrote the note. It is not told the secret before. */
async function knows(note: Note): Promise<boolean> {
  try {
    const challenge = randomBytes(32).toString('base64url');
    const headers = { 'x-mien-challenge': challenge };
    const { status, body } = await send(note, {
      path: '/command',
      method: 'GET',
      timeout: CONNECT_MS,
      headers,
    });
    return status === 200 && Proof.parse(JSON.parse(body)).proof === proofOf(note.credential, challenge);
  } catch {
    // Nobody listens there any more, or somebody who answers something else.
    return false;
  }
}

interface Question extends Pick<RequestOptions, 'path' | 'method' | 'timeout'> {
  headers: Readonly<Record<string, string>>;
  body?: string;
}

function send(
  { host, port }: Note,
  { body = '', ...question }: Question,
): Promise<{ status: number; body: string }> {
  const headers = {
    ...{ host: 'localhost', accept: 'application/json', 'content-type': 'application/json' },
    ...question.headers,
  };
  return new Promise((resolve, reject) => {
    const asked = request({ ...question, host, port, agent: false, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
      answer.once('error', reject);
    });
    asked.once('timeout', () => asked.destroy(new Error('the server does not answer')));
    asked.once('error', reject).end(body);
  });
}

const Answer = z.object({
  data: z.unknown(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.object({ code: z.string() }).optional() }))
    .optional(),
});

/** @throws MienError what the server says */
function dataOf(status: number, body: string): unknown {
  const { data, errors: [error] = [] } = Answer.parse(JSON.parse(body));
  if (error) throw new MienError((error.extensions?.code ?? 'CONFLICT') as MienErrorCode, error.message);
  if (status !== 200) throw new Error(`the server answered with ${status}`);
  return data;
}

async function readNote(dataDir: string): Promise<Note | null> {
  try {
    return Note.safeParse(JSON.parse(await readFile(pathIn(dataDir), 'utf8'))).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

const pathIn = (dataDir: string) => join(dataDir, 'server.json');
