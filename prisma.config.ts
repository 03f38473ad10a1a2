import { defineConfig } from 'prisma/config';

/** For the `prisma` command. The server migrates by itself (src/store/migrate.ts) and needs none of this. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
});
