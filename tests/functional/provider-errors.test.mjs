// A provider that refuses, breaks or lies: one end for each answer, the text that came is kept, and life goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import * as scripted from '../support/provider.mjs';
import { isTime, stage } from '../support/stage.mjs';

const half = ['Half of ', 'an ans'];
const failures = [
  // [what happens, scenario, text that had come]
  ['it answers 400', scripted.refuse(400), ''],
  ['it answers 401', scripted.refuse(401), ''],
  ['it answers 403', scripted.refuse(403), ''],
  ['it answers 404', scripted.refuse(404), ''],
  ['it answers 429', scripted.refuse(429, { headers: { 'retry-after': '7' } }), ''],
  ['it answers 500', scripted.refuse(500), ''],
  [
    'it answers 503 with a page',
    scripted.refuse(503, { headers: { 'content-type': 'text/html' }, body: '<h1>Oops</h1>' }),
    '',
  ],
  ['it redirects', scripted.refuse(302, { headers: { location: 'http://127.0.0.1:1/' } }), ''],
  [
    'it answers 200 with a page',
    scripted.refuse(200, { headers: { 'content-type': 'text/html' }, body: '<h1>Hi</h1>' }),
    '',
  ],
  [
    'it answers 200 with one error object',
    scripted.refuse(200, { body: '{"error":{"message":"vendor says no"}}' }),
    '',
  ],
  ['it sends an error first', scripted.errorInside([]), ''],
  ['it sends an error in mid-answer', scripted.errorInside(half), 'Half of an ans'],
  ['it is cut in the middle of a line', scripted.cutMidLine(half), 'Half of an ans'],
  ['it is cut before the first token', scripted.cutMidLine([]), ''],
  ['its connection is reset', scripted.resetAfter(half), 'Half of an ans'],
  ['it sends a line of 3 MiB', scripted.hugeLine(3 * 1024 * 1024), 'before'],
];

test('an answer that fails ends with one error for everybody', async (t) => {
  const { provider, server, enter } = await stage(t);
  for (const [what, scenario, text] of failures) {
    await t.test(what, async () => {
      provider.on(what, scenario);
      const ada = await enter(`ada ${what}`, { v: 2 });
      const old = await enter(`ada ${what}`);
      await old.ask('Before');
      const { end, text: shown } = await ada.ask(what, { session_id: old.sessionId });
      const { timestamp, message_id, ...error } = end;
      assert.ok(isTime(timestamp));
      assert.deepEqual(error, {
        type: 'error',
        session_id: old.sessionId,
        offset: Buffer.byteLength(text),
        seq: 4,
        status: 'failed',
        sender: 'ai',
        error: { code: 'LLM_UNAVAILABLE', message: 'AI service is temporarily unavailable', recoverable: true },
      });
      assert.equal(shown, text);
      assert.ok(message_id);

      const { end: oldEnd } = await old.answer();
      assert.deepEqual(oldEnd.error, error.error);
      assert.deepEqual([oldEnd.seq, oldEnd.status, oldEnd.message_id], [undefined, undefined, undefined]);

      assert.equal((await ada.ask('After')).text, 'You said: After');
      const ends = ada.frames.filter((frame) => frame.type === 'error' || frame.metadata?.done === 'true');
      assert.equal(ends.length, 2, 'one end for each answer');
      const { messages } = await history(server, ada.token, ada.sessionId);
      assert.deepEqual(
        messages.map(({ sender, content, status }) => [sender, content, status]),
        [
          ['user', 'Before', undefined],
          ['ai', 'You said: Before', undefined],
          ['user', what, undefined],
          ['ai', text, 'failed'],
          ['user', 'After', undefined],
          ['ai', 'You said: After', undefined],
        ],
      );
      await ada.close();
      await old.close();
    });
  }
  await t.test('neither clients nor the log are told a key', () => {
    assert.ok(!server.stderr.includes('key-of-alpha'));
  });
});

test('a provider that cannot be reached at all fails the answer', async (t) => {
  const provider = await scripted.startProvider();
  const { enter } = await stage(t, { provider });
  await provider.close();
  const ada = await enter('ada', { v: 2 });
  const { end } = await ada.ask('Hello');
  assert.deepEqual([end.type, end.error.code, end.status], ['error', 'LLM_UNAVAILABLE', 'failed']);
});

