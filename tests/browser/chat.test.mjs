// The chat page on the real server: what a visitor does, at the size of a phone and of a desktop.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launchBrowser, openPage, picture, sizes } from './support/browser.mjs';
import { Server, tokenIn } from './support/server.mjs';

const patience = { timeout: 30_000 };
const hostile = '**Bold?** <script>window.hacked = 1</script> <img src=x onerror="window.hacked = 1"> [x](javascript:window.hacked=1)';

let browser;

before(async () => {
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
});

async function signedIn(server, size, options) {
  const page = await openPage(browser, size, options);
  await page.goto(server.visitor);
  await page.locator('#status-indicator.connected').waitFor(patience);
  return page;
}

async function send(page, text) {
  await page.locator('#message-input').fill(text);
  await page.locator('#message-input').press('Enter');
}

/** Sends, and comes back when the answer has begun: from then on the last answer is this one's. */
async function ask(page, text) {
  const before = await answers(page).count();
  await send(page, text);
  await answers(page).nth(before).waitFor(patience);
}

const answers = (page) => page.locator('.message.ai');
const lastAnswer = (page) => page.locator('.message.ai').last();

async function answerEnds(page, how, count) {
  await page.waitForFunction(
    ([wanted, number]) => {
      const all = document.querySelectorAll('.message.ai');
      return all.length === number && all[number - 1].dataset.answer === wanted;
    },
    [how, count],
    patience,
  );
}

/** Text of all messages, as a reader sees them. */
function transcript(page) {
  return page.locator('.message .message-content').allInnerTexts();
}

function nothingWentWrong(page) {
  assert.deepEqual(page.problems, []);
}

