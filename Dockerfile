# One image, three entries:
#   server (default)  node /app/server/main.ts
#   mover             node /app/server/mover/main.ts <verb> --request <file>   (Jobs give it as the container's command)
#   extension         node /app/server/ui-files/main.ts
# Build, from the root of the project:  npm run package && docker build -t harvester-vm-backup:0.1.0 .
#
# The base images are pinned by version. For a release pin them by digest as well, as your registry reports it:
#   --build-arg NODE_BUILD=docker.io/library/node:24.21.0-bookworm@sha256:… and NODE_RUN likewise.
ARG NODE_BUILD=docker.io/library/node:24.21.0-bookworm
ARG NODE_RUN=docker.io/library/node:24.21.0-bookworm-slim

# Packages that the server imports, exactly as locked; no scripts of theirs run.
FROM ${NODE_BUILD} AS packages
WORKDIR /app/server
COPY server/package.json server/package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# The stock restic, by the checksums of its signed release (the same as in scripts/lib/pins.mjs).
FROM ${NODE_BUILD} AS restic
RUN set -eu; \
    version=0.19.1; \
    case "$(uname -m)" in \
      x86_64) arch=amd64; digest=f415415624dcc452f2a02b8c33641791a8c6d6d3b65bbb3543fcf9a25151585c ;; \
      aarch64) arch=arm64; digest=a5f64aaab53d51e311fa3829124c5b703f2d14cf187d8640b6be3b2b49376465 ;; \
      *) echo "no restic is pinned for $(uname -m)" >&2; exit 1 ;; \
    esac; \
    curl -fsSL --retry 3 -o restic.bz2 "https://github.com/restic/restic/releases/download/v${version}/restic_${version}_linux_${arch}.bz2"; \
    echo "${digest}  restic.bz2" | sha256sum -c -; \
    bunzip2 restic.bz2; \
    chmod 0755 restic; \
    mv restic /usr/local/bin/restic

FROM ${NODE_RUN}
# restic checks TLS certificates against the system's list, which the slim image does not have.
COPY --from=packages /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=restic /usr/local/bin/restic /usr/local/bin/restic
WORKDIR /app
COPY --from=packages /app/server/node_modules server/node_modules
COPY server server
COPY dist/extension ui
ENV NODE_ENV=production
# The server and the extension's files need no root. A mover's Job sets user 0 itself: block devices belong to root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["node"]
CMD ["/app/server/main.ts"]
