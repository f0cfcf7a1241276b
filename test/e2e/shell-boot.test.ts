import type { Browser } from 'playwright-core';
import type { Dashboard } from '../support/browser.ts';
import type { Product } from './product.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, openDashboard } from '../support/browser.ts';
import { startProduct } from './product.ts';

const PAGE = '/dashboard/harvester-vm-backup/c/local';
const NAV = ['Virtual Machines', 'Backups', 'Restores', 'Repositories'];

describe('the real Rancher Dashboard on the embedded cluster', () => {
  let product: Product;
  let browser: Browser;
  const closers: (() => Promise<void>)[] = [];
  const open = async (path: string, user?: string): Promise<Dashboard> => {
    const dashboard = await openDashboard(browser, { baseUrl: product.url, path, ...(user ? { user } : {}) });

    closers.push(() => dashboard.close());

    return dashboard;
  };

  beforeAll(async () => {
    product = await startProduct();
    closers.push(() => product.stop());
    browser = await launchBrowser();
    closers.push(() => browser.close());
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  it('given a fresh browser, when the address is opened, then our page is there in one step, with our menu and without errors', async () => {
    const { page, problems, screenshot } = await open('/');

    await page.getByTestId('hvb-vms-table').waitFor({ timeout: 30_000 });
    await page.getByText('shop', { exact: true }).first().waitFor();
    for (const entry of NAV) expect(await page.locator('.side-nav').getByText(entry, { exact: true }).count(), entry).toBe(1);
    expect(new URL(page.url()).pathname).toBe(`${PAGE}/vms`);
    await screenshot('boot-vms');
    expect(problems).toEqual([]);
  });

  it.each(['vmbackup', 'vmrestore', 'backuprepository'])('given a reload of the page of %s, when it is complete, then it is the same page without errors', async (type) => {
    const path = `${PAGE}/backup.harvesterhci.io.${type}`;
    const { page, problems } = await open(path);

    await page.locator('[data-testid^="hvb-empty"], [data-testid$="-table"]').first().waitFor({ timeout: 30_000 });
    expect(new URL(page.url()).pathname).toBe(path);
    expect(problems).toEqual([]);
  });

  it('given an object that changes in the cluster, when its list is open, then the list follows without a reload', async () => {
    const { page } = await open(`${PAGE}/vms`);
    const { cluster } = product;

    await page.getByText('wiki', { exact: true }).first().waitFor({ timeout: 30_000 });
    const answer = await cluster.api.request({ user: 'test', groups: ['system:masters'] }, { method: 'DELETE', url: '/apis/kubevirt.io/v1/namespaces/office/virtualmachines/wiki' });

    expect(answer.status).toBeLessThan(300);
    await page.getByText('wiki', { exact: true }).first().waitFor({ state: 'detached', timeout: 30_000 });
  });
});
