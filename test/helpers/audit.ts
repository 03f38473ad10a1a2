/** An audit that keeps what it is told. */
import type { Audit, AuditEvent } from '../../src/domain/audit.ts';

export function keptAudit(): { audit: Audit; events: AuditEvent[] } {
  const events: AuditEvent[] = [];
  return { audit: { record: async (event) => void events.push(event) }, events };
}
