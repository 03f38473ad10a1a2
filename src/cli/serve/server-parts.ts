/** The parts of the server as its settings ask for them; `serve.ts` says which stands upon which. */
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { type Access, createAccess } from '../../access/access.ts';
import { AuditTrail } from '../../access/audit-trail.ts';
import { clientKey, isLoopback, type SignInEvent, type SignInOptions } from '../../api/index.ts';
import { type Config, isDefaultMediaDir } from '../../config.ts';
import type { Audit } from '../../domain/audit.ts';
import { withoutBrackets } from '../../domain/ipv6-brackets.ts';
import type { Log } from '../../domain/log.ts';
import type { Metrics } from '../../metrics.ts';
import { openStore, type Store, type StoreConfig } from '../../store/index.ts';
import { rollUp } from '../../timeline/index.ts';
import type { Tracing } from '../../tracing/index.ts';
import { openOidc, recordSignIn } from './oidc-parts.ts';
import { storeMetrics } from './store-metrics.ts';

export function openServerStore(
  config: Config,
  metrics: Metrics,
  log: Log,
  tracing: Pick<Tracing, 'commit'> | null,
): Promise<Store> {
  log.info({ dataDir: config.dataDir }, 'opening the database');
  return openStore({
    ...storeOptions(config, metrics, log),
    follow: tracing?.commit,
    retentionHours: config.retentionHours,
    ...(config.auditDays > 0 && { auditDays: config.auditDays }),
  });
}

/** How long the server keeps what it records may stand in settings that a command is not given: it deletes nothing by them. */
export function openCommandStore(config: Config, metrics: Metrics, log: Log): Promise<Store> {
  return openStore(storeOptions(config, metrics, log));
}

function storeOptions(config: Config, metrics: Metrics, log: Log): StoreConfig {
  return {
    ...(config.databaseUrl !== null && { databaseUrl: config.databaseUrl }),
    dataDir: config.dataDir,
    secretKeys: config.secretKeys,
    rollUp,
    metrics: storeMetrics(metrics),
    log,
  };
}

export function createAuditTrail(store: Store, metrics: Metrics, log: Log): AuditTrail {
  return new AuditTrail({
    append: store.audit.append,
    now: store.clock.now,
    networkOf: clientKey,
    onFailure: () => metrics.auditFailures.inc(),
    log,
  });
}

/** @throws MienError CONFIG_INVALID where the server would be open to a network, and nobody said so */
export async function openAccess(
  config: Config,
  { tokens, signIns, clock }: Store,
  audit: Audit,
  log: Log,
): Promise<Access & { signIn: SignInOptions }> {
  const { auth: mode, host, publicUrls } = config;
  const loopback = isLoopback(host);
  const { schemes, issuer } = openOidc(config, clock, log);
  const access = createAccess({ mode, loopback, tokens, signIns, schemes, now: clock.now });
  await access.assertStartable();
  const open = !(await access.authenticator.isRequired());
  if (open && !(loopback && publicUrls.every((url) => isLoopback(withoutBrackets(new URL(url).hostname)))))
    log.warn(
      { host, publicUrls },
      'everybody who reaches this server may do anything: nobody is asked who they are',
    );
  const onEvent = (event: SignInEvent) => recordSignIn(event, audit);
  return { ...access, signIn: { signIns: access.signIns, issuer, onEvent } };
}

/** What of it the API asks. */
export function apiAccess(access: Access & { signIn: SignInOptions }) {
  const { authenticator, ownCredential, proofOf, signIn } = access;
  return { authenticator, ownCredential, proofOf, signIn };
}

/** What the API is told from outside. */
export function apiSettings(config: Config, { retentionHours }: Store) {
  const { host, port, publicUrls, trustedProxies, allowedOrigins, maxUpload, limits } = config;
  const notice = { ...config.notice, retentionHours };
  return { host, port, publicUrls, trustedProxies, allowedOrigins, maxUpload, limits, notice };
}

export async function makeDirectories(config: Config): Promise<void> {
  await mkdir(config.dataDir, { recursive: true });
  // One that was named and is not there is a mistake, which whoever asks for a file of it is told.
  if (isDefaultMediaDir(config)) await mkdir(config.mediaDir, { recursive: true });
}

/** Before the models are loaded, which takes seconds. @throws Error as the system calls it: EADDRINUSE and its like */
export async function assertPortFree({ host, port }: Pick<Config, 'host' | 'port'>): Promise<void> {
  if (port === 0) return;
  const trial = createServer();
  await new Promise<void>((resolve, reject) => trial.once('error', reject).listen(port, host, resolve));
  await new Promise((resolve) => trial.close(resolve));
}
