# How to run it: docs/deployment.md
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc LICENSE ./
RUN npm ci --ignore-scripts
COPY tsconfig.json esbuild.config.js ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts
# onnxruntime-node carries the library of every platform, 240 MB of which this image can never load.
RUN library="$(node -p '`${process.platform}/${process.arch}`')" \
 && test -d node_modules/onnxruntime-node/bin/napi-v6/"$library" \
 && find node_modules/onnxruntime-node/bin/napi-v6 -mindepth 2 -maxdepth 2 ! -path "*/$library" -exec rm -r {} + \
 && find node_modules/onnxruntime-node/bin/napi-v6 -type d -empty -delete
# What no program loads: types and source maps.
RUN find node_modules dist -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name .tsbuildinfo \) -delete

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="predawn" \
      org.opencontainers.image.description="Scores one day's rows with a versioned ONNX model and publishes them atomically" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
# The program's files are root's: whoever it runs as can't change them.
COPY --from=build /app/package.json /app/LICENSE /app/
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
# The project (predawn.yaml, jobs, registry) is mounted here.
WORKDIR /project
# The image's user "node", as a number: Kubernetes' runAsNonRoot can't look a name up.
USER 1000:1000
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["--help"]
