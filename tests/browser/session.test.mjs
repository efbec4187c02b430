// What happens around a conversation in the chat page: a sign-in that is renewed, a call for a person.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launchBrowser, openPage, picture } from './support/browser.mjs';
import { Server } from './support/server.mjs';

const patience = { timeout: 30_000 };

let browser;
let server;

before(async () => {
  browser = await launchBrowser();
  server = await Server.start({ tokensPerSecond: 200 });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The frames of a page's sockets, as they come: { socket, sent, frame }. */
function listen(page) {
  const seen = { sockets: 0, frames: [] };
  page.on('websocket', (socket) => {
    const number = (seen.sockets += 1);
    const note = (sent) => ({ payload }) => {
      seen.frames.push({ socket: number, sent, frame: JSON.parse(payload) });
      seen.tell?.();
    };
    socket.on('framesent', note(true));
    socket.on('framereceived', note(false));
  });
  seen.until = async (wanted, what) => {
    const deadline = AbortSignal.timeout(patience.timeout);
    for (;;) {
      const found = seen.frames.find(wanted);
      if (found) return found;
      await new Promise((resolve, reject) => {
        seen.tell = resolve;
        deadline.onabort = () => reject(new Error(`no ${what} among ${JSON.stringify(seen.frames.map(({ frame }) => frame.type))}`));
      });
    }
  };
  return seen;
}

/** The chat in a page of somebody else's, which gives it a token each time that `give` answers with one. */
async function framed(page, give) {
  const host = new URL('framed-by-a-test', server.base).href;
  await page.exposeFunction('give', give);
  await page.addInitScript(() => {
    if (window.parent !== window) return;
    window.addEventListener('message', async (event) => {
      const token = await window.give(event.data?.type);
      if (token) event.source.postMessage({ type: 'token', token }, '*');
    });
  });
  await page.route(host, (route) => route.fulfill({ contentType: 'text/html', body: '<iframe src="chat.html" width="400" height="600"></iframe>' }));
  await page.goto(host);
  return page.frameLocator('iframe');
}

async function say(chat, text) {
  await chat.locator('#message-input').fill(text);
  await chat.locator('#message-input').press('Enter');
}

describe('a sign-in that ends', () => {
  it('is renewed on the open connection, and the conversation goes on behind its end', async () => {
    const page = await openPage(browser, 'desktop');
    const seen = listen(page);
    const asked = [];
    const ends = Date.now() + 8000;
    const chat = await framed(page, (question) => {
      asked.push(question);
      return server.token({ ttl: asked.length === 1 ? '8s' : '1h' });
    });
    await chat.locator('#status-indicator.connected').waitFor(patience);
    await seen.until(({ frame }) => frame.type === 'auth_refreshed' && frame.expires_in > 3000, 'new token in force');
    assert.deepEqual(asked.slice(0, 2), ['request_token', 'refresh_token']);
    await page.waitForFunction((end) => Date.now() > end, ends + 500, patience);
    await say(chat, 'Still there?');
    await chat.locator('.message.ai[data-answer=done]').waitFor(patience);
    assert.equal(seen.sockets, 1, 'on the same connection');
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  it('without a new token is said in words, and one that comes later brings everything back', async () => {
    const page = await openPage(browser, 'desktop');
    const seen = listen(page);
    let answers = 1;
    const chat = await framed(page, () => (answers-- > 0 ? server.token({ ttl: answers === 0 ? '6s' : '1h' }) : undefined));
    await chat.locator('#status-indicator.connected').waitFor(patience);
    await say(chat, 'Before the end');
    await chat.locator('.message.user').getByText('Before the end').waitFor(patience);
    await seen.until(({ frame }) => frame.error?.code === 'EXPIRED_TOKEN', 'end of the token');
    await chat.getByText('Your sign-in has expired').waitFor(patience);
    await say(chat, 'Typed meanwhile');
    answers = 2;
    await chat.getByRole('button', { name: 'Sign in again' }).click();
    await chat.locator('#status-indicator.connected').waitFor(patience);
    await chat.locator('.message.user').getByText('Waits for the connection').waitFor({ state: 'detached', ...patience });
    const said = await chat.locator('.message.user .message-content').allInnerTexts();
    assert.deepEqual(said.slice(-2), ['Before the end', 'Typed meanwhile']);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
});
