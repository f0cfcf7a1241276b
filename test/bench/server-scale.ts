/**
 * Measures the server on a large cluster: a real kube-apiserver with 1,000 VMs and 10,000 finished backups. Prints a table;
 * asserts nothing. The API server, etcd and the proxy that counts requests run on the same machine, so the times are not
 * the server's alone.
 *
 *   npm run bench -- server [vms] [backups]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { VM_BACKUP } from '../../server/contract/api.ts';
import { IDENTITIES } from '../../server/embedded/seed/index.ts';
import { createLogger } from '../../server/telemetry/log.ts';
import { systemClock } from '../../server/telemetry/system-clock.ts';
import type { ProxiedRequest } from '../support/api-proxy.ts';
import { ServerProcess } from '../support/server-process.ts';
import { startTestApi } from '../support/test-api.ts';
import { waitFor } from '../support/wait.ts';
import { largeBackup } from './scale/objects.ts';
import { cpuSeconds, machine, memoryMiB } from './scale/process-facts.ts';
import { each, seedScale } from './scale/seed.ts';

// What is measured here is a real API's.
process.env['HVB_TEST_API'] = 'kube';

const [vms = 1_000, backups = 10_000] = process.argv.slice(2).map(Number);
/** Nobody asked the API for so long: the controllers have nothing to do (ms). */
const QUIET_MS = 5_000;
const IDLE_SECONDS = 60;
const CHANGES = 100;
const TAKEOVERS = 3;
/** As the chart starts it. */
const NODE_OPTIONS = '--max-semi-space-size=4';

const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const rows: [what: string, value: string][] = [];
const note = (what: string, value: string): void => {
  rows.push([what, value]);
  tell(`${what}: ${value}`);
};
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const isLease = ({ resource }: ProxiedRequest): boolean => resource === 'leases';
const isWork = (request: ProxiedRequest): boolean => !isLease(request) && request.verb !== 'watch';

/** Waits until the server reports ready; gives when. */
async function ready(server: ServerProcess): Promise<number> {
  await waitFor('ready', async () => {
    // The last one: a process that was killed and started again listens elsewhere.
    const port = [...server.log.matchAll(/"port":(\d+)/g)].at(-1)?.[1];

    return port !== undefined && (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  }, { seconds: 120, describe: () => server.log.slice(-2000) });
  return performance.now();
}

/** Waits until the server asks nothing any more; gives when its last request was answered. */
async function quiet({ network }: ServerProcess): Promise<number> {
  const last = (): number => network.requests.findLast(isWork)?.answeredMs ?? 0;

  await waitFor('quiet controllers', () => Promise.resolve(last() > 0 && performance.now() - last() > QUIET_MS), { seconds: 600 });
  return last();
}

async function leads(server: ServerProcess): Promise<void> {
  await waitFor('a leader', () => Promise.resolve(server.log.includes('"leading"')), { seconds: 120, describe: () => server.log.slice(-2000) });
}

const folder = await mkdtemp(join(tmpdir(), 'hvb-scale-'));
const api = await startTestApi({
  users: { 'admin-token': IDENTITIES.admin, 'server-token': IDENTITIES.server }, adminToken: 'admin-token', folder, log: createLogger({ clock: systemClock, level: 'error', write: () => undefined }),
});
const servers: ServerProcess[] = [];
const start = async (): Promise<ServerProcess> => {
  const server = await ServerProcess.start({ url: api.url, ...(api.ca ? { ca: api.ca } : {}), token: 'server-token', env: { HVB_LEASE_DURATION_MS: '10000', HVB_HTTP_PORT: '0', HVB_HTTP_HOST: '127.0.0.1', NODE_OPTIONS } });

  servers.push(server);
  return server;
};

try {
  const client = api.clientFor('admin-token');

  await seedScale(client, { vms, backups, tell });
  const { metadata: { name = '', namespace = '' } } = largeBackup(0, vms).object;
  const example = JSON.stringify(await client.get(VM_BACKUP, { namespace, name })).length;

  note('Machine', `${machine()}; load average ${loadavg()[0]?.toFixed(1)} before the start`);
  note('Cluster', `${vms} VMs, ${backups} complete backups of ${example} bytes each as the API gives them`);

  const startedMs = performance.now();
  const server = await start();
  const pid = (): number => server.pid as number;

  const readyMs = await ready(server);

  note('Cold start until ready', seconds(readyMs - startedMs));
  await leads(server);
  note('Cold start until all controllers are idle', seconds(Math.max(readyMs, await quiet(server)) - startedMs));
  note('Requests of the cold start', String(server.network.requests.length));
  const before = { cpu: await cpuSeconds(pid()), requests: server.network.requests.length };

  note('CPU time of the cold start', `${before.cpu.toFixed(1)} s`);
  note('Resident memory after the cold start', `${(await memoryMiB(pid())).peak.toFixed(0)} MiB at most`);
  await systemClock.sleep(IDLE_SECONDS * 1000);
  const idle = server.network.requests.slice(before.requests);

  note(`CPU while idle (${IDLE_SECONDS} s)`, `${((await cpuSeconds(pid()) - before.cpu) / IDLE_SECONDS * 100).toFixed(2)} %`);
  note('Requests per minute while idle', `${idle.filter(isLease).length} for the lease, ${idle.filter(isWork).length} others`);

  const from = server.network.requests.length;

  await each(CHANGES, async (index) => {
    const { metadata: { name, namespace } } = largeBackup(index, vms).object;

    await client.patch(VM_BACKUP, { name, ...(namespace ? { namespace } : {}) }, { metadata: { annotations: { note: `change ${index}` } } });
  });
  await systemClock.sleep(QUIET_MS);
  const asked = server.network.requests.slice(from).filter(isWork);

  note(`${CHANGES} changed backups`, `${asked.filter(({ verb }) => verb === 'list').length} lists, ${asked.length} requests in all`);

  let [leader, standby] = [server, await start()];

  await ready(standby);
  for (let round = 1; round <= TAKEOVERS; round++) {
    const writes = standby.network.requests.length;
    const killedMs = performance.now();

    await leader.kill();
    const taken = await waitFor('the other leads', () => Promise.resolve(standby.network.requests.slice(writes).find((request) => isLease(request) && request.verb === 'update' && request.status < 400)), { seconds: 60 });

    note(`Takeover ${round} of a killed leader`, seconds(taken.answeredMs - killedMs));
    leader.spawn();
    [leader, standby] = [standby, leader];
    await ready(standby);
    await quiet(leader);
  }
  note('Resident memory, leader', await memoryMiB(leader.pid as number).then(({ now, peak }) => `${now.toFixed(0)} MiB now, ${peak.toFixed(0)} MiB at most`));
  note('Resident memory, standby', await memoryMiB(standby.pid as number).then(({ now, peak }) => `${now.toFixed(0)} MiB now, ${peak.toFixed(0)} MiB at most`));
  process.stdout.write(`\n| what | measured |\n|---|---|\n${rows.map(([what, value]) => `| ${what} | ${value} |\n`).join('')}`);
} finally {
  for (const server of servers) await server.stop();
  await api.stop();
  await rm(folder, { recursive: true, force: true });
}
