/** Versions that the set-up brings when the machine has none, or an older one. */

/** The server needs type stripping without flags, which Node 24 is the first LTS to have. */
export const NODE = { minimum: '24.0.0', pinned: '24.21.0' };

/** 0.14 is the first restic with compression and `--json` output as the mover reads it. */
export const RESTIC = {
  minimum: '0.14.0',
  pinned: '0.19.1',
  module: 'github.com/restic/restic',
  /** Hash of the Go module, as `go mod download -json` reports it. */
  moduleSum: 'h1:LQKkar5/gYxay1OCokAWPBNiLr1lTpt4fhdM4GWqSlY=',
  releases: 'https://github.com/restic/restic/releases/download',
  /** SHA-256 of `restic_0.19.1_linux_<arch>.bz2`, from the release's signed SHA256SUMS; keys are Node's `process.arch`. */
  sha256: {
    x64: { asset: 'restic_0.19.1_linux_amd64.bz2', digest: 'f415415624dcc452f2a02b8c33641791a8c6d6d3b65bbb3543fcf9a25151585c' },
    arm64: { asset: 'restic_0.19.1_linux_arm64.bz2', digest: 'a5f64aaab53d51e311fa3829124c5b703f2d14cf187d8640b6be3b2b49376465' },
  },
};

/**
 * The real control plane of the tests, and Helm for the charts; `.ci/kube/<part>` pins every module that goes in.
 * Kubernetes 1.33 is the line of Harvester 1.9.
 */
export const KUBE = { kubernetes: '1.33.13', etcd: '3.6.16', helm: '3.19.5', minimum: '1.33.0' };
