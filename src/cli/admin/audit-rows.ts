/** How `mien audit export` writes an entry: as a line of JSON, or as a row of a table. */
import { stringify } from 'csv-stringify/sync';
import type { StoredAuditEntry } from '../../store/index.ts';
import type { RowOptions } from '../../tables/row-format.ts';

export interface AuditFormat {
  /** What comes before the first entry. */
  head: string;
  text(entries: readonly StoredAuditEntry[]): string;
}

type Value = (entry: StoredAuditEntry) => string | number | null;

/** The names are those of the API. */
const COLUMNS: Record<string, Value> = {
  id: ({ ordinal }) => ordinal,
  at: ({ at }) => at.toISOString(),
  since: ({ since }) => since?.toISOString() ?? null,
  count: ({ count }) => count,
  actorKind: ({ actorKind }) => actorKind,
  actorId: ({ actorId }) => actorId,
  actorName: ({ actorName }) => actorName,
  address: ({ address }) => address,
  action: ({ action }) => action,
  targetType: ({ targetType }) => targetType,
  targetId: ({ targetId }) => targetId,
  targetName: ({ targetName }) => targetName,
  outcome: ({ outcome }) => outcome,
  code: ({ code }) => code,
};

export function auditFormat({ format, bom, escapeFormulas }: RowOptions): AuditFormat {
  if (format === 'jsonl') return { head: '', text: (entries) => entries.map(toLine).join('') };
  return {
    head: stringify([[...Object.keys(COLUMNS), 'detail']], { bom }),
    text: (entries) => stringify(entries.map(toCells), { escape_formulas: escapeFormulas }),
  };
}

function toLine(entry: StoredAuditEntry): string {
  const values = Object.entries(COLUMNS).map(([name, value]) => [name, value(entry)]);
  return `${JSON.stringify({ ...Object.fromEntries(values), detail: factsOf(entry) })}\n`;
}

function toCells(entry: StoredAuditEntry): (string | number | null)[] {
  return [...Object.values(COLUMNS).map((value) => value(entry)), JSON.stringify(factsOf(entry))];
}

/** As the API words them, wherever the entry was read. */
function factsOf({ detail }: StoredAuditEntry): Record<string, string> {
  return Object.fromEntries(Object.entries(Object(detail)).map(([name, value]) => [name, String(value)]));
}
