/** Models that scored sessions, so that a session can tell which one did, also after an upgrade. */
import type { Model, Prisma, PrismaClient } from './generated/client.ts';

/** A model as its card and its runtime describe it. */
export interface ModelInfo {
  /** name@version */
  id: string;
  name: string;
  version: string;
  sha256: string;
  kind: string;
  license: string;
  /** Where it ran last: cpu, cuda, tensorrt, webgpu. */
  device: string;
  labels: string[];
  actionUnits: string[];
  /** `metrics` of the card. */
  metrics: unknown;
}

export interface ModelBook {
  upsert(model: ModelInfo): Promise<ModelInfo>;
  get(id: string): Promise<ModelInfo | null>;
  list(): Promise<ModelInfo[]>;
}

export function createModels(prisma: PrismaClient): ModelBook {
  return {
    async upsert({ id, ...rest }) {
      const data = { ...rest, metrics: (rest.metrics ?? {}) as Prisma.InputJsonValue };
      return record(await prisma.model.upsert({ where: { id }, create: { id, ...data }, update: data }));
    },
    async get(id) {
      const row = await prisma.model.findUnique({ where: { id } });
      return row && record(row);
    },
    async list() {
      return (await prisma.model.findMany({ orderBy: { id: 'asc' } })).map(record);
    },
  };
}

function record({ updatedAt: _, ...row }: Model): ModelInfo {
  return row;
}
