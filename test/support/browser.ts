import type { Browser, BrowserContext, Page, Response } from 'playwright-core';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** Folder for what a person looks at after a run; not committed. */
export const ARTIFACTS = join(import.meta.dirname, '..', '..', 'test-artifacts');

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

/** Pixels; a list of thousands of rows is not shown to its end. */
const LONGEST_PICTURE = 3000;

/** A failed request or an error that the page itself reported. */
export interface PageProblem {
  kind: 'console' | 'exception' | 'request';
  text: string;
  url: string;
}

/** How a dashboard is opened. */
export interface DashboardOptions {
  /** Base URL of the facade. */
  baseUrl: string;
  /** Path of the first page; `/` is where a person starts. */
  path?: string;
  theme?: 'light' | 'dark';
  /** Demo user; the administrator when absent. */
  user?: string;
  viewport?: { width: number; height: number };
}

/** A page of the dashboard and everything that went wrong on it since it was opened. */
export interface Dashboard {
  page: Page;
  context: BrowserContext;
  problems: PageProblem[];
  /** Saves a picture of the page, down to the end of its scrolling part, as `test-artifacts/<name>.png` and returns its path. */
  screenshot(name: string): Promise<string>;
  /** Saves `<name>-light.png` and `<name>-dark.png`: the dashboard's themes are a class of the body, so one load gives both. */
  bothThemes(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Path of the system's Chromium: `CHROMIUM_BINARY`, else from PATH. Throws one line that says what is missing. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string {
  if (env['CHROMIUM_BINARY']) return env['CHROMIUM_BINARY'];
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const file = join(folder, name);
      if (folder && existsSync(file)) return file;
    }
  }
  throw new Error(`no Chromium for the browser tests: none of ${NAMES.join(', ')} is in PATH; install one (Debian: apt-get install chromium) or set CHROMIUM_BINARY`);
}

/** Starts a headless Chromium; the caller closes it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(), headless: true, args: FLAGS });
}

/**
 * What the stock dashboard reports on every load and that is no fault of ours: it looks for news on the internet, which our page policy
 * forbids, and it asks for a picture that its own build lacks.
 */
const EXPECTED: readonly RegExp[] = [
  /updates\.rancher\.io/,
  /Error occurred reading dynamic content/,
  /favicon/,
];

function isExpected(problem: PageProblem): boolean {
  return EXPECTED.some((pattern) => pattern.test(problem.text) || pattern.test(problem.url));
}

function collectProblems(page: Page, origin: string): PageProblem[] {
  const problems: PageProblem[] = [];
  const add = (problem: PageProblem): void => {
    if (!isExpected(problem)) problems.push(problem);
  };

  page.on('console', (message) => {
    // The browser repeats every failed request as a console error; those are collected as requests.
    if (message.type() === 'error' && !/^Failed to load resource/.test(message.text())) add({ kind: 'console', text: message.text(), url: message.location().url });
  });
  page.on('pageerror', (error) => add({ kind: 'exception', text: error.stack ?? error.message, url: page.url() }));
  page.on('response', (response: Response) => {
    if (response.status() >= 400 && response.url().startsWith(origin)) {
      add({ kind: 'request', text: `${response.request().method()} ${response.status()}`, url: response.url() });
    }
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? '';
    // Leaving a page aborts what it was loading.
    if (request.url().startsWith(origin) && reason !== 'net::ERR_ABORTED') add({ kind: 'request', text: `${request.method()} ${reason}`, url: request.url() });
  });

  return problems;
}

/** Opens the dashboard in a fresh browser profile; resolves when the first document is loaded, not yet when the page is complete. */
export async function openDashboard(browser: Browser, options: DashboardOptions): Promise<Dashboard> {
  const { baseUrl, path = '/', theme = 'light', user, viewport = { width: 1440, height: 900 } } = options;
  const context = await browser.newContext({ viewport, colorScheme: theme, locale: 'en-US', timezoneId: 'UTC' });
  const cookies = [{ name: 'R_THEME', value: theme, url: baseUrl }, { name: 'R_PCS', value: theme, url: baseUrl }];

  await context.addCookies(user ? [...cookies, { name: 'hvb-user', value: user, url: baseUrl }] : cookies);
  const page = await context.newPage();
  const problems = collectProblems(page, baseUrl);

  await page.goto(`${baseUrl}${path}`, { waitUntil: 'domcontentloaded' });
  const screenshot = async (name: string): Promise<string> => {
    const file = join(ARTIFACTS, `${name}.png`);

    await mkdir(ARTIFACTS, { recursive: true });
    // The dashboard scrolls inside its main area, which a full-page picture would cut off.
    const hidden = await page.evaluate(() => Math.max(0, ...[...document.querySelectorAll('main, .main-layout, .outlet')].map((element) => element.scrollHeight - element.clientHeight)));

    await page.setViewportSize({ width: viewport.width, height: Math.min(viewport.height + hidden, LONGEST_PICTURE) });
    await page.screenshot({ path: file });
    await page.setViewportSize(viewport);

    return file;
  };

  return {
    page, context, problems, screenshot,
    bothThemes: async (name) => {
      for (const shown of [theme === 'light' ? 'dark' : 'light', theme]) {
        await page.evaluate((wanted) => {
          document.body.classList.remove('theme-light', 'theme-dark');
          document.body.classList.add(`theme-${wanted}`);
        }, shown);
        await screenshot(`${name}-${shown}`);
      }
    },
    close: () => context.close(),
  };
}
