import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileToken, kubeConfigFromEnv } from '../../../server/kube/config.ts';
import { FakeClock } from '../../support/fake-clock.ts';

describe('API configuration', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hvb-config-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('given a token file that rotates, when asked again, then the new token comes after a minute at the latest', async () => {
    const clock = new FakeClock();
    const file = join(folder, 'token');

    await writeFile(file, 'first\n');
    const token = fileToken(file, clock);

    expect(await token()).toBe('first');
    await writeFile(file, 'second\n');
    await clock.advance(59_999);
    expect(await token()).toBe('first');
    await clock.advance(1);
    expect(await token()).toBe('second');
  });

  it('given HVB_KUBE_URL with files, when read, then URL, token and CA are theirs', async () => {
    await writeFile(join(folder, 'token'), 'abc');
    await writeFile(join(folder, 'ca'), 'PEM');
    const config = await kubeConfigFromEnv({ HVB_KUBE_URL: 'https://x:1', HVB_KUBE_TOKEN_FILE: join(folder, 'token'), HVB_KUBE_CA_FILE: join(folder, 'ca') }, new FakeClock());

    expect([config.baseUrl, config.ca, await (config.token as () => Promise<string>)()]).toEqual(['https://x:1', 'PEM', 'abc']);
  });

  it('given nothing or half of it, when read, then the error says which variable to set', async () => {
    await expect(kubeConfigFromEnv({}, new FakeClock())).rejects.toThrow(/set HVB_KUBE_URL and HVB_KUBE_TOKEN_FILE/);
    await expect(kubeConfigFromEnv({ HVB_KUBE_URL: 'http://x' }, new FakeClock())).rejects.toThrow(/without HVB_KUBE_TOKEN_FILE/);
  });
});
