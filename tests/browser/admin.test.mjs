// The administrators' page on the real server.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launchBrowser, openPage, picture } from './support/browser.mjs';
import { Server, tokenIn } from './support/server.mjs';

const patience = { timeout: 30_000 };
let browser;
let server;

before(async () => {
  browser = await launchBrowser();
  server = await Server.start({ tokensPerSecond: 500 });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function consoleOf(link, size = 'desktop', options) {
  const page = await openPage(browser, size, options);
  await page.goto(link);
  return page;
}

describe('the console', () => {
  it('says that there are no sessions yet', async () => {
    const page = await consoleOf(server.administrator);
    await page.locator('#empty-state').waitFor(patience);
    assert.ok(!page.url().includes('token'), page.url());
    await page.getByRole('heading', { name: 'Healthy' }).waitFor(patience);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  it('lists a session as soon as a visitor has written, sorts and finds it', async () => {
    const visitor = await consoleOf(server.visitor, 'phone');
    await visitor.locator('#status-indicator.connected').waitFor(patience);
    await visitor.locator('#message-input').fill('Where is my <b>invoice</b>?');
    await visitor.locator('#message-input').press('Enter');
    await visitor.locator('.message.ai[data-answer=done]').waitFor(patience);

    const page = await consoleOf(server.administrator);
    const rows = page.locator('#sessions-tbody tr');
    await rows.first().waitFor(patience);
    assert.equal(await rows.count(), 1);
    assert.match(await rows.first().innerText(), /Where is my <b>invoice<\/b>\?/);
    assert.match(await rows.first().innerText(), /Active/);

    await page.getByRole('columnheader', { name: 'Messages' }).getByRole('button').click();
    assert.equal(await page.getByRole('columnheader', { name: 'Messages' }).getAttribute('aria-sort'), 'descending');
    await page.keyboard.press('/');
    await page.keyboard.type('nothing like this');
    await page.getByRole('heading', { name: 'No session matches' }).waitFor(patience);
    await page.getByRole('button', { name: 'Show all' }).click();
    await rows.first().waitFor(patience);
    await picture(page, 'admin-desktop');
    assert.deepEqual(page.problems, []);
    assert.deepEqual(visitor.problems, []);
    await page.context().close();
    await visitor.context().close();
  });

  it('loads again with the R key', async () => {
    const page = await consoleOf(server.administrator, 'desktop', { scheme: 'dark' });
    await page.locator('#sessions-tbody tr').first().waitFor(patience);
    const [response] = await Promise.all([page.waitForResponse(/admin\/sessions/, patience), page.keyboard.press('r')]);
    assert.equal(response.status(), 200);
    await page.context().close();
  });

  it('tells a visitor that there is no permission', async () => {
    const token = tokenIn(server.visitor);
    const link = new URL('admin.html', server.base);
    link.searchParams.set('token', token);
    const page = await openPage(browser, 'desktop');
    page.expectOutage(true);  // the browser logs the 403
    await page.goto(link.href);
    await page.getByRole('heading', { name: 'No permission' }).waitFor(patience);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  it('tells somebody without a token what to do', async () => {
    const page = await consoleOf(new URL('admin.html', server.base).href, 'phone');
    await page.getByRole('heading', { name: 'You are not signed in' }).waitFor(patience);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
});
