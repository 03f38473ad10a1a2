/** Rows are never written over an input. */
import { MienError } from '../../errors.ts';
import { identityAt, identityOfStdin, identityOfStdout } from '../file-identity.ts';
import type { Host } from '../process-host.ts';
import { sourceOf } from './input-prefetch.ts';

/**
 * @param path where rows go; undefined: stdout
 * @throws MienError BAD_INPUT: that is one of the inputs, or the file that stdin comes from, which may list them
 */
export async function refuseOverwritingInputs(
  path: string | undefined,
  inputs: readonly string[],
  { stdin, stdout }: Pick<Host, 'stdin' | 'stdout'>,
  option: '--out' | '--video' = '--out',
): Promise<void> {
  const output = path === undefined ? identityOfStdout(stdout) : await identityAt(path);
  if (output === null) return;
  const refuse = (what: string): never => {
    const name = path === undefined ? 'The file that stdout goes to' : `${option} ${path}`;
    throw new MienError(
      'BAD_INPUT',
      `${name} is ${what}, which ${option === '--out' ? 'rows' : 'the video'} would destroy. Name another file.`,
    );
  };
  if (identityOfStdin(stdin) === output) refuse('the file that stdin comes from');
  for (const input of inputs) {
    const source = sourceOf(input);
    if (source.type !== 'file' || (await identityAt(source.path)) !== output) continue;
    refuse(`the input ${input}`);
  }
}
