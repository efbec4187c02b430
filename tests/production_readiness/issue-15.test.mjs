// 15. Shutdown ignored its deadline.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import { endless } from '../support/provider.mjs';
import { startServer } from '../support/server.mjs';
import { stage } from '../support/stage.mjs';

test('hundreds of connections, some deaf, and endless answers: the end comes within the deadline', async (t) => {
  const deadline = 5;
  const { provider, server, enter } = await stage(t, { env: { SHUTDOWN_TIMEOUT: `${deadline}s` } });
  provider.on(/^Endless/, endless({ everyMs: 5 }));
  const idle = [];
  for (let batch = 0; batch < 12; batch++) {
    idle.push(...(await Promise.all(Array.from({ length: 40 }, (_, i) => enter(`idle-${batch}-${i}`)))));
  }
  idle.slice(0, 20).forEach((client) => client.socket._socket.pause());
  const asking = await Promise.all(Array.from({ length: 20 }, (_, i) => enter(`asks-${i}`, { v: 2 })));
  asking.forEach((client, i) => client.say(`Endless ${i}`));
  await Promise.all(asking.map((client) => client.next((frame) => frame.content?.startsWith('3 '))));
  const began = performance.now();
  const exit = await server.stop();
  const patience = Number(process.env.CHATBOX_TEST_PATIENCE ?? 1);
  assert.ok(performance.now() - began < (deadline + 1) * 1000 * patience, `${performance.now() - began} ms`);
  assert.equal(exit.code, 0);
  for (const client of [...idle.slice(20), ...asking]) assert.equal((await client.closed).code, 1001);
  // What had been said is there after the next start, with a mark.
  const again = await startServer(t, { provider, secret: server.secret, dataDir: server.dataDir });
  for (const client of asking) {
    const { messages } = await history(again, client.token, client.sessionId);
    assert.equal(messages[1].status, 'interrupted');
    assert.ok(messages[1].content.startsWith('0 1 2 3 '));
  }
});
