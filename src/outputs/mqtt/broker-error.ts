/** Why a connection to a broker is over, in a sentence. */
import { connectionErrorOf } from '../../domain/connection-error.ts';

/** What the other end did, and no broker should. */
export class UnwantedError extends Error {}

export function sentenceOf(host: string, error: Error & { code?: string | number }): string {
  if (error instanceof UnwantedError) return `${host} ${error.message}; check that it is a broker, and well.`;
  const cause = REFUSALS[Number(error.code)];
  if (cause !== undefined) return `${host} ${cause}.`;
  const code = error.code === undefined ? {} : { code: String(error.code) };
  return `${host} ${connectionErrorOf({ name: error.name, message: error.message, ...code }, BROKER)}.`;
}

const BROKER = { what: 'the broker', protocol: 'MQTT' };

/** By the reason that a broker gives. */
const REFUSALS: Record<number, string> = {
  132: 'does not speak MQTT 5; take a newer broker',
  133: 'does not accept the client id of mien',
  134: 'does not accept the user and password; give the output others',
  135: 'does not allow this user to connect; give the output another',
};