for (const size of ['phone', 'desktop']) {
  describe(`a visitor with a ${size}`, () => {
    let server;
    let page;

    before(async () => {
      server = await Server.start({ tokensPerSecond: 80 });
      page = await signedIn(server, size);
    });

    after(async () => {
      await page?.context().close();
      await server?.stop();
    });

    it('is signed in by the link, and the token is gone from the address', async () => {
      assert.ok(!page.url().includes('token'), page.url());
      assert.ok(server.visitor.includes('token='));
      assert.equal(await page.locator('#status-text').innerText(), 'Connected');
      assert.ok(await page.locator('#empty-state').isVisible());
    });

    it('fits the page into the window without scrolling sideways', async () => {
      const [content, view] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
      assert.ok(content <= view, `${content} > ${view}`);
    });

    it('sends a question and watches the answer grow', async () => {
      await send(page, 'How do I export my data?');
      assert.equal(await page.locator('#message-input').inputValue(), '');
      await page.locator('.message.user').getByText('How do I export my data?').waitFor(patience);
      await page.locator('.message.ai .caret').waitFor({ state: 'attached', ...patience });
      const lengths = new Set();
      for (let i = 0; i < 200 && lengths.size < 5; i++) {
        lengths.add((await lastAnswer(page).innerText()).length);
        await page.evaluate(() => new Promise((next) => requestAnimationFrame(next)));
      }
      assert.ok(lengths.size >= 5, `saw the answer at ${[...lengths]}`);
      // The picture of the phone shows an answer that is being written.
      if (size === 'phone') {
        await lastAnswer(page).locator('li').nth(1).waitFor(patience);
        await picture(page, 'chat-phone');
      }
      await answerEnds(page, 'done', 1);
      assert.equal(await page.locator('.caret').count(), 0);
    });

    it('sees Markdown as what it means', async () => {
      const answer = lastAnswer(page);
      assert.ok((await answer.locator('strong').count()) > 0, 'bold');
      assert.ok((await answer.locator('ul > li').count()) > 0, 'a list');
      assert.ok((await answer.locator('table td').count()) > 0, 'a table');
      assert.ok((await answer.locator('pre code').count()) > 0, 'a code block');
      assert.equal((await answer.innerText()).includes('**'), false);
      if (size === 'desktop') {
        // High enough for the question and all of its answer.
        await page.setViewportSize({ width: 1280, height: 1000 });
        await picture(page, 'chat-desktop');
        await page.setViewportSize(sizes.desktop.viewport);
      }
    });

    it('is not harmed by code in a message or in an answer that quotes it', async () => {
      await send(page, hostile);
      await answerEnds(page, 'done', 2);
      assert.ok((await page.locator('.message.user').last().innerText()).includes('<script>window.hacked = 1</script>'));
      assert.ok((await lastAnswer(page).innerText()).includes('<script>window.hacked = 1</script>'), 'the answer quotes it');
      assert.equal(await page.locator('#messages-container :is(script, img, iframe)').count(), 0);
      assert.equal(await page.locator('#messages-container a[href^="javascript"]').count(), 0);
      assert.equal(await page.evaluate(() => window.hacked), undefined);
    });

    it('stops an answer and keeps what there was', async () => {
      await ask(page, '/long 2000');
      await lastAnswer(page).getByText('word9 ').waitFor(patience);
      assert.equal(await page.locator('#send-btn').count(), 0, 'the stop button stands where send was');
      await page.locator('#stop-btn').click();
      await answerEnds(page, 'stopped', 3);
      const text = await lastAnswer(page).innerText();
      assert.match(text, /word1 word2/);
      assert.doesNotMatch(text, /word2000/);
      assert.match(text, /Stopped/);
      await page.locator('#send-btn').waitFor(patience);
    });

    it('finds everything again after a reload', async () => {
      const seen = await transcript(page);
      await page.reload();
      await page.locator('#status-indicator.connected').waitFor(patience);
      assert.deepEqual(await transcript(page), seen);
      assert.match(await lastAnswer(page).innerText(), /Stopped/);
    });

    it('reloads in the middle of an answer and gets all of it', async () => {
      await ask(page, '/long 300');
      await lastAnswer(page).getByText('word20 ').waitFor(patience);
      await page.reload();
      await answerEnds(page, 'done', 4);
      const expected = Array.from({ length: 300 }, (_, i) => `word${i + 1}`).join(' ');
      assert.equal(await lastAnswer(page).locator('.message-content').innerText(), expected);
    });

    it('loses nothing when the network drops in the middle of an answer', async () => {
      await ask(page, '/long 400');
      await lastAnswer(page).getByText('word30 ').waitFor(patience);
      page.expectOutage(true);
      await page.context().setOffline(true);
      await page.waitForFunction(() => !navigator.onLine);
      await page.context().setOffline(false);
      await answerEnds(page, 'done', 5);
      page.expectOutage(false);
      const expected = Array.from({ length: 400 }, (_, i) => `word${i + 1}`).join(' ');
      assert.equal(await lastAnswer(page).locator('.message-content').innerText(), expected);
    });

    it('gets through a crash of the server in the middle of an answer', async () => {
      await ask(page, '/long 3000');
      // Long enough for some of it to have been written to the disk.
      await lastAnswer(page).getByText('word200 ').waitFor(patience);
      page.expectOutage(true);
      await server.kill();
      await page.locator('#status-indicator.connecting').waitFor(patience);
      await page.locator('#status-text').getByText(/Reconnecting in \d+ s/).waitFor(patience);
      await page.locator('#connection-line').waitFor(patience);
      await send(page, 'Are you still there?');
      await page.locator('.message.user').last().getByText('Waits for the connection').waitFor(patience);

      await server.launch();
      await page.locator('#status-indicator.connected').waitFor(patience);
      await page.waitForFunction(() => document.querySelector('.message.ai[data-answer=interrupted]'), undefined, patience);
      await page.locator('.message.user').last().getByText('Waits for the connection').waitFor({ state: 'detached', ...patience });
      await answerEnds(page, 'done', 7);
      page.expectOutage(false);
      const all = await page.locator('.message.user .message-content').allInnerTexts();
      assert.equal(all.filter((text) => text === 'Are you still there?').length, 1);
      assert.match(await answers(page).nth(5).innerText(), /word1 word2[^]*Interrupted/);
    });

    it('finds the history whole after that crash and a reload', async () => {
      const seen = await transcript(page);
      await page.reload();
      await page.locator('#status-indicator.connected').waitFor(patience);
      assert.deepEqual(await transcript(page), seen);
    });

    it('starts a new chat from the menu, by keyboard', async () => {
      await page.locator('#menu-btn').focus();
      await page.keyboard.press('Enter');
      await page.locator('[role=menu]').waitFor(patience);
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'new-chat-btn');
      await page.keyboard.press('Enter');
      await page.locator('#empty-state').waitFor(patience);
      await page.locator('#status-indicator.connected').waitFor(patience);
      await send(page, 'A fresh start');
      await answerEnds(page, 'done', 1);
      assert.match(await lastAnswer(page).innerText(), /first message of this conversation/);
    });

    it('changes to dark and keeps that', async () => {
      await page.locator('#menu-btn').click();
      await page.getByRole('menuitemradio', { name: 'Dark' }).click();
      const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const dark = await background();
      await page.reload();
      await page.locator('#status-indicator.connected').waitFor(patience);
      assert.equal(await background(), dark);
      assert.notEqual(dark, 'rgb(246, 247, 250)');
    });

    it('saw no error, no refused content and no request to another host', () => nothingWentWrong(page));
  });
}

