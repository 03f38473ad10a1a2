import { execFile } from 'node:child_process';
import { arch, platform } from 'node:os';
import { promisify } from 'node:util';
import { CONFINE_SCRIPT } from './confine-script.ts';

const execute = promisify(execFile);

/**
 * Who keeps ffmpeg from the network. In each of them it is given addresses of our proxy alone.
 * - `landlock`: the kernel. A source that comes over a network may connect by TCP to our proxy's port and to no other;
 *   all others may open no socket of the internet at all.
 * - `seccomp`: the kernel knows no rules for ports (Landlock, Linux 6.7). Files, uploads and cameras may open no socket
 *   of the internet; other sources TCP only, and where that leads is held by what the proxy passes on.
 * - `proxy`: only what the proxy passes on.
 */
export type ConfinementLevel = 'landlock' | 'seccomp' | 'proxy';

export interface Confinement {
  level: ConfinementLevel;
  /** What comes before a command, so that it runs confined. @param port of our proxy; undefined: no network at all */
  prefix(port: number | undefined): string[];
}

/**
 * Tries what this system has, from the strongest down; what was found is then required of each run.
 * @param wanted false: nothing but the proxy is asked for
 */
export async function findConfinement(wanted: boolean): Promise<Confinement> {
  if (!wanted || platform() !== 'linux' || !(arch() in SYSTEM_CALLS)) return UNCONFINED;
  const levels = ['landlock', 'seccomp'] as const;
  for (const level of levels) {
    const confinement = confinementBy(level);
    if (await works(confinement)) return confinement;
  }
  return UNCONFINED;
}

const UNCONFINED: Confinement = { level: 'proxy', prefix: () => [] };

/** The kernel's numbers for the calls that are made or forbidden, and for the architecture itself. */
const SYSTEM_CALLS: Record<string, { machine: number; calls: Record<string, number> }> = {
  x64: {
    machine: 0xc000003e,
    calls: { prctl: 157, seccomp: 317, socket: 41, sendto: 44, sendmsg: 46, sendmmsg: 307 },
  },
  arm64: {
    machine: 0xc00000b7,
    calls: { prctl: 167, seccomp: 277, socket: 198, sendto: 206, sendmsg: 211, sendmmsg: 269 },
  },
};

function confinementBy(level: 'landlock' | 'seccomp'): Confinement {
  const { machine, calls } = SYSTEM_CALLS[arch()]!;
  const numbers = ['prctl', 'seccomp', 'socket', 'sendto', 'sendmsg', 'sendmmsg'].map((name) => calls[name]!);
  return {
    level,
    prefix: (port = 0) => ['perl', '-e', CONFINE_SCRIPT, [level, port, machine, ...numbers].join(',')],
  };
}

/** Whether a program runs so, both with a port and without a network. */
async function works({ prefix }: Confinement): Promise<boolean> {
  try {
    for (const port of [1, undefined]) {
      const [command = '', ...args] = prefix(port);
      await execute(command, [...args, '/bin/sh', '-c', ':'], { timeout: 20_000 });
    }
    return true;
  } catch {
    return false; // no Perl, an old kernel, or a container that forbids these calls
  }
}
