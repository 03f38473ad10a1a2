/** What the bytes of results depend on, besides their inputs. */
import { arch, platform } from 'node:os';
import { formatOf } from '../../tables/analysis-format.ts';
import type { Scoring } from './analysis.ts';
import type { AnalyzeOptions } from './analyze-options.ts';

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
    // As MIEN_PRECISION asks for it.
    precision: models.some(({ precision }) => precision === 'int8') ? 'int8' : 'single',
    ...tools,
    platform: `${platform()} ${arch()}`,
  };
}
