// One-time tickets: a socket is opened without a token in its URL.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, connect, Refused, refusal } from '../support/client.mjs';
import { request } from '../support/http.mjs';
import { until } from '../support/patience.mjs';
import { stage } from '../support/stage.mjs';
import { badTokens, claimsOf, now } from '../support/token.mjs';

const buy = async (server, token) => request(server, '/ws/ticket', { method: 'POST', token });
const ticketFor = async (server, user, claims) => {
  const answer = await buy(server, server.token(user, claims));
  assert.equal(answer.status, 201, answer.text);
  return answer.json().ticket;
};
const withTicket = (ticket, more = {}) => ({ how: 'none', query: { ticket }, ...more });

test('a ticket opens one socket, as its user', async (t) => {
  const { server } = await stage(t);
  const answer = await buy(server, server.token('ada'));
  assert.equal(answer.status, 201);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.equal(answer.headers['cache-control'], 'no-store');
  const { ticket, expires_in, ...rest } = answer.json();
  assert.deepEqual(rest, {});
  assert.equal(expires_in, 30);
  assert.match(ticket, /^[\w-]{43}$/);
  const client = await connect(t, server, undefined, withTicket(ticket, { v: 2 }));
  assert.equal((await client.nextOf('connection_status')).user_id, 'ada');
  assert.equal((await client.ask('Hello')).text, 'You said: Hello');
  const again = await refusal(server, undefined, withTicket(ticket));
  assert.deepEqual([again.status, again.body], [401, 'Authentication failed\n']);
});

test('a ticket that is used, unknown or malformed is refused like any bad token', async (t) => {
  const { server } = await stage(t);
  const ticket = await ticketFor(server, 'ada');
  for (const bad of ['x', 'A'.repeat(43), `${ticket}A`, ticket.slice(1), ticket.toLowerCase() === ticket ? ticket.toUpperCase() : ticket.toLowerCase(), 'x'.repeat(8000), '\u0000']) {
    const refused = await refusal(server, undefined, withTicket(bad));
    assert.deepEqual([refused.status, refused.body], [401, 'Authentication failed\n'], bad.slice(0, 50));
  }
  const empty = await refusal(server, undefined, withTicket(''));
  assert.equal(empty.body, 'Missing authentication token\n');
  (await connect(t, server, undefined, withTicket(ticket))).drop();
});

test('a ticket ends after its lifetime', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_TICKET_LIFETIME: '100ms', CHATBOX_TICKETS_PER_USER: '1' } });
  const answer = await buy(server, server.token('ada'));
  assert.equal(answer.json().expires_in, 0, 'whole seconds');
  await until(async () => (await buy(server, server.token('ada'))).status === 201, 'it has ended and made room');
  assert.equal((await refusal(server, undefined, withTicket(answer.json().ticket))).status, 401);
});

test('a ticket does not outlive its token, nor does the connection', async (t) => {
  const { server } = await stage(t);
  const token = server.token('ada', { exp: now() + 3 });
  const [first, second] = [(await buy(server, token)).json(), (await buy(server, token)).json()];
  assert.ok(first.expires_in <= 3);
  const client = await connect(t, server, undefined, withTicket(first.ticket));
  assert.deepEqual(await client.closed, { code: 1008, reason: 'Authentication token has expired' });
  assert.equal((await refusal(server, undefined, withTicket(second.ticket))).status, 401);
});

test('of many that use a ticket at the same time one gets in', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_THREADS: '4', CHATBOX_MAX_CONNECTIONS_PER_USER: '100' } });
  for (let round = 0; round < 5; ++round) {
    const ticket = await ticketFor(server, `user-${round}`);
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, () => Client.connect(server, undefined, withTicket(ticket))),
    );
    const opened = attempts.filter((attempt) => attempt.status === 'fulfilled');
    opened.forEach((attempt) => attempt.value.drop());
    assert.equal(opened.length, 1);
    for (const { reason } of attempts.filter((attempt) => attempt.status === 'rejected')) {
      assert.ok(reason instanceof Refused);
      assert.deepEqual([reason.status, reason.body], [401, 'Authentication failed\n']);
    }
  }
});

