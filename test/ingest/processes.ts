/** Processes of this machine, by what their command lines name. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Command lines of the processes that name something. */
export function naming(text: string): string[] {
  const all = existsSync('/proc/self/cmdline')
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((pid) => commandLine(pid))
    : execFileSync('ps', ['-axwwo', 'args']).toString().split('\n');
  return all.filter((line) => line.includes(text) && !line.includes('victim'));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return ''; // it has ended meanwhile
  }
}

/** The processes that name something: waits up to a minute until there are `count`. */
export async function counted(count: number, text: string): Promise<string[]> {
  for (let tries = 0; tries < 1200 && naming(text).length !== count; tries++) await sleep(50);
  return naming(text);
}

export const goneSoon = (text: string) => counted(0, text);

export const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function pidOf(line: string): string {
  return readdirSync('/proc').find((name) => /^\d+$/.test(name) && commandLine(name) === line)!;
}
