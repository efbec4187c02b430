// Who is still there: the server asks, and gives up on whoever does not answer, or does not finish a request.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opcodes, openRaw, RawSocket } from '../support/raw.mjs';
import { stage } from '../support/stage.mjs';

const quick = { WS_PING_PERIOD: '200ms', WS_PONG_WAIT: '900ms' };

test('a connection that answers pings stays', async (t) => {
  const { server } = await stage(t, { env: quick });
  const ada = await openRaw(t, server, server.token('ada'));
  for (let i = 0; i < 8; i++) ada.send(opcodes.pong, (await ada.frameOf(opcodes.ping)).payload);
  ada.send(opcodes.text, JSON.stringify({ type: 'user_message', content: 'Still here?' }));
  await ada.json((frame) => frame.metadata?.done === 'true');
});

test('a connection that does not answer is given up, and its place is free', async (t) => {
  const { server, enter } = await stage(t, { env: { ...quick, CHATBOX_MAX_CONNECTIONS_PER_USER: '1' } });
  const ada = await openRaw(t, server, server.token('ada'));
  await ada.frameOf(opcodes.ping);
  await ada.ended();
  const again = await enter('ada');
  assert.equal((await again.ask('Back')).text, 'You said: Back');
});

test('a client that follows the protocol by itself is never given up', async (t) => {
  const { enter } = await stage(t, { env: quick });
  const ada = await enter('ada');
  let pings = 0;
  await new Promise((resolve) => ada.socket.on('ping', () => ++pings === 8 && resolve()));
  assert.equal((await ada.ask('Still here?')).text, 'You said: Still here?');
});

test('a request that does not come to its end is given up', async (t) => {
  const { server, enter } = await stage(t, { env: { CHATBOX_HTTP_READ_TIMEOUT: '300ms' } });
  for (const begun of ['GE', `GET ${server.prefix}/healthz HTTP/1.1\r\nHost: x\r\nX-Slow: `]) {
    const socket = await RawSocket.open(t, server);
    socket.write(begun);
    await socket.ended();
  }
  const bob = await enter('bob');
  assert.equal((await bob.ask('Hello')).text, 'You said: Hello');
});

test('a connection without a request is given up', async (t) => {
  const { server } = await stage(t, {
    env: { CHATBOX_HTTP_IDLE_TIMEOUT: '300ms', CHATBOX_HTTP_READ_TIMEOUT: '300ms' },
  });
  const fresh = await RawSocket.open(t, server);
  await fresh.ended();
  const used = await RawSocket.open(t, server);
  used.write(`GET ${server.prefix}/healthz HTTP/1.1\r\nHost: x\r\n\r\n`);
  assert.equal((await used.response()).status, 200);
  await used.ended();
});
