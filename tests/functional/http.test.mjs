// The HTTP routes: bodies, errors, HEAD, and what is not there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { RawSocket } from '../support/raw.mjs';
import { isTime, stage } from '../support/stage.mjs';

const json = 'application/json; charset=utf-8';

test('healthz says that the process lives', async (t) => {
  const { server } = await stage(t);
  const answer = await request(server, '/healthz');
  assert.deepEqual([answer.status, answer.headers['content-type']], [200, json]);
  const { status, timestamp, ...rest } = answer.json();
  assert.equal(status, 'healthy');
  assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.deepEqual(rest, {});
});

test('readyz says what is ready', async (t) => {
  const { server } = await stage(t);
  const answer = await request(server, '/readyz');
  assert.equal(answer.status, 200);
  const { status, timestamp, checks } = answer.json();
  assert.equal(status, 'ready');
  assert.ok(isTime(timestamp));
  assert.deepEqual(checks.llm, { status: 'ready', providers_count: 2 });
  assert.ok(Object.values(checks).every((check) => check.status === 'ready'));
});

test('a user lists his sessions, newest first', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('First question');
  const first = ada.sessionId;
  await request(server, `/sessions/${first}/end`, { method: 'POST', token: ada.token });
  await ada.ask('Second question. And more', { session_id: undefined });
  const bob = await enter('bob');
  await bob.ask('Not hers');

  const answer = await request(server, '/sessions', { token: ada.token });
  assert.deepEqual([answer.status, answer.headers['content-type']], [200, json]);
  const { sessions, ...rest } = answer.json();
  assert.deepEqual(rest, { user_id: 'ada', count: 2, limit: 100, offset: 0, total: 2, truncated: false });
  assert.deepEqual(
    sessions.map(({ id, is_active }) => [id, is_active]),
    [
      [ada.sessionId, true],
      [first, false],
    ],
  );
  for (const session of sessions) {
    assert.equal(session.user_id, 'ada');
    assert.equal(session.message_count, 2);
    assert.equal(session.admin_assisted, false);
    assert.ok(isTime(session.start_time) && isTime(session.last_activity));
    for (const key of ['duration', 'total_tokens', 'max_response_time', 'avg_response_time']) {
      assert.ok(Number.isInteger(session[key]) && session[key] >= 0, key);
    }
  }
  assert.ok(isTime(sessions[1].end_time));
  assert.equal(sessions[0].end_time, undefined);
  assert.equal(sessions[1].name, 'First question');
});

test('a user without sessions gets an empty list', async (t) => {
  const { server } = await stage(t);
  const answer = await request(server, '/sessions', { token: server.token('nobody') });
  assert.deepEqual(answer.json(), {
    sessions: [],
    user_id: 'nobody',
    count: 0,
    limit: 100,
    offset: 0,
    total: 0,
    truncated: false,
  });
});

test('usage and response times are counted', async (t) => {
  const { provider, server, enter } = await stage(t);
  provider.on('Hello', async (x) => {
    await x.pause(30);
    x.start().token('Hi');
    x.finish({ usage: [11, 22] });
  });
  const ada = await enter('ada');
  await ada.ask('Hello');
  const [session] = (await request(server, '/sessions', { token: ada.token })).json().sessions;
  assert.equal(session.total_tokens, 33);
  assert.ok(session.max_response_time >= 30, `${session.max_response_time} ms`);
  assert.equal(session.avg_response_time, session.max_response_time);
});

test('a session is shown to its owner', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('Hello', { metadata: { colour: 'red', size: 7 } });
  const answer = await request(server, `/sessions/${ada.sessionId}`, { token: ada.token });
  assert.deepEqual([answer.status, answer.headers['content-type']], [200, json]);
  const { messages, notices, ...rest } = answer.json();
  assert.deepEqual(notices, []);
  assert.deepEqual(rest, {
    session_id: ada.sessionId,
    name: 'Hello',
    model_id: rest.model_id,
    last_seq: 2,
    is_active: true,
    control: 'ai',
  });
  const [question, reply] = messages;
  assert.deepEqual(
    [question.type, question.sender, question.content, question.seq],
    ['user_message', 'user', 'Hello', 1],
  );
  assert.deepEqual(question.metadata, { colour: 'red', size: '7' });
  assert.deepEqual(
    [reply.type, reply.sender, reply.content, reply.seq],
    ['ai_response', 'ai', 'You said: Hello', 2],
  );
  assert.equal(reply.status, undefined);
});

