/** Who holds a lock, in words by which another process can tell whether that one still lives. */
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { kill, pid } from 'node:process';
import { z } from 'zod';

/** `place` is where process ids mean the same; `born` tells a process from a later one with its id, where the system says it. */
const Holder = z.object({ pid: z.int().positive(), born: z.string().nullable(), place: z.string() });

export async function describeHolder(): Promise<z.infer<typeof Holder>> {
  return { pid, born: await processStart(pid), place: await processPlace() };
}

/** @returns null where process ids cannot tell: the holder is in another container or host, or the text is no holder */
export async function asProcess(text: string): Promise<{ id: number; lives: boolean } | null> {
  const holder = parse(text);
  if (holder === null || holder.place !== (await processPlace())) return null;
  return { id: holder.pid, lives: await isAlive(holder.pid, holder.born) };
}

async function isAlive(id: number, born: string | null): Promise<boolean> {
  try {
    kill(id, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = await processStart(id);
  return born === null || now === null || born === now;
}

function parse(text: string): z.infer<typeof Holder> | null {
  try {
    return Holder.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // A crash of the system may leave it empty or torn.
    return null;
  }
}

/** Which ids of processes are meant: on Linux those of one namespace since one boot, elsewhere those of one host. */
async function processPlace(): Promise<string> {
  const boot = await ifThere(readFile('/proc/sys/kernel/random/boot_id', 'utf8'));
  const namespace = await ifThere(readlink('/proc/self/ns/pid'));
  return [hostname(), boot?.trim() ?? '', namespace ?? ''].join('/');
}

/** Linux: when the process started, in clock ticks since boot. Elsewhere null. */
async function processStart(id: number): Promise<string | null> {
  const stat = await ifThere(readFile(`/proc/${id}/stat`, 'utf8'));
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function ifThere(reading: Promise<string>): Promise<string | null> {
  return reading.catch(() => null);
}
