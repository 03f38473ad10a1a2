/** OpenID Connect as the settings ask for it. */
import { type CodeFlow, createCodeFlow } from '../../access/oidc/code-flow.ts';
import { createOidc } from '../../access/oidc/oidc.ts';
import { createOidcScheme } from '../../access/oidc/scheme.ts';
import type { Scheme } from '../../access/ports.ts';
import { isLoopback, type SignInEvent } from '../../api/index.ts';
import type { Config } from '../../config.ts';
import { type Audit, UNKNOWN_ACTOR } from '../../domain/audit.ts';
import { withoutBrackets } from '../../domain/ipv6-brackets.ts';
import type { Log } from '../../domain/log.ts';
import type { RecordClock } from '../../domain/record-clock.ts';

export interface OidcParts {
  /** Its bearer tokens; none where no issuer is set. */
  schemes: readonly Scheme[];
  /** By which people sign in to the dashboard; null: that is not set up. */
  issuer: { name: string; flow: CodeFlow } | null;
}

/** @param clock by which its tokens end */
export function openOidc({ oidc: settings }: Config, { now }: Pick<RecordClock, 'now'>, log: Log): OidcParts {
  if (settings === null) return { schemes: [], issuer: null };
  const { protocol, hostname } = new URL(settings.issuer);
  if (protocol === 'http:' && !isLoopback(withoutBrackets(hostname))) {
    log.warn(
      { issuer: settings.issuer },
      'what the OpenID Connect issuer says comes in clear, and can be changed on its way',
    );
  }
  const oidc = createOidc({ ...settings, log, now });
  // Not waited for: without the issuer its people are refused, and all others come in.
  void oidc.issuer.metadata().then(
    () => log.info({ issuer: settings.issuer }, 'the OpenID Connect issuer answers'),
    () => {}, // the log has it
  );
  const { clientId, issuer } = settings;
  const flow = clientId === null ? null : createCodeFlow({ ...settings, clientId, oidc, log });
  return {
    schemes: [createOidcScheme(oidc)],
    issuer: flow && { name: new URL(issuer).host, flow },
  };
}

/** Writes down who signed in or out, and who was refused. */
export function recordSignIn({ action, principal, address, code }: SignInEvent, audit: Audit): void {
  void audit.record({
    requester: { principal: principal ?? UNKNOWN_ACTOR, address },
    action,
    outcome: outcomeOf(code),
    code,
  });
}

function outcomeOf(code: string | null): 'OK' | 'REFUSED' | 'FAILED' {
  if (code === null) return 'OK';
  return ['UNAUTHENTICATED', 'FORBIDDEN', 'TOO_MANY_REQUESTS'].includes(code) ? 'REFUSED' : 'FAILED';
}
