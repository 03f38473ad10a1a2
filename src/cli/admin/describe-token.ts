/** What `mien token` takes. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readConfig } from '../../config.ts';
import type { Role, Tags } from '../../domain/access.ts';
import type { Host } from '../process-host.ts';
import type { CreateTokenOptions } from './token.ts';

export function describeToken(program: Command, host: Host, done: (code: number) => void): void {
  const token = program
    .command('token')
    .description('tokens, by which people and programs show the server who they are; also while it runs');
  token
    .command('create')
    .description('make a token, and write it to stdout this once')
    .requiredOption('--name <name>', 'who or what will hold it')
    .addOption(
      new Option(
        '--role <role>',
        'viewer reads; operator also runs streams; admin also makes tokens, reads the audit, erases',
      )
        .choices(['viewer', 'operator', 'admin'])
        .makeOptionMandatory(),
    )
    .option('--streams <key=value...>', 'show it only streams that are tagged so, with all of these', addTag)
    .option('--expires <when>', 'after 30d, 12h or 4w, or at a time such as 2030-12-31', parseEnd)
    .action(async ({ role, ...options }: Omit<CreateTokenOptions, 'role'> & { role: string }) => {
      const { createToken } = await import('./token.ts');
      const request = { ...options, role: role.toUpperCase() as Role };
      done(await createToken(request, readConfig(host.env), host));
    });
  token
    .command('list')
    .description('list all tokens that were ever made, the newest first')
    .action(async () => {
      const { listTokens } = await import('./token.ts');
      done(await listTokens(readConfig(host.env), host));
    });
  token
    .command('revoke')
    .description('end a token now')
    .argument('<id>', 'as `mien token list` shows it')
    .action(async (id: string) => {
      const { revokeToken } = await import('./token.ts');
      done(await revokeToken(id, readConfig(host.env), host));
    });
}

function addTag(text: string, before: Tags = {}): Tags {
  const [, key, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new InvalidArgumentError('Write a tag as key=value, such as room=lab.');
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError(`The tag ${key} is given twice.`);
  return { ...before, [key]: value };
}

const UNIT_MS: Record<string, number> = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** @returns when that is, of what it is now by the clock that tokens end by, in milliseconds since 1970 */
function parseEnd(text: string): (now: number) => Date {
  const [, count, unit = ''] = /^(\d{1,6})([hdw])$/.exec(text) ?? [];
  if (count !== undefined) return (now) => new Date(now + Number(count) * (UNIT_MS[unit] ?? 0));
  const time = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/.test(text) ? new Date(text) : null;
  if (time !== null && !Number.isNaN(time.getTime())) return () => time;
  throw new InvalidArgumentError('Write 30d, 12h, 4w, or a time such as 2030-12-31 or 2030-12-31T18:00:00Z.');
}
