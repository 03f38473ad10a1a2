/** A process to be killed: goes on with an erasure, a few moments at a time. Prints a line for each time that some are deleted. */
import { createErasures } from '../../src/store/erasure/erasures.ts';
import { openStore } from '../../src/store/index.ts';
import { createJobLease } from '../../src/store/lease/create-lease.ts';
import { rollUp } from '../../src/timeline/index.ts';

const [config, id] = process.argv.slice(2) as [string, string];
const store = await openStore({ rollUp, ...JSON.parse(config) });
store.onQuery((sql) => {
  if (sql.includes('DELETE FROM moment')) process.stdout.write('deleted\n');
});
const erasures = createErasures({
  ...{ prisma: store.prisma, rollUp, scrub: async () => {}, slice: 5 },
  doOnce: createJobLease(store.prisma),
});
await erasures.run(id, { removeUpload: async () => {} });
process.stdout.write('finished\n');
await store.close();
