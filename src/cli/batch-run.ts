/** What the bytes of results depend on: what they were made by, and the state of their inputs. */
import { stat } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { formatOf } from '../tables/analysis-format.ts';
import type { Scoring } from './analysis.ts';
import type { AnalyzeOptions } from './analyze-options.ts';
import { sourceOf } from './inputs.ts';
import type { ResultEntry } from './manifest.ts';

/** All that the bytes of a result depend on, besides its input. */
export function runOf(
  { options, version }: { options: AnalyzeOptions; version: string },
  { models }: Pick<Scoring, 'models'>,
  tools: object,
): object {
  const {
    columns,
    facesOnly,
    bom,
    escapeFormulas,
    rate,
    smoothing,
    detectSize,
    fast,
    track = null,
  } = options;
  return {
    mien: version,
    settings: {
      ...{ columns, format: formatOf(options), facesOnly, bom, escapeFormulas },
      ...{ rate, smoothing: smoothing || 0, detectSize, fast, track },
    },
    models: models.map(({ name, version: of, kind, sha256, device }) => ({
      name,
      version: of,
      kind,
      sha256,
      device,
    })),
    ...tools,
    platform: `${platform()} ${arch()}`,
  };
}

export async function stateOf(input: string): Promise<Pick<ResultEntry, 'size' | 'modified'>> {
  const source = sourceOf(input);
  const found = source.type === 'file' ? await stat(source.path).catch(() => null) : null;
  return { size: found?.size ?? null, modified: found?.mtime.toISOString() ?? null };
}
