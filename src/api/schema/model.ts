/** Models: those that scored sessions, and those that are loaded now. */
import { ANY_ROLE, AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { NodeInterface } from './node.ts';

const Metric = builder.objectRef<{ name: string; value: number }>('ModelMetric').implement({
  extensions: AS_PARENT,
  description: 'One number of the model card.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What was measured, and on what, as the card names it.' }),
    value: t.exposeFloat('value', { description: 'The value.' }),
  }),
});

const ModelKindEnum = builder.enumType('ModelKind', {
  description: 'What a model does.',
  values: {
    DETECTOR: { value: 'detector', description: 'Finds faces.' },
    ENSEMBLE: { value: 'ensemble', description: 'Reads them.' },
  } as const,
});
type ModelKind = typeof ModelKindEnum.$inferType;

const DeviceEnum = builder.enumType('Device', {
  description: 'What models run on.',
  values: {
    CPU: { value: 'cpu', description: 'The processor.' },
    CUDA: { value: 'cuda', description: 'A graphics card of NVIDIA, by CUDA.' },
    TENSORRT: { value: 'tensorrt', description: 'A graphics card of NVIDIA, by TensorRT.' },
    WEBGPU: { value: 'webgpu', description: 'A graphics card, by WebGPU.' },
  } as const,
});
type Device = typeof DeviceEnum.$inferType;

const PrecisionEnum = builder.enumType('Precision', {
  description: 'In what numbers models compute.',
  values: {
    SINGLE: { value: 'single', description: 'Floating-point numbers of 32 bits.' },
    INT8: {
      value: 'int8',
      description:
        'Convolutions in integers of eight bits, all else in single precision: a half to four fifths of the processor time, and readings that differ a little.',
    },
  } as const,
});
type Precision = typeof PrecisionEnum.$inferType;

export const ModelType = builder.prismaObject('Model', {
  ...ANY_ROLE,
  interfaces: [NodeInterface],
  description: 'A neural network whose origin is known, as its card describes it.',
  fields: (t) => ({
    id: t.exposeID('id', {
      description: 'Name and version, and `+int8` behind them where it computes in integers.',
    }),
    name: t.exposeString('name', { description: 'Its name.' }),
    version: t.exposeString('version', { description: 'Its version.' }),
    kind: t.field({
      type: ModelKindEnum,
      description: 'What it does.',
      select: { kind: true },
      resolve: ({ kind }) => kind as ModelKind,
    }),
    sha256: t.exposeString('sha256', { description: 'Checksum of the file that ran.' }),
    license: t.exposeString('license', { description: 'The licence of its weights.' }),
    device: t.field({
      type: DeviceEnum,
      description: 'Where it ran last.',
      select: { device: true },
      resolve: ({ device }) => device as Device,
    }),
    precision: t.field({
      type: PrecisionEnum,
      description:
        'In what numbers it computes. A server chooses that at its start (`MIEN_PRECISION`), so that several may have several.',
      select: { precision: true },
      resolve: ({ precision }) => precision as Precision,
    }),
    labels: t.exposeStringList('labels', { description: 'What its outputs mean, in their order.' }),
    actionUnits: t.exposeStringList('actionUnits', {
      description:
        'The action units that it tells, in their order; empty for a detector. Those that did not follow a second opinion on real faces are left out; the model card has the figures.',
    }),
    metrics: t.field({
      type: [Metric],
      description: 'How good it is, as its card says.',
      select: { metrics: true },
      resolve: ({ metrics }) => flattenMetrics(metrics),
    }),
  }),
});

builder.queryField('models', (t) =>
  t.prismaField({
    authScopes: { role: 'VIEWER' },
    type: [ModelType],
    nullable: true,
    description:
      'The models that are loaded now, and where they run; null: not known, because no worker answers the `mien api` that is asked.',
    async resolve(query, _root, _args, { prisma, modelIds }) {
      const ids = await modelIds();
      const where = { id: { in: [...(ids ?? [])] } };
      return ids && prisma.model.findMany({ ...query, where, orderBy: { id: 'asc' } });
    },
  }),
);

/** Lists the nested metrics of a model card, each under its path, such as `rafdb.accuracy`. */
function flattenMetrics(value: unknown, path = ''): { name: string; value: number }[] {
  if (typeof value === 'number') return [{ name: path, value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    flattenMetrics(inner, path === '' ? key : `${path}.${key}`),
  );
}
