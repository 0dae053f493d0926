// Pages in a headless Chromium, that of the system.
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { missingProgram } from './needing';

const program = process.env.CHROMIUM ?? 'chromium';

/** Why there is no browser; false if there is one. */
export const missingBrowser = missingProgram(program, 'apt-get install chromium, or CHROMIUM=path of one');

/** A page that is loaded, and all that it has complained of so far: errors of scripts and of the console, and what it could not fetch. */
export async function openPage(
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[]; close(): Promise<void> }> {
  const executablePath = program.includes('/') ? program : `/usr/bin/${program}`;
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  await page.goto(url);
  return { page, complaints, close: () => browser.close() };
}
