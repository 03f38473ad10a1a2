/** Ids of streams and sessions are UUIDs: anything else is refused before it reaches the database. */
import { isId } from '../../domain/id-format.ts';
import { MienError } from '../../errors.ts';

/** What is counted within a session, and known by its number there. */
export type Part = 'moment' | 'track' | 'episode';

const PART = /^([0-9a-f-]{36}):(moment|track|episode):(0|[1-9]\d{0,9})$/i;
const MAX_NUMBER = 2 ** 31 - 1;

/** The id, unique across all types, of what has a number within a session. */
export function partId(sessionId: string, part: Part, number: number): string {
  return `${sessionId}:${part}:${number}`;
}

/** Null: it is no such id. */
export function parsePartId(id: string): { sessionId: string; part: Part; number: number } | null {
  const [, sessionId = '', part = '', digits] = PART.exec(id) ?? [];
  if (!isId(sessionId) || Number(digits) > MAX_NUMBER) return null;
  return { sessionId: sessionId.toLowerCase(), part: part.toLowerCase() as Part, number: Number(digits) };
}

type Noun = 'stream' | 'session' | 'output';

/** @returns the id in lower case @throws MienError NOT_FOUND when it is not a UUID */
export function assertId(noun: Noun, id: string | number): string {
  const text = String(id);
  if (!isId(text)) throw notFound(noun, text);
  return text.toLowerCase();
}

/** Of what was there a moment ago. @throws MienError NOT_FOUND when somebody has removed it since */
export async function stillThere<Row>(noun: Noun, id: string, row: PromiseLike<Row | null>): Promise<Row> {
  const found = await row;
  if (found === null) throw notFound(noun, id);
  return found;
}

function notFound(noun: Noun, id: string): MienError {
  return new MienError(
    'NOT_FOUND',
    `There is no ${noun} ${JSON.stringify(id.slice(0, 100))}; ask \`${noun}s\` for those there are.`,
  );
}
