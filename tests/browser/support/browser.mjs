// Headless Chromium, and pages that remember everything that went wrong in them.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { repository } from './server.mjs';

export const sizes = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  desktop: { viewport: { width: 1280, height: 800 } },
};

/** No update checks, no safe-browsing lists: the tests talk to the loopback and to nothing else. */
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export function launchBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: flags });
}

/**
 * A page of `size`. `page.problems` collects console errors, exceptions, refused content (the policy) and requests to other
 * hosts; `page.expectOutage(true)` lets failing connections to the server pass, while a test has it down.
 */
export async function openPage(browser, size, { scheme = 'light' } = {}) {
  const context = await browser.newContext({ ...sizes[size], colorScheme: scheme, locale: 'en-GB' });
  const page = await context.newPage();
  page.problems = [];
  let outage = false;
  page.expectOutage = (expected) => (outage = expected);
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const text = message.text();
    if (outage && /ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket connection to|Failed to load resource/.test(text)) return;
    page.problems.push(`console: ${text}`);
  });
  page.on('pageerror', (error) => page.problems.push(`exception: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:' && hostname !== '127.0.0.1') page.problems.push(`request to ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  return page;
}

/** Keeps a picture in tests/browser/pictures; with UPDATE_PICTURES=1 in docs/pictures, where the README shows it. */
export async function picture(page, name) {
  const folder = join(repository, process.env.UPDATE_PICTURES === '1' ? 'docs/pictures' : 'tests/browser/pictures');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
}
