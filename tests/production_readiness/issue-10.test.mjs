// 10. Data race while serialising a session. The suite also runs on a ThreadSanitizer build.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history, request } from '../support/http.mjs';
import { stream } from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';

test('what is read while a session changes is consistent in itself', async (t) => {
  const { provider, server, enter } = await stage(t);
  provider.on(/^Question/, (x) => stream(['a', 'b'], { usage: [3, 7] })(x));
  const ada = await enter('ada', { v: 2 });
  await ada.ask('Question 0');
  let writing = true;
  const readers = Array.from({ length: 8 }, async () => {
    let reads = 0;
    while (writing) {
      const { messages, last_seq } = await history(server, ada.token, ada.sessionId);
      assert.deepEqual(messages.map((message) => message.seq), messages.map((_, i) => i + 1));
      assert.ok(last_seq <= messages.length);
      const [session] = (await request(server, '/sessions', { token: ada.token })).json().sessions;
      // Each answer counts ten tokens: total and messages were taken at the same moment.
      assert.equal(session.total_tokens, Math.floor(session.message_count / 2) * 10);
      reads += 1;
    }
    return reads;
  });
  for (let i = 1; i <= 40; i++) {
    await ada.ask(`Question ${i}`);
    ada.send({ type: 'model_select', session_id: ada.sessionId, model_id: i % 2 ? 'alpha' : 'beta' });
  }
  writing = false;
  for (const reads of await Promise.all(readers)) assert.ok(reads > 0);
});
