/**
 * Statements that PGlite parses and plans once, and parameters in binary form. Its own `query` parses and plans every time,
 * and has text only: one moment's statement took 1.8 ms so, and takes 0.4.
 */
import { type PGlite, protocol } from '@electric-sql/pglite';
import type { Parameter } from '../commit/parameter-layout.ts';

type Messages = Awaited<ReturnType<PGlite['execProtocol']>>['messages'];

export interface PreparedStatements {
  /**
   * @param values text, or bytes in PostgreSQL's binary form
   * @returns the first column of its rows, as text
   * @throws DatabaseError what the database said
   */
  run(sql: string, values: readonly Parameter[]): Promise<(string | null)[]>;
}

export function prepareStatements(db: PGlite): PreparedStatements {
  const { serialize, messages } = protocol;
  const names = new Map<string, string>();
  let count = 0;

  /** The messages of one statement; what is left of it after a failure, Sync clears away. */
  async function send(...parts: Uint8Array[]): Promise<Messages> {
    const answers: Messages = [];
    const exchange = async (message: Uint8Array) => {
      answers.push(...(await db.execProtocol(message, { syncToFs: false })).messages);
    };
    try {
      for (const part of parts) await exchange(part);
    } finally {
      await exchange(serialize.sync());
    }
    return answers;
  }

  async function nameOf(sql: string): Promise<string> {
    const known = names.get(sql);
    if (known !== undefined) return known;
    const name = `mien_${count++}`;
    await send(serialize.parse({ name, text: sql }));
    names.set(sql, name);
    return name;
  }

  return {
    run: (sql, values) =>
      db.runExclusive(async () => {
        const statement = await nameOf(sql);
        const answers = await send(serialize.bind({ statement, values: [...values] }), serialize.execute({}));
        return answers.flatMap((answer) =>
          answer instanceof messages.DataRowMessage ? [answer.fields[0] ?? null] : [],
        );
      }),
  };
}
