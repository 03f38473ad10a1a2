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

function commandLine(pid: string, what = 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return ''; // it has ended meanwhile
  }
}

/** Command lines of the processes that a process has started, and of theirs; or their environments. Linux only. */
export function descendants(ancestor: number, what: 'cmdline' | 'environ' = 'cmdline'): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = new Map(pids.map((pid) => [pid, parentOf(pid)]));
  // The numbers of processes begin anew: a child's may be less than its parent's.
  const below = (pid: string): string[] => {
    const children = pids.filter((child) => parents.get(child) === pid);
    return children.flatMap((child) => [child, ...below(child)]);
  };
  return below(String(ancestor)).map((pid) => commandLine(pid, what));
}

function parentOf(pid: string): string {
  try {
    return /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '';
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
