/** `mien secrets rotate`: seals the passwords of sources, and where outputs go, with a new key. */
import type { Config } from '../../config.ts';
import { createLog } from '../../log.ts';
import { createMetrics } from '../../metrics.ts';
import type { Host } from '../process-host.ts';
import { commandRequester } from './command-requester.ts';
import { openCommandStore } from './server-parts.ts';

/** Some cannot be opened, so that they were left as they are. */
const LOCKED = 2;

/** @throws MienError CONFLICT while a server has the embedded database open */
export async function rotateSecrets(config: Config, host: Host): Promise<number> {
  const metrics = createMetrics();
  const store = await openCommandStore(config, metrics, createLog(config));
  try {
    const { sealed, locked } = await store.rotateSecrets();
    await store.audit.append([
      {
        ...{ requester: commandRequester(), action: 'ROTATE_SECRETS', outcome: 'OK', count: 1, since: null },
        detail: { sealed, locked },
      },
    ]);
    host.stdout.write(
      `Sealed with the new key: ${sealed} ${sealed === 1 ? 'source or output' : 'sources and outputs'}.\n`,
    );
    if (locked === 0) return 0;
    host.stderr.write(
      `mien: ${locked} could not be opened with any key that is here, and stay as they were.\n`,
    );
    return LOCKED;
  } finally {
    await store.close();
    metrics.close();
  }
}
