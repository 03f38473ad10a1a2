/** mien's own API over the services that a row measures; a call of any other throws. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Authenticator } from '../../src/access/authenticate.ts';
import { openApi, type Services } from '../../src/api/index.ts';
import { openDirectoryFiles } from '../../src/api/uploads/directory-files.ts';
import { readConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';

type Limits = ReturnType<typeof readConfig>['limits'];

interface BareApiOptions {
  limits?: Partial<Limits>;
  /** None: everybody is let in. */
  authenticator?: Authenticator | undefined;
}

export function openBareApi(
  services: Partial<Services>,
  { limits, authenticator }: BareApiOptions = {},
): ReturnType<typeof openApi> {
  return openApi({
    services: {
      ...{
        prisma: {} as never,
        recordings: {} as never,
        subscriptions: {} as never,
        streamManager: {} as never,
      },
      ...{ sessions: {} as never, previews: {} as never, load: {} as never, eraser: {} as never },
      ...{ tokens: {} as never, outputs: {} as never, ingestAddresses: {} as never },
      mediaFiles: async () => [],
      recordedFile: async () => null,
      bringDemoClip: async () => '',
      audit: { record: async () => {} },
      modelIds: () => [],
      refusedPurposes: [],
      ...services,
    },
    log: createLog({ logLevel: 'warn', logFormat: 'json' }),
    metrics: createMetrics(),
    host: '127.0.0.1',
    port: 0,
    publicUrls: [],
    allowedOrigins: [],
    uploads: openDirectoryFiles(join(tmpdir(), 'mien-bench-uploads')),
    maxUpload: 1,
    // All clients of the bench come from one address.
    limits: { ...readConfig({}).limits, requestRate: 1e6, ...limits },
    ready: async () => {},
    ...(authenticator && { authenticator }),
  });
}