test('the next question works after its provider came back', async (t) => {
  const { provider, enter } = await stage(t);
  const ada = await enter('ada');
  for (let i = 0; i < 3; i++) {
    provider.on(`Fail ${i}`, scripted.refuse(500));
    assert.equal((await ada.ask(`Fail ${i}`)).end.type, 'error');
    assert.equal((await ada.ask(`Work ${i}`)).text, `You said: Work ${i}`);
  }
});

test('a stream that just ends, without its end mark, has one end', async (t) => {
  const { provider, server, enter } = await stage(t);
  provider.on('Hello', scripted.withoutDone(half));
  const ada = await enter('ada', { v: 2 });
  const { end, text } = await ada.ask('Hello');
  assert.equal(text, 'Half of an ans');
  assert.ok(['done', 'failed'].includes(end.status), end.status);
  assert.equal((await ada.ask('After')).text, 'You said: After');
  const { messages } = await history(server, ada.token, ada.sessionId);
  assert.equal(messages[1].content, 'Half of an ans');
});

test('an empty answer is an answer', async (t) => {
  const { provider, enter } = await stage(t);
  provider.on('Hello', scripted.stream([]));
  const ada = await enter('ada', { v: 2 });
  const { end, text } = await ada.ask('Hello');
  assert.equal(text, '');
  assert.ok(end.metadata?.done === 'true' || end.error?.code === 'LLM_UNAVAILABLE');
  assert.equal((await ada.ask('After')).end.status, 'done');
});

test('characters that are torn apart on the way arrive whole', async (t) => {
  const { provider, server, enter } = await stage(t);
  const text = 'Zürich 東京 👩‍👩‍👧‍👦 \\" \u0001 end';
  provider.on('Hello', scripted.byteByByte(text));
  const ada = await enter('ada', { v: 2 });
  const { text: shown, frames } = await ada.ask('Hello');
  assert.equal(shown, text);
  assert.ok(frames.every((frame) => !frame.content?.includes('\ufffd')));
  assert.equal((await history(server, ada.token, ada.sessionId)).messages[1].content, text);
});

test('what a provider says about itself cannot hurt', async (t) => {
  const { provider, enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  const lies = {
    'usage that is negative': (x) => x.start().token('ok') && x.finish({ usage: [-5, -7] }),
    'usage beyond all bounds': (x) => x.start().token('ok') && x.finish({ usage: [1e300, 2 ** 53, 2 ** 63] }),
    'usage that is text': (x) => x.start().token('ok') && x.finish({ usage: ['many', null, []] }),
    'lines that are not JSON': (x) =>
      x.start().raw('data: {oops\n\n: comment\n\nid: 7\nretry: x\n\ndata:\n\n') && x.token('ok') && x.finish(),
    'no choices': (x) =>
      x.start().event({ choices: [] }) && x.event({}) && x.event([]) && x.token('ok') && x.finish(),
    'choices of other types': (x) =>
      x.start().event({ choices: [{ delta: 7 }] }) && x.event({ choices: 'x' }) && x.token('ok') && x.finish(),
    'more after the end': (x) =>
      x.start().token('ok') && x.raw('data: [DONE]\n\n') && x.token(' and more') && x.end(),
  };
  for (const [what, scenario] of Object.entries(lies)) {
    await t.test(what, async () => {
      provider.on(what, scenario);
      const { end, text } = await ada.ask(what);
      if (end.type !== 'error') assert.equal(text, 'ok');
      assert.equal((await ada.ask('After')).text, 'You said: After');
    });
  }
});

test('an answer beyond the limit is cut off there', async (t) => {
  const { provider, server, enter } = await stage(t, { env: { CHATBOX_MAX_ANSWER_BYTES: '5000' } });
  provider.on('Flood', scripted.endless({ everyMs: 0 }));
  const ada = await enter('ada', { v: 2 });
  const { end, text } = await ada.ask('Flood');
  assert.equal(end.status, 'stopped');
  assert.ok(text.length > 4900 && text.length <= 5000, `${text.length} bytes`);
  const { messages } = await history(server, ada.token, ada.sessionId);
  assert.deepEqual([messages[1].status, messages[1].content], ['stopped', text]);
  assert.equal((await ada.ask('After')).end.status, 'done');
});
