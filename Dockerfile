# The version is exact. To fix its content too, give the digest that `docker buildx imagetools inspect` tells of it:
#   docker compose build --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts scripts
COPY prisma prisma
COPY prisma.config.ts tsconfig.json tsconfig.build.json ./
COPY src src
COPY clients clients
COPY models/*.onnx models/*.json models/
RUN node scripts/setup.mjs --build && node scripts/sbom.mjs sbom.cdx.json
# Optional are the bundled ffmpeg, which is under the GPL and old, and what npm counts as such: Prisma's command, which migrates
# nothing here. Of onnxruntime's libraries those of other systems go.
RUN npm prune --omit=dev --omit=optional && rm -r node_modules/onnxruntime-node/bin/napi-v*/darwin node_modules/onnxruntime-node/bin/napi-v*/win32

FROM ${NODE_IMAGE}
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg ca-certificates \
  && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-*
WORKDIR /app
# Nothing reaches a container's own loopback address from outside it.
ENV NODE_ENV=production HOST=0.0.0.0 ORT_DISABLE_TELEMETRY=1 MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/sbom.cdx.json ./
COPY package.json schema.graphql ./
COPY prisma prisma
COPY models/*.onnx models/*.json models/MODEL_CARD.md models/
COPY LICENSE README.md THIRD_PARTY_LICENSES.md ./
COPY test/fixtures/demo.mp4 test/fixtures/demo.json test/fixtures/
# All else belongs to root: the program cannot change itself.
RUN mkdir data && chown node:node data && ln -s /app/dist/main.js /usr/local/bin/mien
USER node
VOLUME /app/data
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:4000/ready').then((r) => process.exit(r.ok || r.status === 401 ? 0 : 1), () => process.exit(1))"]
# `docker run … mien token create …` runs another command than `serve`.
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve"]
