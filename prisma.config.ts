import { defineConfig } from 'prisma/config';

// Prisma's command would report each of its runs to its maker.
process.env.CHECKPOINT_DISABLE = '1';

/** For the `prisma` command. The server migrates by itself (src/store/upkeep/migrate.ts) and needs none of this. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
});