test("a session that is not there, or not the caller's, is not found", async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('Hello');
  const eve = server.token('eve');
  const admin = server.token('root', { roles: ['admin'] });
  const nothing = '0'.repeat(32);
  const cases = [
    ['GET', `/sessions/${nothing}`, ada.token],
    ['GET', `/sessions/${ada.sessionId}`, eve],
    ['POST', `/sessions/${nothing}/end`, ada.token],
    ['POST', `/sessions/${ada.sessionId}/end`, eve],
    ['POST', `/sessions/${ada.sessionId}/end`, admin],
    ['GET', `/sessions/${ada.sessionId.toUpperCase()}x`, ada.token],
    ['GET', '/sessions/%27%20or%201=1', ada.token],
    ['GET', '/sessions/%00', ada.token],
    ['GET', `/sessions/${'x'.repeat(3000)}`, ada.token],
  ];
  for (const [method, path, token] of cases) {
    const answer = await request(server, path, { method, token });
    assert.deepEqual(
      [answer.status, answer.json()],
      [404, { error: 'Session not found', code: 'NOT_FOUND' }],
      `${method} ${path}`,
    );
  }
  assert.equal((await ada.ask('Still open?')).end.session_id, ada.sessionId);
});

test('every route of a user wants a token', async (t) => {
  const { server } = await stage(t);
  for (const [method, path] of [
    ['GET', '/sessions'],
    ['GET', '/sessions/x'],
    ['POST', '/sessions/x/end'],
    ['GET', '/admin/sessions'],
  ]) {
    const answer = await request(server, path, { method });
    assert.deepEqual([answer.status, answer.json().code], [401, 'UNAUTHORIZED'], path);
  }
});

test('only staff lists the sessions of everybody', async (t) => {
  const { server, enter } = await stage(t);
  for (const user of ['ada', 'bob', 'cleo']) await (await enter(user)).ask(`I am ${user}`);
  const refused = await request(server, '/admin/sessions', { token: server.token('ada') });
  assert.deepEqual(
    [refused.status, refused.json()],
    [403, { error: 'Insufficient permissions', code: 'FORBIDDEN' }],
  );
  for (const role of ['admin', 'chat_admin']) {
    const answer = await request(server, '/admin/sessions', {
      token: server.token('root', { roles: ['x', role] }),
    });
    assert.equal(answer.status, 200);
    const { sessions, count, limit, offset } = answer.json();
    assert.deepEqual([count, limit, offset], [3, 100, 0]);
    assert.deepEqual(
      sessions.map((session) => session.user_id),
      ['cleo', 'bob', 'ada'],
    );
    assert.ok(sessions.every((session) => session.id === session.session_id));
  }
  const token = server.token('root', { roles: ['admin'] });
  const page = (await request(server, '/admin/sessions?limit=1&offset=1', { token })).json();
  assert.deepEqual([page.count, page.limit, page.offset, page.sessions[0].user_id], [1, 1, 1, 'bob']);
});

test('what is not there is 404', async (t) => {
  const { server } = await stage(t);
  const prefix = server.prefix;
  for (const path of [
    `${prefix}/nothing`,
    `${prefix}/sessions/a/b`,
    `${prefix}x`,
    '/',
    '/healthz',
    '/metrics',
    `${prefix}/../etc/passwd`,
    `${prefix}/..%2f..%2fetc%2fpasswd`,
    `${prefix}/assets/`,
    `${prefix}/admin`,
    '/' + 'x'.repeat(4000),
  ]) {
    const answer = await request(server, path, { absolute: true });
    assert.equal(answer.status, 404, path);
    assert.match(answer.headers['content-type'], /^text\/plain/);
    assert.equal(answer.text.trim(), '404 page not found');
  }
  for (const [method, path] of [
    ['POST', '/healthz'],
    ['DELETE', '/sessions'],
    ['PUT', '/sessions/x'],
    ['GET', '/sessions/x/end'],
    ['PATCH', '/'],
  ]) {
    assert.equal(
      (await request(server, path, { method, token: server.token('ada') })).status,
      404,
      `${method} ${path}`,
    );
  }
});

