/** `mien models`: what is loaded, and where it runs. */
import type { Config } from '../config.ts';
import type { Host } from './process-host.ts';
import { openVision } from './serve/services.ts';

const COLUMNS = ['id', 'kind', 'device', 'precision', 'license', 'sha256'] as const;

export async function listModels(config: Config, host: Host): Promise<number> {
  const vision = await openVision(config, { workers: 1 });
  try {
    const rows = vision.models.map((model) =>
      COLUMNS.map((column) => (column === 'sha256' ? model.sha256.slice(0, 12) : String(model[column]))),
    );
    host.stdout.write(table([[...COLUMNS], ...rows]));
  } finally {
    await vision.close();
  }
  return 0;
}

function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
