/** Who does what a command does, as the audit tells it. */
import { userInfo } from 'node:os';
import type { AuditEvent } from '../../domain/audit.ts';

/** The user of this machine who runs the command. */
export function commandRequester(): AuditEvent['requester'] {
  return { principal: { kind: 'COMMAND', id: 'command', name: userName() }, address: null };
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SYSTEM_ERROR') return 'command';
    throw error;
  }
}
