import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { Problem } from '../problem.ts';
import { route, type Route } from '../route.ts';
import { bundleFiles, type BundleDeps } from './files.ts';
import { tarOf } from './tar.ts';

/** What helps to find out why something does not work, for people who do not have the cluster. One at a time. */
export function bundleRoutes(deps: BundleDeps): Route[] {
  let busy = false;

  return [route({
    method: 'GET', path: '/v1/support-bundle', access: 'read', operationId: 'getSupportBundle',
    summary: 'Our objects, events about them, this replica’s last log lines and metrics, nodes and storage classes, as a tar.gz without secrets',
    answer: { status: 200, mediaTypes: ['application/gzip'] }, problems: ['HVB-HTTP-BUSY'],
    handle: () => {
      const now = deps.clock.now();
      const stamp = now.toISOString().replace(/[:.]/g, '-');

      return {
        mediaType: 'application/gzip', headers: { 'content-disposition': `attachment; filename="vm-backup-support-${stamp}.tar.gz"` },
        stream: () => {
          if (busy) throw new Problem('HVB-HTTP-BUSY', 'Another support bundle is being made.', { 'retry-after': '60' });
          const source = Readable.from(tarOf(bundleFiles(deps), now), { objectMode: false });
          const zipped = createGzip();

          busy = true;
          source.on('error', (error) => zipped.destroy(error));
          zipped.on('close', () => {
            busy = false;
            source.destroy();
          });
          return source.pipe(zipped);
        },
      };
    },
  })];
}
