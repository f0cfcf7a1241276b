import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readinessSchema } from '../../../server/contract/http.ts';
import { waitFor } from '../../support/cluster.ts';
import { ask } from '../../support/http-ask.ts';
import { Product } from '../../support/product.ts';
import { ServerProcess } from '../../support/server-process.ts';

describe('a standby', () => {
  let product: Product;
  let standby: ServerProcess;
  const state = async (server: ServerProcess) => {
    const { status, json } = await ask(server.httpUrl, '/readyz');

    return status === 200 ? readinessSchema.parse(json()) : undefined;
  };

  beforeAll(async () => {
    product = await Product.start({ machines: false });
    await waitFor('the leader', async () => (await state(product.server))?.leading);
    const { url, ca, tokens } = product.cluster;

    standby = await ServerProcess.start({ url, ...(ca ? { ca } : {}), token: tokens.server });
  });
  afterAll(async () => {
    await standby.stop();
    await product.stop();
  });

  it('given a leader, when a second replica runs, then it is ready and answers reads without leading; when the leader is killed, then it leads', async () => {
    await waitFor('the standby ready', async () => await state(standby) !== undefined);
    await product.repository();
    expect(await state(standby)).toEqual({ status: 'ready', leading: false });
    await waitFor('the repository seen by the standby', async () => (await ask(standby.httpUrl, '/v1/repositories')).text.includes('"ready":true'));
    expect((await ask(standby.httpUrl, '/metrics')).text).toContain('hvb_leader 0');
    await product.server.kill();
    await waitFor('the standby leading', async () => (await state(standby))?.leading);
    expect((await ask(standby.httpUrl, '/metrics')).text).toContain('hvb_leader 1');
  });

  it('given a server that is told to stop, when it has a connection open, then it ends in good order', async () => {
    await ask(standby.httpUrl, '/healthz');
    expect(await standby.stop()).toBe(0);
  });
});