test('a slash too many leads to the route without it', async (t) => {
  const { server } = await stage(t);
  const answer = await request(server, '/healthz/');
  assert.deepEqual([answer.status, answer.headers.location], [301, `${server.prefix}/healthz`]);
  assert.equal((await request(server, '/sessions/x/end/', { method: 'POST' })).status, 307);
  const bare = await request(server, server.prefix, { absolute: true });
  assert.deepEqual([bare.status, bare.headers.location], [301, `${server.prefix}/`]);
});

test('HEAD is answered like GET, without the body', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('Hello');
  for (const path of [
    '/healthz',
    '/readyz',
    '/sessions',
    `/sessions/${ada.sessionId}`,
    '/',
    '/chat.html',
    '/nothing',
  ]) {
    const get = await request(server, path, { token: ada.token });
    const head = await request(server, path, { token: ada.token, method: 'HEAD' });
    assert.equal(head.status, get.status, path);
    assert.equal(head.text, '');
    assert.equal(head.headers['content-type'], get.headers['content-type']);
    assert.equal(head.headers['content-length'], get.headers['content-length'], path);
  }
});

test('every answer carries the headers that protect it', async (t) => {
  const { server } = await stage(t);
  for (const path of ['/healthz', '/sessions', '/nothing', '/ws']) {
    const { headers } = await request(server, path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.equal(headers['x-frame-options'], 'DENY', path);
    assert.equal(headers['referrer-policy'], 'strict-origin-when-cross-origin', path);
    assert.equal(headers['x-xss-protection'], '1; mode=block', path);
  }
});

test('the path prefix is a setting', async (t) => {
  const { server, enter } = await stage(t, { env: { CHATBOX_PATH_PREFIX: '/help/desk' } });
  assert.equal(server.prefix, '/help/desk');
  assert.equal((await request(server, '/help/desk/healthz', { absolute: true })).status, 200);
  assert.equal((await request(server, '/chatbox/healthz', { absolute: true })).status, 404);
  const ada = await enter('ada');
  assert.equal((await ada.ask('Hello')).text, 'You said: Hello');
});

test('connections are kept, and requests may follow each other without waiting', async (t) => {
  const { server } = await stage(t);
  const socket = await RawSocket.open(t, server);
  const get = (path) => `GET ${server.prefix}${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  for (let i = 0; i < 3; i++) assert.equal((await socket.write(get('/healthz')).response()).status, 200);
  socket.write(get('/healthz') + get('/nothing') + get('/sessions'));
  const answers = [await socket.response(), await socket.response(), await socket.response()];
  assert.deepEqual(
    answers.map((answer) => answer.status),
    [200, 404, 401],
  );
  socket.write(`GET ${server.prefix}/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  assert.equal((await socket.response()).status, 200);
  await socket.ended();
});

test('what is not HTTP is answered or hung up on, and hurts nobody', async (t) => {
  const { server, enter } = await stage(t);
  const bob = await enter('bob');
  const wrong = {
    noise: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'a line that never fits': `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
    'a header that never fits': `GET / HTTP/1.1\r\nX: ${'y'.repeat(200_000)}\r\n\r\n`,
    'a thousand headers': `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(20_000)}\r\n`,
    'an unknown version': 'GET / HTTP/7.7\r\n\r\n',
    'a bad header': 'GET / HTTP/1.1\r\nno colon\r\n\r\n',
    'two lengths': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'length and chunks':
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'a length that is negative': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
    'a body of 100 GB': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n',
    'a chunk of 16 EB': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
    'a target that is not a path': 'GET nothing HTTP/1.1\r\nHost: x\r\n\r\n',
    'a target with a bad escape': 'GET /chatbox/%zz HTTP/1.1\r\nHost: x\r\n\r\n',
    CONNECT: 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n',
  };
  for (const [what, bytes] of Object.entries(wrong)) {
    await t.test(what, async (t) => {
      const socket = await RawSocket.open(t, server);
      socket.write(Buffer.from(bytes, 'latin1'));
      const first = await socket
        .read((buffer) => buffer.length > 12 && { used: 0, value: buffer.toString('latin1') }, 'an answer')
        .catch((error) => (socket.isOver ? '' : Promise.reject(error)));
      if (first) assert.match(first, /^HTTP\/1\.[01] 4\d\d /);
    });
  }
  assert.equal((await bob.ask('Still there?')).text, 'You said: Still there?');
});
