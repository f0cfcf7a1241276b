import type { Locator, Page } from 'playwright-core';

/** Path of our product in the dashboard. */
export const PRODUCT_PATH = '/dashboard/harvester-vm-backup/c/local';
/** Paths of our pages. */
export const PAGES = {
  vms: `${PRODUCT_PATH}/vms`,
  backups: `${PRODUCT_PATH}/backup.harvesterhci.io.vmbackup`,
  restores: `${PRODUCT_PATH}/backup.harvesterhci.io.vmrestore`,
  repositories: `${PRODUCT_PATH}/backup.harvesterhci.io.backuprepository`,
} as const;

/** Opens an entry of our side navigation, as a person does. */
export async function openNav(page: Page, label: string): Promise<void> {
  await page.locator('.side-nav').getByText(label, { exact: true }).click();
}

/** Chooses the option with that text in one of the shell's select boxes. */
export async function choose(page: Page, testId: string, text: string | RegExp): Promise<void> {
  await page.getByTestId(testId).click();
  const option = page.locator('.vs__dropdown-menu').getByRole('option').filter({ hasText: text }).first();

  await option.click();
}

/** Chooses a radio button by its label. */
export async function pick(page: Page, testId: string, label: string | RegExp): Promise<void> {
  await page.getByTestId(testId).locator('.radio-container').filter({ hasText: label }).first().click();
}

/** Clicks the wizard's button to the next step, or its last one; waits until it may be clicked. */
export async function proceed(page: Page): Promise<void> {
  await page.locator('.cru-resource-footer, .controls-row, footer').locator('button.role-primary:not([disabled])').last().click();
}

/** What a person types to create a repository. */
export interface RepositoryInput { name: string; claim: string | RegExp; path?: string; password: string }

/** Fills in the repository form that is on screen. */
export async function fillRepository(page: Page, input: RepositoryInput): Promise<void> {
  await page.getByTestId('hvb-repository-name').fill(input.name);
  await choose(page, 'hvb-repository-claim', input.claim);
  if (input.path !== undefined) await page.getByTestId('hvb-repository-path').fill(input.path);
  await page.getByTestId('hvb-repository-password').fill(input.password);
  await page.getByTestId('hvb-repository-password-again').fill(input.password);
  await page.getByTestId('hvb-password-stored').click();
}

/** The element of a timeline's phase; its `data-state` is done, current, ahead, failed. */
export function phaseStep(page: Page, phase: string): Locator {
  return page.getByTestId(`hvb-timeline-${phase}`);
}

/** Waits until a phase of the timeline on screen is done. Fails with the failure that the page shows, if one is there first. */
export async function waitForDone(page: Page, phase: string, milliseconds: number): Promise<void> {
  const done = page.locator(`[data-testid="hvb-timeline-${phase}"][data-state="done"]`);
  const failure = page.getByTestId('hvb-failure');

  await done.or(failure).first().waitFor({ timeout: milliseconds });
  if (await failure.count() > 0) throw new Error(`the page shows a failure: ${await failure.first().innerText()}`);
}

/** Records every text that the elements matching a selector ever show from now on; `seen` gives them in order, without repeats. */
export async function recordTexts(page: Page, selector: string): Promise<{ seen: () => Promise<string[]> }> {
  const key = `texts-${selector}`;

  await page.evaluate(({ wanted, name }) => {
    const texts: string[] = [];
    const look = (): void => {
      for (const element of document.querySelectorAll(wanted)) {
        const text = (element.textContent ?? '').trim();
        if (text && texts.at(-1) !== text) texts.push(text);
      }
    };

    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    look();
    Object.assign(window, { [name]: texts });
  }, { wanted: selector, name: key });

  return { seen: () => page.evaluate((name) => (window as unknown as Record<string, string[]>)[name] ?? [], key) };
}
