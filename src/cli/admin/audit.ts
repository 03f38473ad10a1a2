/** `mien audit export`: the audit, a page at a time. */
import type { Config } from '../../config.ts';
import { createLog } from '../../log.ts';
import type { StoredAuditEntry } from '../../store/index.ts';
import { assertRowOptions, type RowOptions } from '../../tables/row-format.ts';
import { INTERRUPTED } from '../exit-codes.ts';
import type { Host } from '../process-host.ts';
import { openDestination } from '../row-destination.ts';
import { RowWriter } from '../row-writer.ts';
import { auditFormat } from './audit-rows.ts';
import { type AuditRange, openAuditSource } from './audit-source.ts';

export interface ExportOptions extends RowOptions, AuditRange {
  out?: string;
  force: boolean;
}

/** @returns the exit code @throws MienError BAD_INPUT; CONFLICT where a server that is out of reach holds the embedded database */
export async function exportAudit(options: ExportOptions, config: Config, host: Host): Promise<number> {
  assertRowOptions(options);
  const stopping = new AbortController();
  void host.stopped.then(() => stopping.abort());
  const target = await openDestination({ path: options.out, force: options.force }, host);
  const output = new RowWriter(target, () => stopping.abort());
  try {
    const source = await openAuditSource(config, createLog(config));
    try {
      await writePages(source.pages(options), options, output, stopping.signal);
    } finally {
      await source.close();
    }
  } finally {
    await output.close();
  }
  return stopping.signal.aborted && !output.gone ? INTERRUPTED : 0;
}

/** Writes pages as they are read; the next is read when there is room for it. */
export async function writePages(
  pages: AsyncIterable<readonly StoredAuditEntry[]>,
  options: RowOptions,
  output: Pick<RowWriter, 'begin' | 'write' | 'finish'>,
  signal: AbortSignal,
): Promise<void> {
  const { head, text } = auditFormat(options);
  await output.begin(head);
  for await (const entries of pages) {
    if (signal.aborted) break;
    if (entries.length > 0) await output.write(text(entries));
  }
  await output.finish();
}
