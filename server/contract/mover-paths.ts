/** Where a mover pod finds what. The mover prefixes them with `MOVER_ROOT` when it runs outside a container. */
export const REQUEST_FILE = '/etc/hvb/request/request.json';
export const DOCUMENT_FILE = '/etc/hvb/document/document.json';
export const REPOSITORY_KEY_DIR = '/etc/hvb/repository-key';
export const REPOSITORY_KEY_FILE = `${REPOSITORY_KEY_DIR}/password`;
/** Mount of a filesystem repository's PVC. */
export const REPOSITORY_DIR = '/repository';
/** Raw device of a Block volume. */
export const VOLUME_DEVICE = '/dev/hvb-volume';
/** Mount of a Filesystem volume; the image is {@link VOLUME_IMAGE} in it, as KubeVirt has it. */
export const VOLUME_DIR = '/volume';
export const VOLUME_IMAGE = `${VOLUME_DIR}/disk.img`;
/** Writable scratch space (emptyDir): engine cache and temporary files. */
export const SCRATCH_DIR = '/scratch';
/** Kubernetes' default; the last line of stdout is written there too. */
export const TERMINATION_LOG = '/dev/termination-log';
