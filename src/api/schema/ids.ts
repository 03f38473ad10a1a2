/** Ids of streams and sessions are UUIDs: anything else is refused before it reaches the database. */
import { isId } from '../../domain/ids.ts';
import { MienError } from '../../errors.ts';

/** @returns the id in lower case @throws MienError NOT_FOUND when it is not a UUID */
export function assertId(noun: 'stream' | 'session', id: string | number): string {
  const text = String(id);
  if (!isId(text)) throw notFound(noun, text);
  return text.toLowerCase();
}

/** Of what was there a moment ago. @throws MienError NOT_FOUND when somebody has removed it since */
export async function stillThere<Row>(
  noun: 'stream' | 'session',
  id: string,
  row: PromiseLike<Row | null>,
): Promise<Row> {
  const found = await row;
  if (found === null) throw notFound(noun, id);
  return found;
}

function notFound(noun: 'stream' | 'session', id: string): MienError {
  return new MienError(
    'NOT_FOUND',
    `There is no ${noun} ${JSON.stringify(id.slice(0, 100))}; ask \`${noun}s\` for those there are.`,
  );
}
