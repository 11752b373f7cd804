# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
RUN npm ci --ignore-scripts
COPY src ./src
RUN npm run build \
 && npm prune --omit=dev --ignore-scripts \
 # onnxruntime-node carries every platform's library; the image needs its own only.
 && node -e 'const { readdirSync, rmSync } = require("node:fs"); \
      const bin = "node_modules/onnxruntime-node/bin/napi-v6"; \
      for (const platform of readdirSync(bin)) { \
        if (platform !== process.platform) rmSync(`${bin}/${platform}`, { recursive: true }); \
        else for (const arch of readdirSync(`${bin}/${platform}`)) \
          if (arch !== process.arch) rmSync(`${bin}/${platform}/${arch}`, { recursive: true }); \
      }'

FROM node:24-bookworm-slim
ENV NODE_ENV=production
COPY --from=build /app/package.json /app/package.json
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
# The project (predawn.yaml, jobs, registry) is mounted here; the program's own files are root's and read-only.
WORKDIR /project
USER node
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["--help"]
