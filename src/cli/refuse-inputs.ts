/** Rows are never written over an input. */
import { type BigIntStats, fstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { MienError } from '../errors.ts';
import type { Host } from './host.ts';
import { sourceOf } from './inputs.ts';

/**
 * A file is known by its device and inode: a link, another spelling or another mount of it has the same.
 * @param path where rows go; undefined: stdout
 * @throws MienError BAD_INPUT: that is one of the inputs
 */
export async function refuseInputs(
  path: string | undefined,
  inputs: readonly string[],
  { stdout }: Pick<Host, 'stdout'>,
): Promise<void> {
  const output = path === undefined ? identityOfStdout(stdout) : await identityAt(path);
  if (output === null) return;
  for (const input of inputs) {
    const source = sourceOf(input);
    if (source.type !== 'file' || (await identityAt(source.path)) !== output) continue;
    const name = path === undefined ? 'The file that stdout goes to' : `--out ${path}`;
    const sentence = `${name} is the input ${input}, which rows would destroy. Name another file.`;
    throw new MienError('BAD_INPUT', sentence);
  }
}

/** Null: there is none yet. */
async function identityAt(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found && identityOf(found);
}

function identityOfStdout(stdout: Writable & { fd?: number }): string | null {
  return stdout.fd === undefined ? null : identityOf(fstatSync(stdout.fd, { bigint: true }));
}

/** Null: a terminal or another device, which keeps nothing that could be destroyed. */
function identityOf(found: BigIntStats): string | null {
  return found.isCharacterDevice() ? null : `${found.dev} ${found.ino}`;
}
