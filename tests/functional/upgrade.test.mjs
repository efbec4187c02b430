// The WebSocket handshake: what refuses it, in which order, and that a refusal leaves nothing behind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, refusal } from '../support/client.mjs';
import { request } from '../support/http.mjs';
import { until } from '../support/patience.mjs';
import { RawSocket, handshake } from '../support/raw.mjs';
import { stage } from '../support/stage.mjs';

const elsewhere = 'https://elsewhere.example';

async function upgrade(t, server, token, options) {
  const socket = await RawSocket.open(t, server);
  return socket.write(handshake(server, token, options)).response();
}

test('a handshake is answered as RFC 6455 section 4.2.2 wants it', async (t) => {
  const { server } = await stage(t);
  // Key and answer of section 1.3.
  const headers = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
  const answer = await upgrade(t, server, server.token('ada'), { headers });
  assert.equal(answer.status, 101);
  assert.equal(answer.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  assert.equal(answer.headers.upgrade.toLowerCase(), 'websocket');
  assert.equal(answer.headers.connection.toLowerCase(), 'upgrade');
  assert.equal(answer.headers['sec-websocket-extensions'], undefined);
  assert.equal(answer.headers['sec-websocket-protocol'], undefined);
});

test('the names of the handshake headers may be written as the client likes', async (t) => {
  const { server } = await stage(t);
  const headers = { Connection: 'keep-alive, UPGRADE', Upgrade: 'WebSocket' };
  assert.equal((await upgrade(t, server, server.token('ada'), { headers })).status, 101);
});

test('what is not a handshake of version 13 is refused with 400', async (t) => {
  const { server } = await stage(t);
  const wrong = [
    ['no Connection', { Connection: undefined }],
    ['Connection that does not say upgrade', { Connection: 'keep-alive' }],
    ['no Upgrade', { Upgrade: undefined }],
    ['Upgrade to something else', { Upgrade: 'h2c' }],
    ['no version', { 'Sec-WebSocket-Version': undefined }],
    ['version 8', { 'Sec-WebSocket-Version': '8' }],
    ['no key', { 'Sec-WebSocket-Key': undefined }],
    ['a key that is not base64', { 'Sec-WebSocket-Key': '!!!!' }],
    ['a key of 15 bytes', { 'Sec-WebSocket-Key': Buffer.alloc(15).toString('base64') }],
    ['a key of 17 bytes', { 'Sec-WebSocket-Key': Buffer.alloc(17).toString('base64') }],
  ];
  for (const [what, headers] of wrong) {
    await t.test(what, async (t) => {
      const answer = await upgrade(t, server, server.token('ada'), { headers });
      assert.equal(answer.status, 400, answer.line);
      assert.equal(answer.body.trim(), 'Bad Request');
    });
  }
  await t.test('with the version that is spoken here', async (t) => {
    const answer = await upgrade(t, server, server.token('ada'), { headers: { 'Sec-WebSocket-Version': '8' } });
    assert.equal(answer.headers['sec-websocket-version'], '13');
  });
  await t.test('POST', async (t) => {
    const answer = await upgrade(t, server, server.token('ada'), { method: 'POST' });
    assert.notEqual(answer.status, 101);
    assert.ok(answer.status >= 400 && answer.status < 500, answer.line);
  });
  await t.test('HTTP/1.0', async (t) => {
    const answer = await upgrade(t, server, server.token('ada'), { version: '1.0' });
    assert.equal(answer.status, 400, answer.line);
  });
});

test('the first thing that is wrong is the one that is answered', async (t) => {
  const { server, enter } = await stage(t, { env: { CHATBOX_MAX_CONNECTIONS_PER_USER: '1' } });
  await enter('full');
  const badHeaders = { 'Sec-WebSocket-Version': '8', Origin: elsewhere };
  const cases = [
    ['no token before anything else', undefined, badHeaders, 401, 'Missing authentication token'],
    ['a bad token before bad headers', 'bad-token', badHeaders, 401, 'Authentication failed'],
    ['bad headers before the origin', server.token('ada'), badHeaders, 400, 'Bad Request'],
    ['the origin', server.token('ada'), { Origin: elsewhere }, 403, 'Forbidden'],
    [
      'the number of connections',
      server.token('full'),
      {},
      429,
      'Connection limit exceeded, please try again later',
    ],
  ];
  for (const [what, token, headers, status, text] of cases) {
    await t.test(what, async (t) => {
      const answer = await upgrade(t, server, token, { headers });
      assert.deepEqual([answer.status, answer.body.trim()], [status, text]);
      assert.match(answer.headers['content-type'], /^text\/plain/);
    });
  }
});

test('without a list of origins only the own origin, or none, may connect', async (t) => {
  const { server } = await stage(t);
  const token = server.token('ada');
  await connect(t, server, token);
  await connect(t, server, token, { origin: server.origin });
  for (const origin of [elsewhere, 'null', `https://127.0.0.1:${server.port}.example`, 'http://127.0.0.1:1']) {
    const refused = await refusal(server, token, { origin });
    assert.deepEqual([refused.status, refused.body.trim()], [403, 'Forbidden'], origin);
  }
});

test('with a list of origins only those may connect', async (t) => {
  const { server } = await stage(t, { env: { WS_ALLOWED_ORIGINS: 'https://a.example, https://b.example:8443' } });
  const token = server.token('ada');
  for (const origin of ['https://a.example', 'https://b.example:8443'])
    await connect(t, server, token, { origin });
  for (const origin of [elsewhere, 'http://a.example', 'https://b.example', 'https://sub.a.example']) {
    assert.equal((await refusal(server, token, { origin })).status, 403, origin);
  }
});

test('a user has at most ten connections; the open ones are told of the eleventh', async (t) => {
  const { server, enter } = await stage(t);
  const open = [];
  for (let i = 0; i < 10; i++) open.push(await enter('ada'));
  const refused = await refusal(server, server.token('ada'));
  assert.deepEqual(
    [refused.status, refused.body.trim()],
    [429, 'Connection limit exceeded, please try again later'],
  );
  for (const client of open) {
    const notice = await client.nextOf('notification');
    assert.equal(notice.sender, 'system');
    assert.match(notice.content, /^Connection limit reached\./);
  }
  const bob = await enter('bob');
  assert.equal((await bob.ask('Room for me?')).text, 'You said: Room for me?');
  assert.deepEqual(
    bob.frames.filter((frame) => frame.type === 'notification'),
    [],
  );
});

test('a connection that closes makes room for another', async (t) => {
  const { server, enter } = await stage(t, { env: { CHATBOX_MAX_CONNECTIONS_PER_USER: '2' } });
  const [first, second] = [await enter('ada'), await enter('ada')];
  assert.equal((await refusal(server, server.token('ada'))).status, 429);
  await first.close();
  await until(
    () =>
      connect(t, server, server.token('ada')).then(
        () => true,
        () => false,
      ),
    'a closed place is free',
  );
  assert.equal((await refusal(server, server.token('ada'))).status, 429);
  second.drop();
  await until(
    () =>
      connect(t, server, server.token('ada')).then(
        () => true,
        () => false,
      ),
    'a dropped place is free',
  );
});

test('twenty refused handshakes in a row cost their user nothing', async (t) => {
  const { server, enter } = await stage(t);
  const token = server.token('ada');
  for (let i = 0; i < 10; i++) {
    assert.equal((await request(server, '/ws', { token })).status, 400);
    assert.equal((await refusal(server, token, { origin: elsewhere })).status, 403);
  }
  for (let i = 0; i < 10; i++) await enter('ada');
});

test('handshakes that hang up in the middle cost their user nothing', async (t) => {
  const { server, enter } = await stage(t);
  const bytes = handshake(server, server.token('ada'));
  for (let i = 0; i < 12; i++) {
    const socket = await RawSocket.open(t, server);
    socket.write(bytes.slice(0, -2 - i)).socket.destroy();
  }
  for (let i = 0; i < 10; i++) await enter('ada');
});

test('the process has a limit of connections, too', async (t) => {
  const { server, enter } = await stage(t, { env: { MAX_CONNECTIONS: '3' } });
  const open = [await enter('a'), await enter('b'), await enter('c')];
  const refused = await refusal(server, server.token('d'));
  assert.deepEqual([refused.status, refused.body.trim()], [503, 'Service temporarily unavailable']);
  await open[0].close();
  await until(
    () =>
      connect(t, server, server.token('d')).then(
        () => true,
        () => false,
      ),
    'there is room again',
  );
});
