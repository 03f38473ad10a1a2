/** Models that scored sessions, so that a session can tell which one did, also after an upgrade. */
import type { Prisma, PrismaClient } from './generated/client.ts';

/** A model as its card and its runtime describe it. */
export interface ModelRecord {
  /** name@version, and +int8 behind it where the file in integers runs */
  id: string;
  name: string;
  version: string;
  sha256: string;
  kind: string;
  license: string;
  /** Where it ran last: cpu, cuda, tensorrt, webgpu. */
  device: string;
  /** In what numbers it computes: single (by default), int8. */
  precision?: string;
  labels: string[];
  actionUnits: string[];
  /** `metrics` of the card. */
  metrics: unknown;
}

export interface ModelRepository {
  /** Creates the model, or replaces what is stored under its id. */
  upsert(model: ModelRecord): Promise<void>;
}

export function createModelRepository(prisma: PrismaClient): ModelRepository {
  return {
    async upsert({ id, ...rest }) {
      const data = { ...rest, metrics: (rest.metrics ?? {}) as Prisma.InputJsonValue };
      await prisma.model.upsert({ where: { id }, create: { id, ...data }, update: data });
    },
  };
}
