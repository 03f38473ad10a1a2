/** Ids are UUIDs; whatever is not cannot exist, and must not reach the database as a malformed value. */
import { isId } from '../../domain/ids.ts';
import { MienError } from '../../errors.ts';

/** @throws MienError NOT_FOUND */
export function assertId(noun: 'stream' | 'session', id: string | number): string {
  const text = String(id);
  if (!isId(text)) throw notFound(noun, text);
  return text.toLowerCase();
}

export function notFound(noun: 'stream' | 'session', id: string): MienError {
  return new MienError(
    'NOT_FOUND',
    `There is no ${noun} ${JSON.stringify(id.slice(0, 100))}; ask \`${noun}s\` for those there are.`,
  );
}
