/** What a process and its children cost, as Linux tells it in /proc. What should be there and is not, fails. */
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks per second of /proc. */
const TICKS = 100;

export interface Usage {
  /** Of the processor, user and system, since the start. */
  cpuSeconds: number;
  /** Of memory; pages that several processes share are divided among them. */
  megabytes: number;
}

/** The children of a process and theirs, whichever of its threads started them. Without those that have ended. */
export function descendantsOf(pid: number): number[] {
  const children = readdirOf(`/proc/${pid}/task`).flatMap((thread) =>
    (readIfThere(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** The name of the program that a process runs, of at most 15 characters; empty when the process has ended. */
export function programOf(pid: number): string {
  return (readIfThere(`/proc/${pid}/comm`) ?? '').trim();
}

/** @throws Error when the process has ended, or this is not Linux */
export function usageOf(pid: number): Usage {
  const usage = usageIfThere(pid);
  if (usage) return usage;
  throw new Error(`Nothing can be measured of process ${pid}: it has ended, or this is not Linux.`);
}

/**
 * What the processes below `pid` cost that run one of these programs; with the processor time of all that such processes, and
 * those between, have started and waited for, so that it never falls when one takes the place of another.
 * @param atLeast how many of the first of them there must be
 * @throws Error when there are fewer, or nothing was measured of them
 */
export function usageBelow(pid: number, programs: readonly [string, ...string[]], atLeast: number): Usage {
  const running = descendantsOf(pid).map((child) => ({ child, program: programOf(child) }));
  const [first] = programs;
  const found = running.filter(({ program }) => program === first).length;
  if (found < atLeast) {
    throw new Error(
      `${found} of ${atLeast} ${first} are children of process ${pid}: the rest would be left out.`,
    );
  }
  const usages = running
    .filter(({ program }) => programs.includes(program))
    .map(({ child }) => usageIfThere(child))
    .filter((usage) => usage !== null);
  const ended = running.reduce((sum, { child }) => sum + (timesIfThere(child)?.ofEndedChildren ?? 0), 0);
  const cpuSeconds = usages.reduce((sum, usage) => sum + usage.cpuSeconds, ended);
  const megabytes = usages.reduce((sum, usage) => sum + usage.megabytes, 0);
  if (atLeast > 0 && !(cpuSeconds > 0 && megabytes > 0)) {
    throw new Error(`Nothing was measured of the ${first} below process ${pid}.`);
  }
  return { cpuSeconds, megabytes };
}

/** Null where the process has ended. */
function usageIfThere(pid: number): Usage | null {
  const times = timesIfThere(pid);
  const memory = readIfThere(`/proc/${pid}/smaps_rollup`);
  if (!times || !memory) return null;
  const [, kilobytes] = /^Pss:\s+(\d+) kB/m.exec(memory) ?? [];
  return { cpuSeconds: times.own, megabytes: Number(kilobytes ?? 0) / 1024 };
}

/** Seconds of the processor, user and system; null where the process has ended. */
export function timesIfThere(pid: number): { own: number; ofEndedChildren: number } | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (!stat) return null;
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = stat
    .replace(/^.*\) /s, '')
    .split(' ')
    .slice(11, 15)
    .map(Number);
  return { own: (user + system) / TICKS, ofEndedChildren: (childUser + childSystem) / TICKS };
}

/** Null where the process has ended. */
function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function readdirOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');
}