test('a header wins over a ticket, which then stays good; a ticket wins over a token in the query', async (t) => {
  const { server } = await stage(t);
  const ticket = await ticketFor(server, 'ticket');
  const greeted = async (token, options) => {
    const client = await connect(t, server, token, options);
    return (await client.nextOf('connection_status')).user_id;
  };
  assert.equal(await greeted(server.token('header'), { query: { ticket } }), 'header');
  assert.equal(await greeted(undefined, { how: 'none', query: { ticket, token: server.token('query') } }), 'ticket');
});

test('a failed handshake uses the ticket up, too', async (t) => {
  const { server } = await stage(t, { env: { WS_ALLOWED_ORIGINS: 'https://www.example.com' } });
  const ticket = await ticketFor(server, 'ada');
  assert.equal((await refusal(server, undefined, withTicket(ticket, { origin: 'https://evil.example' }))).status, 403);
  assert.equal((await refusal(server, undefined, withTicket(ticket, { origin: 'https://www.example.com' }))).status, 401);
});

test('only a good token in the header gets a ticket', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_BAD_TOKEN_LIMIT: '10000' } });
  const none = await request(server, `/ws/ticket?token=${server.token('ada')}`, { method: 'POST' });
  assert.deepEqual([none.status, none.json()], [401, { error: 'Invalid authorization header', code: 'UNAUTHORIZED' }]);
  for (const [what, token] of badTokens('ada', server.secret)) {
    const answer = await buy(server, token);
    assert.equal(answer.status, 401, what);
    assert.deepEqual(answer.json(), { error: 'Invalid or expired authentication token', code: 'INVALID_TOKEN' }, what);
  }
  const ticket = await ticketFor(server, 'ada');
  assert.equal((await buy(server, ticket)).status, 401, 'a ticket does not buy another one');
  assert.equal((await request(server, '/sessions', { token: ticket })).status, 401, 'nor does it do anything else');
});

test('other methods and forms of the route do not exist', async (t) => {
  const { server } = await stage(t);
  const token = server.token('ada');
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
    assert.equal((await request(server, '/ws/ticket', { method, token })).status, 404, method);
  }
  const slash = await request(server, '/ws/ticket/', { method: 'POST', token });
  assert.deepEqual([slash.status, slash.headers.location], [307, `${server.prefix}/ws/ticket`]);
});

test('a user has a bounded number of unused tickets, and others are not concerned', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_TICKETS_PER_USER: '3' } });
  const tickets = [];
  for (let i = 0; i < 3; ++i) tickets.push(await ticketFor(server, 'ada'));
  const refused = await buy(server, server.token('ada'));
  assert.equal(refused.status, 429);
  const { retry_after_ms, ...rest } = refused.json();
  assert.deepEqual(rest, { error: 'rate_limit_exceeded', message: 'Too many requests. Please try again later.' });
  assert.ok(retry_after_ms > 0 && retry_after_ms <= 30_000);
  assert.equal(refused.headers['retry-after'], String(Math.ceil(retry_after_ms / 1000)));
  await ticketFor(server, 'bob');
  (await connect(t, server, undefined, withTicket(tickets[1]))).drop();
  await ticketFor(server, 'ada');
  assert.equal((await buy(server, server.token('ada'))).status, 429);
});

test('all tickets together are bounded', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_MAX_TICKETS: '2', CHATBOX_TICKET_LIFETIME: '500ms' } });
  await ticketFor(server, 'a');
  await ticketFor(server, 'b');
  const refused = await buy(server, server.token('c'));
  assert.deepEqual([refused.status, refused.json().code], [503, 'SERVICE_UNAVAILABLE']);
  assert.equal(refused.headers['retry-after'], '1');
  await until(async () => (await buy(server, server.token('c'))).status === 201, 'those that ended make room');
});

test('roles come with the ticket', async (t) => {
  const { server } = await stage(t);
  const ticket = (await buy(server, server.token('root', { roles: ['admin'] }))).json().ticket;
  const client = await connect(t, server, undefined, withTicket(ticket));
  assert.equal((await client.nextOf('connection_status')).user_id, claimsOf('root').user_id);
});
