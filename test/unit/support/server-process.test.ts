import { readFile, readdir } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ServerProcess } from '../../support/server-process.ts';

/** How many processes know this address of the API. */
async function processesOf(url: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')));

  return environments.filter((text) => text.includes(`HVB_KUBE_URL=${url}`)).length;
}

describe('the server as a test runs it', () => {
  let server: ServerProcess;

  afterEach(() => server.stop());

  it('given two reasons to kill it at the same moment, when it has started again, then it is one process', async () => {
    // Nothing listens there: the server waits for its API.
    server = await ServerProcess.start({ url: 'http://127.0.0.1:9', token: 'none' });
    await Promise.all([server.killAndRestart(), server.killAndRestart()]);
    await expect.poll(() => processesOf(server.network.url)).toBe(1);
  });
});
