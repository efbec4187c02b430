// Who may connect: the three ways to hand over a token, and every token that must not be accepted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, refusal } from '../support/client.mjs';
import { request } from '../support/http.mjs';
import { stage } from '../support/stage.mjs';
import { badTokens, claimsOf, now, signToken } from '../support/token.mjs';

for (const how of ['header', 'query', 'protocol']) {
  test(`a token is accepted in the ${how}`, async (t) => {
    const { enter } = await stage(t);
    const ada = await enter('ada', { how });
    assert.equal(ada.greeting.user_id, 'ada');
    assert.equal((await ada.ask('Hello')).text, 'You said: Hello');
  });
}

test('the sub-protocol that is answered is the one that is not the token', async (t) => {
  const { server } = await stage(t);
  const client = await connect(t, server, server.token('ada'), { how: 'protocol' });
  assert.equal(client.socket.protocol, 'chatbox');
});

test('the header wins over the query, and the query over the sub-protocol', async (t) => {
  const { server } = await stage(t);
  const greeted = async (options) => {
    const client = await connect(t, server, server.token('header'), options);
    return (await client.nextOf('connection_status')).user_id;
  };
  const query = { token: server.token('query') };
  assert.equal(await greeted({ query }), 'header');
  assert.equal(await greeted({ how: 'none', query, protocols: ['chatbox', server.token('protocol')] }), 'query');
  const refused = await refusal(server, 'not-a-token', { query });
  assert.deepEqual([refused.status, refused.body.trim()], [401, 'Authentication failed']);
});

for (const alg of ['HS256', 'HS384', 'HS512']) {
  test(`a token signed with ${alg} is accepted`, async (t) => {
    const { server } = await stage(t);
    const client = await connect(t, server, signToken(claimsOf('ada'), server.secret, { alg }));
    assert.equal((await client.nextOf('connection_status')).user_id, 'ada');
  });
}

test('roles may be empty, and a name may be absent', async (t) => {
  const { enter } = await stage(t);
  assert.equal((await enter('ada', { claims: { roles: [] } })).greeting.user_id, 'ada');
  assert.equal((await enter('bob', { claims: { name: undefined } })).greeting.user_id, 'bob');
});

test('no token at all is told apart from a wrong one', async (t) => {
  const { server } = await stage(t);
  const refused = await refusal(server, undefined);
  assert.deepEqual([refused.status, refused.body.trim()], [401, 'Missing authentication token']);
  assert.match(refused.headers['content-type'], /^text\/plain/);
  const answer = await request(server, '/sessions');
  assert.equal(answer.status, 401);
  assert.deepEqual(answer.json(), { error: 'Invalid authorization header', code: 'UNAUTHORIZED' });
});

test('an Authorization header that is not a bearer token does not authenticate a request', async (t) => {
  const { server } = await stage(t);
  const token = server.token('ada');
  for (const authorization of [token, `bearer ${token}`, `Basic ${token}`, 'Bearer']) {
    const answer = await request(server, '/sessions', { headers: { authorization } });
    assert.equal(answer.status, 401, authorization);
    assert.deepEqual(
      answer.json(),
      { error: 'Invalid authorization header', code: 'UNAUTHORIZED' },
      authorization,
    );
  }
});

test('a bad token opens nothing', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_BAD_TOKEN_LIMIT: '10000' } });
  for (const [what, token] of badTokens('ada', server.secret)) {
    await t.test(what, async () => {
      const ways = token.includes('..') || token === '.' ? ['header', 'query'] : ['header', 'query', 'protocol'];
      for (const how of ways) {
        const refused = await refusal(server, token, { how });
        assert.deepEqual([refused.status, refused.body.trim()], [401, 'Authentication failed'], how);
      }
      const answer = await request(server, '/sessions', { token });
      assert.equal(answer.status, 401);
      assert.deepEqual(answer.json(), { error: 'Invalid or expired authentication token', code: 'INVALID_TOKEN' });
    });
  }
  await t.test('and is not written to the log', () => {
    for (const [, token] of badTokens('ada', server.secret)) {
      if (token.length > 20) assert.ok(!server.stderr.includes(token));
    }
    assert.ok(!server.stderr.includes(server.secret));
  });
});

test('a good token is not written to the log, however it came', async (t) => {
  const { server, enter } = await stage(t, { env: { LOG_LEVEL: 'debug' } });
  const tokens = [];
  for (const how of ['header', 'query', 'protocol']) tokens.push((await enter('ada', { how })).token);
  await request(server, `/sessions?token=${tokens[0]}`, { token: tokens[0] });
  await server.stop();
  for (const token of tokens) assert.ok(!(server.stderr + server.stdout).includes(token.split('.')[2]));
});

test('a connection ends when its token does', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada', { claims: { exp: now() + 2 } });
  const stays = await enter('ada');
  const error = await ada.nextOf('error');
  assert.equal(error.error.code, 'EXPIRED_TOKEN');
  assert.equal(error.error.message, 'Authentication token has expired');
  assert.equal(error.error.recoverable, false);
  assert.deepEqual(await ada.closed, { code: 1008, reason: 'Authentication token has expired' });
  assert.equal((await stays.ask('Still here?')).text, 'You said: Still here?', server.describe());
});
