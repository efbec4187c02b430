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

/** Jane, who helps: over HTTP, and with a socket of her own. */
async function helper(session) {
  const token = server.token({ user: 'jane', name: 'Jane Doe', roles: ['admin'] });
  const page = await openPage(browser, 'desktop');
  await page.goto(new URL('healthz', server.base).href); // a page of the server without a policy for scripts
  const act = async (what) => {
    const answer = await fetch(new URL(`admin/${what}/${session}`, server.base), { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 200, await answer.text());
  };
  const open = () =>
    page.evaluate(
      ([secret, id]) =>
        new Promise((resolve, reject) => {
          window.socket = new WebSocket(`${location.href.replace(/^http/, 'ws').replace(/healthz$/, 'ws')}?v=2&session_id=${id}`, ['chatbox', secret]);
          window.socket.onerror = () => reject(new Error('the socket of the helper was refused'));
          window.socket.onmessage = ({ data }) => JSON.parse(data).session_id && resolve();
        }),
      [token, session],
    );
  const send = (frame) => page.evaluate((text) => window.socket.send(text), JSON.stringify({ session_id: session, ...frame }));
  return { act, open, send, close: () => page.context().close() };
}

for (const size of ['phone', 'desktop']) {
  describe(`a call for a person with a ${size}`, () => {
    let page;
    let seen;
    let jane;

    before(async () => {
      page = await openPage(browser, size);
      seen = listen(page);
      await page.goto(server.visitor);
      await page.locator('#status-indicator.connected').waitFor(patience);
    });

    after(async () => {
      await jane?.close();
      await page?.context().close();
    });

    it('is one press away, and waits for the first message', async () => {
      if (size === 'phone') {
        await page.locator('#menu-btn').click();
        await page.locator('#new-chat-btn').click();
        await page.locator('#empty-state').waitFor(patience);
        await page.locator('#status-indicator.connected').waitFor(patience);
        await page.locator('#help-btn').click();
        await page.locator('#help-card').getByText('as soon as you have written').waitFor(patience);
        await say(page, 'My invoice is wrong');
      } else {
        await say(page, 'My invoice is still wrong');
        await page.locator('#help-btn').click();
      }
      await page.locator('#help-card').getByText('A person has been asked to join').waitFor(patience);
      assert.equal(await page.locator('#who-answers').innerText(), 'AI, waiting for a person');
      assert.equal(await page.locator('#help-btn').count(), 0);
      assert.match(await page.locator('.message.system').last().innerText(), /Help request sent/);
    });

    it('is still waiting after a reload', async () => {
      await page.reload();
      await page.locator('#help-card').getByText('A person has been asked to join').waitFor(patience);
    });

    it('brings a person, who is named, seen writing, and read', async () => {
      const session = seen.frames.map(({ frame }) => frame.session_id).filter(Boolean).at(-1);
      jane = await helper(session);
      await jane.act('takeover');
      await page.locator('#admin-name').getByText('Jane Doe').waitFor(patience);
      await page.locator('.message.system').getByText('Jane Doe has joined').last().waitFor(patience);
      assert.equal(await page.locator('#help-card').count(), 0);
      await jane.open();
      await jane.send({ type: 'typing', active: true });
      await page.locator('#person-writes').waitFor(patience);
      await jane.send({ type: 'user_message', content: 'Which invoice is it?', sender: 'admin' });
      await page.locator('.message.admin').getByText('Which invoice is it?').last().waitFor(patience);
      await page.locator('#person-writes').waitFor({ state: 'detached', ...patience });
      if (size === 'phone') await picture(page, 'chat-person-phone');
    });

    it('ends when she hands back, and can be made again', async () => {
      await jane.act('release');
      await page.locator('#help-btn').waitFor(patience);
      assert.equal(await page.locator('#who-answers').innerText(), 'AI assistant');
      assert.deepEqual(page.problems, []);
    });
  });
}
