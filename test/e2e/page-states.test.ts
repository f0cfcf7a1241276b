import type { Browser } from 'playwright-core';
import type { Dashboard } from '../support/browser.ts';
import type { Product } from './product.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, openDashboard } from '../support/browser.ts';
import { PAGES } from './pages.ts';
import { startProduct } from './product.ts';
import { fillWithSamples, manyBackups } from './samples.ts';

const LISTS = [
  { name: 'backups', path: PAGES.backups, table: 'hvb-backups-table' },
  { name: 'restores', path: PAGES.restores, table: 'hvb-restores-table' },
  { name: 'repositories', path: PAGES.repositories, table: 'hvb-repositories-table' },
] as const;
const DETAILS = [
  { name: 'backup-running', path: `${PAGES.backups}/web/sample-moving`, testId: 'hvb-backup-detail' },
  { name: 'backup-failed', path: `${PAGES.backups}/web/sample-failed`, testId: 'hvb-backup-detail' },
  { name: 'repository-failed', path: `${PAGES.repositories}/sample-unavailable`, testId: 'hvb-repository-detail' },
] as const;
const MANY = 10_000;
const LOADED_MS = 60_000;

/** Every page in every state, as pictures to look at, each with what must be on it. No server runs: the states stay as they are made. */
describe('our pages in each of their states', () => {
  let product: Product;
  let browser: Browser;
  const closers: (() => Promise<void>)[] = [];
  const open = new Map<string, Dashboard>();
  /** Opens a page anew; one browser profile per user, because an empty one takes seconds to read the dashboard's code. */
  const visit = async ({ path, user = 'admin', theme = 'light' }: { path: string; user?: string; theme?: 'light' | 'dark' }, look: (dashboard: Dashboard) => Promise<void>): Promise<void> => {
    const key = `${user} ${theme}`;
    let dashboard = open.get(key);

    if (dashboard) {
      dashboard.problems.length = 0;
      await dashboard.page.goto(`${product.url}${path}`);
    } else {
      dashboard = await openDashboard(browser, { baseUrl: product.url, path, user, theme });
      open.set(key, dashboard);
    }
    await look(dashboard);
  };
  const sees = (dashboard: Dashboard, testId: string): Promise<void> => dashboard.page.getByTestId(testId).first().waitFor({ timeout: LOADED_MS });

  beforeAll(async () => {
    product = await startProduct({ server: false, seed: { scale: 1 / 16 } });
    closers.push(() => product.stop());
    browser = await launchBrowser();
    closers.push(() => browser.close());
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  it.each(LISTS)('given nothing yet, when $name are opened, then the page says so and offers the first step', async ({ name, path }) => {
    await visit({ path }, async (dashboard) => {
      await sees(dashboard, 'hvb-state-empty');
      await dashboard.bothThemes(`state-${name}-empty`);
      expect(await dashboard.page.locator('[data-testid^="hvb-empty-create"]').count()).toBe(1);
      expect(dashboard.problems).toEqual([]);
    });
  });

  describe('with objects', () => {
    beforeAll(() => fillWithSamples(product.cluster));

    it.each(LISTS)('given objects in different phases, when $name are opened, then each has a row', async ({ name, path, table }) => {
      await visit({ path }, async (dashboard) => {
        await sees(dashboard, table);
        await dashboard.page.getByText(/^sample-/).first().waitFor({ timeout: LOADED_MS });
        await dashboard.bothThemes(`state-${name}-normal`);
        expect(dashboard.problems).toEqual([]);
      });
    });

    it.each(DETAILS)('given $name, when it is opened, then it shows what is going on', async ({ name, path, testId }) => {
      await visit({ path }, async (dashboard) => {
        await sees(dashboard, testId);
        if (name.endsWith('failed')) await sees(dashboard, 'hvb-failure-remedy');
        await dashboard.bothThemes(`state-${name}`);
        expect(dashboard.problems).toEqual([]);
      });
    });

    it.each(LISTS)('given an API that fails, when $name are opened, then the page says what is wrong and offers to try again', async ({ name, path, table }) => {
      await visit({ path: '/' }, async (dashboard) => {
        await sees(dashboard, 'hvb-vms-table');
        const type = path.split('/').at(-1) ?? '';
        const pattern = new RegExp(`/v1/${type.replaceAll('.', '\\.')}(s|ies)?(\\?|$)|/v1/${type.replaceAll('.', '\\.').replace(/y$/, 'ies')}(\\?|$)`);

        await dashboard.page.route(pattern, (route) => route.fulfill({ status: 500, contentType: 'application/json', body: JSON.stringify({ type: 'error', status: 500, code: 'ServerError', message: 'etcd is on fire' }) }));
        await dashboard.page.goto(`${product.url}${path}`);
        await sees(dashboard, 'hvb-state-failed');
        expect(await dashboard.page.getByTestId('hvb-state-failed').innerText()).toContain('etcd is on fire');
        await dashboard.bothThemes(`state-${name}-failing`);
        await dashboard.page.unroute(pattern);
        await dashboard.page.getByTestId('hvb-reload').click();
        await sees(dashboard, table);
      });
    });

    it.each(LISTS)('given a user without rights, when $name are opened, then the page says that they are not shown', async ({ name, path }) => {
      await visit({ path, user: 'guest' }, async (dashboard) => {
        await sees(dashboard, 'hvb-state-forbidden');
        await dashboard.bothThemes(`state-${name}-forbidden`);
      });
    });

    it.each(LISTS)('given a user who may only read, when $name are opened, then the rows are there and nothing can be created', async ({ name, path, table }) => {
      await visit({ path, user: 'viewer' }, async (dashboard) => {
        await sees(dashboard, table);
        await sees(dashboard, 'hvb-read-only');
        await dashboard.bothThemes(`state-${name}-read-only`);
        expect(await dashboard.page.locator('[data-testid="masthead-create"]').count()).toBe(0);
      });
    });

    it('given VMs, when their page is opened, then each has its protection', async () => {
      await visit({ path: PAGES.vms }, async (dashboard) => {
        await sees(dashboard, 'hvb-back-up-shop');
        await dashboard.bothThemes(`state-vms-normal`);
        expect(dashboard.problems).toEqual([]);
      });
    });

    it('given a person who prefers dark, when a page is opened, then the dashboard comes up dark', async () => {
      await visit({ path: PAGES.vms, theme: 'dark' }, async (dashboard) => {
        await sees(dashboard, 'hvb-back-up-shop');
        expect(await dashboard.page.locator('body.theme-dark').count()).toBe(1);
      });
    });
  });

  describe(`with ${MANY} backups`, () => {
    beforeAll(() => manyBackups(product.cluster, MANY));

    it('given so many, when their list is opened, then the page is usable and counts them all', async () => {
      await visit({ path: PAGES.backups }, async (dashboard) => {
        await sees(dashboard, 'hvb-backups-table');
        await dashboard.page.getByText(/many-\d+/).first().waitFor({ timeout: LOADED_MS });
        await dashboard.bothThemes(`state-backups-10000`);
        expect(await dashboard.page.locator('.paging').first().innerText()).toMatch(/of 10,?\d{3}/);
        expect(dashboard.problems).toEqual([]);
      });
    });
  });
});
