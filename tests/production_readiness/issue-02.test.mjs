// 2. Session id mismatch between manager and router.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import { isId, stage } from '../support/stage.mjs';

test('every frame carries the one id that the server made, whatever the client called it', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada');
  const mine = randomUUID();
  ada.say('Hello', { session_id: mine });
  const { frames } = await ada.answer();
  const ids = new Set(frames.map((frame) => frame.session_id));
  assert.equal(ids.size, 1);
  const [id] = ids;
  assert.ok(isId(id));
  assert.notEqual(id, mine);
  assert.equal((await history(server, ada.token, id)).messages.length, 2);
  ada.say('Again, by the old name', { session_id: mine });
  const { end } = await ada.answer();
  assert.equal(end.session_id, id);
  assert.equal((await history(server, ada.token, id)).messages.length, 4);
});

test('a thousand sessions have a thousand ids', async (t) => {
  const { enter } = await stage(t);
  const ids = new Set();
  for (let batch = 0; batch < 20; batch++) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const one = await enter(`user-${batch}-${i}`);
        await one.ask('Hello');
        ids.add(one.sessionId);
        one.drop();
      }),
    );
  }
  assert.equal(ids.size, 1000);
});
