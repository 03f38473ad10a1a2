/** Sign-ins as the database keeps them, in memory. */
import { randomUUID } from 'node:crypto';
import type { SignInStore } from '../../src/access/ports.ts';
import type { SignIn } from '../../src/domain/sign-in.ts';

export class MemorySignIns implements SignInStore {
  readonly #rows = new Map<string, SignIn>();

  async create(hash: Uint8Array, principal: SignIn['principal']): Promise<string> {
    const id = randomUUID();
    this.#rows.set(keyOf(hash), { id, principal });
    return id;
  }

  async byHash(hash: Uint8Array): Promise<SignIn | null> {
    return this.#rows.get(keyOf(hash)) ?? null;
  }

  async byIds(ids: readonly string[]): Promise<readonly SignIn[]> {
    return [...this.#rows.values()].filter(({ id }) => ids.includes(id));
  }

  async end(hash: Uint8Array): Promise<SignIn | null> {
    const ended = await this.byHash(hash);
    this.#rows.delete(keyOf(hash));
    return ended;
  }
}

function keyOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('base64');
}