describe('two devices of one visitor', () => {
  let server;
  let pages;

  before(async () => {
    server = await Server.start({ tokensPerSecond: 80 });
    const first = await signedIn(server, 'desktop');
    await send(first, 'Hello from the desk');
    await answerEnds(first, 'done', 1);
    pages = [first, await signedIn(server, 'phone')];
  });

  after(async () => {
    for (const page of pages ?? []) await page.context().close();
    await server?.stop();
  });

  it('see the same conversation, and the same stream', async () => {
    const [desk, phone] = pages;
    assert.deepEqual(await transcript(phone), await transcript(desk));
    await send(phone, '/long 120');
    await desk.locator('.message.user').getByText('/long 120').waitFor(patience);
    await Promise.all([answerEnds(desk, 'done', 2), answerEnds(phone, 'done', 2)]);
    assert.deepEqual(await transcript(phone), await transcript(desk));
  });

  it('can stop each other\'s answers', async () => {
    const [desk, phone] = pages;
    await ask(desk, '/long 3000');
    await answers(phone).nth(2).getByText('word9 ').waitFor(patience);
    await phone.locator('#stop-btn').click();
    await Promise.all([answerEnds(desk, 'stopped', 3), answerEnds(phone, 'stopped', 3)]);
    assert.deepEqual(await transcript(phone), await transcript(desk));
  });

  it('saw no error', () => pages.forEach(nothingWentWrong));
});

describe('somebody without a token', () => {
  let server;

  before(async () => {
    server = await Server.start();
  });

  after(() => server?.stop());

  it('is told what to do', async () => {
    const page = await openPage(browser, 'phone');
    await page.goto(new URL('chat.html', server.base).href);
    await page.getByRole('heading', { name: 'You are not signed in' }).waitFor(patience);
    nothingWentWrong(page);
    await page.context().close();
  });

  it('with a wrong token is told so, and the page stops trying', async () => {
    const page = await openPage(browser, 'desktop');
    page.expectOutage(true);
    await page.goto(new URL('?token=wrong', server.base).href);
    await page.getByRole('heading', { name: 'You are not signed in' }).waitFor(patience);
    assert.equal(await page.locator('#status-text').innerText(), 'Signed out');
    await page.context().close();
  });

  it('gets the token from the page that frames the chat', async () => {
    const page = await openPage(browser, 'desktop');
    const token = tokenIn(server.visitor);
    const host = new URL('framed-by-a-test', server.base).href;
    await page.route(host, (route) => route.fulfill({ contentType: 'text/html', body: '<iframe src="chat.html" width="400" height="600"></iframe>' }));
    await page.addInitScript((secret) => {
      window.addEventListener('message', (event) => {
        if (event.data?.type === 'request_token') event.source.postMessage({ type: 'token', token: secret }, '*');
      });
    }, token);
    await page.goto(host);
    await page.frameLocator('iframe').locator('#status-indicator.connected').waitFor(patience);
    nothingWentWrong(page);
    await page.context().close();
  });
});
