/** A file is known by its device and inode: a link, another spelling or another mount of it has the same. */
import { type BigIntStats, fstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';

/** Null: there is none yet. */
export async function identityAt(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found && identityOf(found);
}

export function identityOfStdout(stdout: Writable & { fd?: number }): string | null {
  return stdout.fd === undefined ? null : identityOf(fstatSync(stdout.fd, { bigint: true }));
}

/** Null: no file; a terminal, a pipe or a socket may well be both. */
export function identityOfStdin(stdin: Readable & { fd?: number | null }): string | null {
  const found = typeof stdin.fd === 'number' ? fstatSync(stdin.fd, { bigint: true }) : null;
  return found?.isFile() ? identityOf(found) : null;
}

/** Null: a terminal or another device, which keeps nothing that could be destroyed. */
function identityOf(found: BigIntStats): string | null {
  return found.isCharacterDevice() ? null : `${found.dev} ${found.ino}`;
}
