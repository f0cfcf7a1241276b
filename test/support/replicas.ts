import { JOB, VM_BACKUP } from '../../server/contract/api.ts';
import type { Job } from '../../server/contract/kubernetes.ts';
import { LABEL_OPERATION, SYSTEM_NAMESPACE } from '../../server/contract/names.ts';
import { createInformer } from '../../server/kube/informer.ts';
import { createLogger } from '../../server/telemetry/log.ts';
import { systemClock } from '../../server/telemetry/system-clock.ts';
import type { ProxiedRequest } from './api-proxy.ts';
import { Product } from './product.ts';
import { ServerProcess } from './server-process.ts';
import { waitFor } from './wait.ts';

const READS = new Set(['get', 'list', 'watch']);
const isLease = ({ resource }: ProxiedRequest): boolean => resource === 'leases';
const landed = ({ verb, status }: ProxiedRequest): boolean => !READS.has(verb) && status < 400;

/** A write that reached the API from a server after another one had taken the lease. */
export interface LateWrite { server: number; write: string; lateMs: number }

/** Two servers of one cluster that come back whenever they end, and what they did to it. */
export class Replicas {
  readonly product: Product;
  readonly servers: readonly ServerProcess[];
  /** Operation → names and UIDs of the Jobs that were ever made for it. */
  readonly jobs = new Map<string, Set<string>>();
  readonly #stopWatching = new AbortController();

  private constructor(product: Product, servers: readonly ServerProcess[]) {
    this.product = product;
    this.servers = servers;
  }

  static async start(): Promise<Replicas> {
    const product = await Product.start();
    const { cluster } = product;
    const second = await ServerProcess.start({ url: cluster.url, ...(cluster.ca ? { ca: cluster.ca } : {}), token: cluster.tokens.server });
    const replicas = new Replicas(product, [product.server, second]);

    await replicas.#watchJobs();
    return replicas;
  }

  async stop(): Promise<void> {
    this.#stopWatching.abort();
    await this.servers[1]?.stop();
    await this.product.stop();
  }

  /** The server that wrote the lease last; `undefined` before anybody did. */
  get leader(): ServerProcess | undefined {
    const last = this.#leaseWrites().at(-1);

    return last && this.servers[last.server];
  }

  /** The one that does not lead. */
  otherThan(server: ServerProcess): ServerProcess {
    return this.servers.find((each) => each !== server) as ServerProcess;
  }

  /** Waits until this server holds the lease. */
  async leads(server: ServerProcess): Promise<void> {
    await waitFor('the other server to lead', () => Promise.resolve(this.leader === server), { seconds: 60, describe: () => this.#describe() });
  }

  /** What a person needs to see why nobody takes over: how each server asks for the lease, and what it said last. */
  #describe(): unknown {
    const nowMs = performance.now();

    return this.servers.map(({ pid, log, network }, index) => ({
      server: index, pid,
      lease: network.requests.filter(isLease).slice(-4).map(({ verb, status, sentMs }) => `${verb} ${status}, ${Math.round(nowMs - sentMs)} ms ago`),
      log: log.split('\n').slice(-8),
    }));
  }

  /** Writes by a server that another one had followed already when they were sent. */
  lateWrites(): LateWrite[] {
    const terms = this.#leaseWrites();

    return this.servers.flatMap(({ network }, server) => network.requests.filter((request) => landed(request) && !isLease(request)).flatMap((request) => {
      const holder = terms.findLast(({ answeredMs }) => answeredMs < request.sentMs);

      return holder === undefined || holder.server === server ? [] : [{ server, write: `${request.verb} ${request.resource}/${request.subresource ?? ''} ${request.name ?? ''}`, lateMs: request.sentMs - holder.answeredMs }];
    }));
  }

  /** How often the lease went from one server to the other. */
  get takeovers(): number {
    return this.#leaseWrites().filter(({ server }, index, all) => index > 0 && all[index - 1]?.server !== server).length;
  }

  /** Freezes and thaws that either server asked for from then on, in order. @param fromMs as `performance.now()` gives it */
  guestCalls(fromMs: number): string[] {
    return this.servers.flatMap(({ network }) => network.requests).filter(({ resource, sentMs, verb }) => resource === 'virtualmachineinstances' && verb === 'update' && sentMs > fromMs)
      .sort((a, b) => a.sentMs - b.sentMs).map(({ subresource = '' }) => subresource);
  }

  /** Operations for which more than one Job was made, with these. */
  jobsTwice(): [operation: string, jobs: string[]][] {
    return [...this.jobs].filter(([, jobs]) => jobs.size > 1).map(([operation, jobs]) => [operation, [...jobs]]);
  }

  /** Removes a backup with its data, so that one test's repository is not the next one's. */
  async removeBackup(name: string): Promise<void> {
    const { client } = this.product.cluster;

    await client.delete(VM_BACKUP, { namespace: 'web', name });
    await waitFor(`backup ${name} gone`, async () => await client.find(VM_BACKUP, { namespace: 'web', name }) === undefined, { seconds: 150 });
  }

  #leaseWrites(): { server: number; answeredMs: number }[] {
    return this.servers.flatMap(({ network }, server) => network.requests.filter((request) => isLease(request) && landed(request)).map(({ answeredMs }) => ({ server, answeredMs }))).sort((a, b) => a.answeredMs - b.answeredMs);
  }

  async #watchJobs(): Promise<void> {
    const informer = createInformer<Job>({
      client: this.product.cluster.client, clock: systemClock, log: createLogger({ clock: systemClock, level: 'error', write: () => undefined }), type: JOB, scope: { namespace: SYSTEM_NAMESPACE, labelSelector: LABEL_OPERATION },
    });

    informer.subscribe({
      added: ({ metadata: { labels, name, uid } }) => {
        const operation = labels?.[LABEL_OPERATION] ?? '';

        this.jobs.set(operation, (this.jobs.get(operation) ?? new Set()).add(`${name} ${uid}`));
      },
    });
    void informer.run(this.#stopWatching.signal);
    await informer.synced();
  }
}
