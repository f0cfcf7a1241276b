import type { Browser } from 'playwright-core';
import type { VMBackup } from '../../server/contract/vm-backup.ts';
import type { VMRestore } from '../../server/contract/vm-restore.ts';
import type { Dashboard } from '../support/browser.ts';
import type { Product } from './product.ts';
import type { CutBytes } from './snapshots.ts';
import { open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM_NAMESPACE } from '../../server/contract/names.ts';
import { REPOSITORY_CLAIM } from '../../server/embedded/seed/index.ts';
import { judgeDisks, readRecords } from '../../server/embedded/guest/read-records.ts';
import { launchBrowser, openDashboard } from '../support/browser.ts';
import { waitFor } from '../support/cluster.ts';
import { PAGES, choose, fillRepository, openNav, pick, proceed, recordTexts, waitForDone } from './pages.ts';
import { startProduct } from './product.ts';
import { imageOfClaim, keepCuts, sha256Of } from './snapshots.ts';

const BACKUPS = 'backup.harvesterhci.io/vmbackups';
const RESTORES = 'backup.harvesterhci.io/vmrestores';
const MINUTE = 60_000;
const ROOT = { user: 'test', groups: ['system:masters'] };

/** The main job, by hand on the real dashboard: each test goes on where the one before ended. */
describe('backing a VM up and restoring it to other storage, in the real dashboard', () => {
  let product: Product;
  let browser: Browser;
  let dashboard: Dashboard;
  let cuts: Map<string, CutBytes>;
  const closers: (() => Promise<void> | void)[] = [];
  const object = <T>(resource: string, key: string): T | undefined => product.cluster.api.store.get(resource, key) as T | undefined;

  beforeAll(async () => {
    product = await startProduct({ seed: { scale: 1 / 4 } });
    closers.push(() => product.stop());
    const kept = keepCuts(product.cluster, product.folder);
    cuts = kept.cuts;
    closers.push(kept.stop);
    browser = await launchBrowser();
    closers.push(() => browser.close());
    dashboard = await openDashboard(browser, { baseUrl: product.url });
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  it('given an empty cluster, when a repository is created through the page, then it becomes ready', async () => {
    const { page, screenshot } = dashboard;

    await page.getByTestId('hvb-vms-table').waitFor({ timeout: MINUTE });
    await openNav(page, 'Repositories');
    await page.getByTestId('hvb-empty-create-repository').click();
    await page.getByTestId('hvb-repository-name').waitFor();
    await fillRepository(page, { name: 'vault', claim: REPOSITORY_CLAIM, path: 'vault', password: 'correct horse battery' });
    await screenshot('job-1-repository-form');
    await page.getByTestId('hvb-repository-form-save').click();
    await page.getByTestId('hvb-repository-detail').waitFor({ timeout: MINUTE });
    await page.locator('.masthead, .title-bar, [data-testid="masthead-subheader"], main').getByText('Ready', { exact: true }).first().waitFor({ timeout: MINUTE });
    await screenshot('job-2-repository-ready');
    expect(object<{ status: { phase: string } }>('backup.harvesterhci.io/backuprepositories', 'vault')?.status.phase).toBe('Ready');
  });

  it('given a running VM with two disks, when it is backed up while its guest writes, then progress moves and it ends Completed, consistency filesystem', async () => {
    const { page, screenshot } = dashboard;
    const before = await readRecords(await imageOfClaim(product.cluster, 'web', 'shop-data'));

    await openNav(page, 'Virtual Machines');
    await page.getByTestId('hvb-back-up-shop').click();
    await page.getByTestId('hvb-back-up-dialog').waitFor();
    await page.getByTestId('hvb-backup-name').fill('shop-first');
    await choose(page, 'hvb-repository', 'vault');
    await pick(page, 'hvb-policy', 'Required');
    await screenshot('job-3-back-up-dialog');
    await page.getByTestId('hvb-dialog-back-up').click();
    await page.getByTestId('hvb-back-up-dialog').waitFor({ state: 'detached', timeout: MINUTE });
    await openNav(page, 'Backups');
    await page.getByRole('link', { name: 'shop-first' }).first().click();
    await page.getByTestId('hvb-backup-detail').waitFor({ timeout: MINUTE });
    const disks = await recordTexts(page, '[data-testid^="hvb-disk-phase-"]');
    const steps = await recordTexts(page, '[data-testid="hvb-timeline"] [data-state="current"] .phase');

    await page.getByTestId('hvb-disk-rootdisk').waitFor({ timeout: MINUTE });
    await screenshot('job-4-backup-running');
    await waitForDone(page, 'Completed', 4 * MINUTE);
    await page.getByTestId('hvb-consistency-Filesystem').first().waitFor();
    await screenshot('job-5-backup-completed');
    const backup = object<VMBackup>(BACKUPS, 'web/shop-first');

    expect(new Set(await steps.seen()).size, 'phases that were seen running').toBeGreaterThan(1);
    expect(new Set(await disks.seen()).size, 'words and percentages of the disks').toBeGreaterThan(2);
    expect(backup?.status).toMatchObject({ phase: 'Completed', consistency: { level: 'Filesystem' } });
    expect(cuts.get('shop-data')?.records.lastSeq, 'the guest wrote until the cut').toBeGreaterThan(before.lastSeq);
    expect((await readRecords(await imageOfClaim(product.cluster, 'web', 'shop-data'))).lastSeq, 'the guest writes on after the thaw').toBeGreaterThan(cuts.get('shop-data')?.records.lastSeq ?? 0);
  });

  it('given the disk of the VM is lost, when the backup is restored to other storage classes in another namespace, then the plan is shown, approved, and runs', async () => {
    const { page, screenshot } = dashboard;
    const lost = await open(await imageOfClaim(product.cluster, 'web', 'shop-data'), 'r+');

    await lost.truncate(0);
    await lost.close();
    await page.getByTestId('hvb-action-restore').click();
    await page.getByTestId('hvb-step-point').waitFor({ timeout: MINUTE });
    await screenshot('job-6-restore-point');
    await proceed(page);
    await page.getByTestId('hvb-step-target').waitFor();
    await choose(page, 'hvb-target-namespace', 'office');
    await page.getByTestId('hvb-target-name').fill('shop-restored');
    await pick(page, 'hvb-start', /Halted|stopped|off/i);
    await screenshot('job-7-restore-target');
    await proceed(page);
    await page.getByTestId('hvb-step-storage').waitFor();
    await choose(page, 'hvb-class-rootdisk', 'lvm-thin');
    await choose(page, 'hvb-class-data', 'nfs');
    await screenshot('job-8-restore-storage');
    await proceed(page);
    await page.getByTestId('hvb-plan').waitFor({ timeout: MINUTE });
    await screenshot('job-9-restore-review');
    expect(await page.getByTestId('hvb-plan-volume-rootdisk').innerText()).toContain('lvm-thin');
    expect(await page.getByTestId('hvb-plan-volume-data').innerText()).toContain('nfs');
    await proceed(page);
    await page.getByTestId('hvb-restore-detail').waitFor({ timeout: MINUTE });
    await screenshot('job-10-restore-running');
    await waitForDone(page, 'Completed', 4 * MINUTE);
    await screenshot('job-11-restore-completed');
  });

  it('given the restored VM, when its disks are compared with the snapshot, then both are the same bytes and hold one whole instant', async () => {
    const restore = product.cluster.api.store.list(RESTORES, 'office').at(-1) as unknown as VMRestore;
    const volumes = restore.status?.plan?.volumes ?? [];
    const images = new Map(await Promise.all(volumes.map(async ({ name, claimName }): Promise<[string, string]> => [name, await imageOfClaim(product.cluster, 'office', claimName)])));
    const [root, data] = [images.get('rootdisk') ?? '', images.get('data') ?? ''];

    expect(volumes.map(({ name, storageClassName }) => [name, storageClassName])).toEqual([['rootdisk', 'lvm-thin'], ['data', 'nfs']]);
    expect(await sha256Of(root)).toBe(cuts.get('shop-rootdisk')?.sha256);
    expect(await sha256Of(data)).toBe(cuts.get('shop-data')?.sha256);
    expect(judgeDisks([await readRecords(root), await readRecords(data)])).toMatchObject({ whole: true, reasons: [] });
  });

  it('given the restored VM, when it is started, then it runs and its guest goes on writing after the last record', async () => {
    const last = cuts.get('shop-data')?.records.lastSeq ?? 0;
    const answer = await product.cluster.api.request(ROOT, { method: 'PUT', url: '/apis/subresources.kubevirt.io/v1/namespaces/office/virtualmachines/shop-restored/start', body: {} });

    expect(answer.status).toBeLessThan(300);
    await waitFor('the restored VM runs', () => Promise.resolve(object<{ status?: { printableStatus?: string } }>('kubevirt.io/virtualmachines', 'office/shop-restored')?.status?.printableStatus === 'Running'));
    const claim = (product.cluster.api.store.list(RESTORES, 'office').at(-1) as unknown as VMRestore).status?.plan?.volumes.find(({ name }) => name === 'data')?.claimName ?? '';
    const image = await imageOfClaim(product.cluster, 'office', claim);

    await waitFor('the guest writes', async () => (await readRecords(image)).lastSeq > last);
    await openNav(dashboard.page, 'Virtual Machines');
    await dashboard.page.getByText('shop-restored').first().waitFor({ timeout: MINUTE });
    await dashboard.screenshot('job-12-restored-vm');
    expect(dashboard.problems).toEqual([]);
    expect(new URL(dashboard.page.url()).pathname).toBe(PAGES.vms);
  });

  it('given a completed backup, when it is deleted through the page, then its data leaves the repository', async () => {
    const { page, screenshot } = dashboard;
    const stored = join(dirname(await imageOfClaim(product.cluster, SYSTEM_NAMESPACE, REPOSITORY_CLAIM)), 'vault', 'snapshots');

    // Two disks and the backup document.
    expect(await readdir(stored)).toHaveLength(3);
    await openNav(page, 'Backups');
    await page.getByRole('link', { name: 'shop-first' }).first().waitFor({ timeout: MINUTE });
    await page.locator('tr', { has: page.getByRole('link', { name: 'shop-first' }) }).locator('button[aria-label], .actions button, [data-testid*="action-button"]').last().click();
    await page.getByText('Delete', { exact: true }).last().click();
    await page.getByTestId('prompt-remove-confirm-button').waitFor();
    await screenshot('job-13-delete-prompt');
    await page.getByTestId('prompt-remove-confirm-button').click();
    await waitFor('the backup is gone', () => Promise.resolve(object(BACKUPS, 'web/shop-first') === undefined), { seconds: 120, describe: () => object<VMBackup>(BACKUPS, 'web/shop-first')?.status });
    await page.getByTestId('hvb-empty-create-backup').waitFor({ timeout: MINUTE });
    await screenshot('job-14-deleted');
    expect(await readdir(stored)).toEqual([]);
  });
});
