// A long answer, cut at every piece: what comes back completes the text to the byte, and costs no more the later the
// cut was.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import { stream } from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';

const tokens = Array.from({ length: 120 }, (_, i) => `${i} ${['grün', 'blå', '赤', '👋🏽', 'plain'][i % 5]} `);
const whole = tokens.join('');
const bytes = (frame) => Buffer.byteLength(JSON.stringify(frame));
const isDone = (frame) => frame.metadata?.done === 'true';
const isWhole = (frame) => frame.type === 'ai_response' && frame.metadata?.streaming === 'false';

test('wherever the connection breaks, the text after the resume is the text, and the bytes do not grow', async (t) => {
  const { provider, server, enter } = await stage(t);
  provider.on('Long', stream(tokens, { everyMs: 1 }));
  const costs = [];
  for (let cut = 0; cut <= tokens.length; cut++) {
    const user = `user-${cut}`;
    const before = await enter(user, { v: 2 });
    before.say('Long', { client_id: 'c1' });
    const { seq } = await before.nextOf('ack');
    let text = '';
    let messageId = '';
    for (let pieces = 0; pieces < cut && Buffer.byteLength(text) < Buffer.byteLength(whole);) {
      const frame = await before.nextOf('ai_response');
      if (frame.content === undefined) break;
      assert.equal(frame.offset, Buffer.byteLength(text), 'pieces follow each other');
      text += frame.content;
      messageId = frame.message_id;
      pieces += 1;
    }
    before.drop();
    const query = { session_id: before.sessionId, after_seq: String(seq) };
    if (messageId) Object.assign(query, { message_id: messageId, offset: String(Buffer.byteLength(text)) });
    const after = await enter(user, { v: 2, query });
    let cost = 0;
    for (;;) {
      const frame = await after.next(() => true, 'the rest of the answer');
      cost += bytes(frame);
      if (isWhole(frame)) {
        text = frame.content;
        break;
      }
      if (frame.type === 'snapshot' || frame.type === 'ai_response') {
        const held = Buffer.from(text);
        assert.ok(frame.offset <= held.length, `a hole at ${frame.offset}, held ${held.length}`);
        text = held.subarray(0, frame.offset).toString() + (frame.content ?? '');
      }
      if (isDone(frame)) break;
    }
    assert.equal(text, whole, `cut after ${cut} pieces`);
    costs.push(cost);
    after.drop();
    if (cut % 40 === 0) {
      const { messages } = await history(server, before.token, before.sessionId);
      assert.equal(messages[1].content, whole);
    }
  }
  // A late cut never costs more than the whole answer in the pieces in which it came.
  const most = Math.max(...costs);
  const inPieces = tokens.length * 420 + 2 * Buffer.byteLength(whole);
  assert.ok(most < inPieces, `${most} bytes`);
  const average = (list) => list.reduce((sum, cost) => sum + cost, 0) / list.length;
  assert.ok(average(costs.slice(-30)) <= average(costs.slice(0, 30)), JSON.stringify(costs));
});
