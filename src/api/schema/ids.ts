/** Ids of streams and sessions are UUIDs: anything else is refused before it reaches the database. */
import { isId } from '../../domain/ids.ts';
import { MienError } from '../../errors.ts';

/** @returns the id in lower case @throws MienError NOT_FOUND when it is not a UUID */
export function assertId(noun: 'stream' | 'session', id: string | number): string {
  const text = String(id);
  if (!isId(text)) throw notFound(noun, text);
  return text.toLowerCase();
}

function notFound(noun: 'stream' | 'session', id: string): MienError {
  return new MienError(
    'NOT_FOUND',
    `There is no ${noun} ${JSON.stringify(id.slice(0, 100))}; ask \`${noun}s\` for those there are.`,
  );
}
