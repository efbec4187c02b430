// What Prometheus reads (contract, files-notifications-ops 3, http-api 7.12).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { refuse } from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';

const scrape = (server, options) => request(server, '/metrics/prometheus', options);

// The value of a row, name and labels; undefined when it is not there.
function valueOf(text, row) {
  const line = text.split('\n').find((line) => line.startsWith(`${row} `));
  return line && Number(line.slice(row.length + 1));
}

// Reads until what is counted elsewhere has arrived.
async function until(server, row, expected) {
  let found;
  for (let i = 0; i < 50; i++) {
    found = valueOf((await scrape(server)).text, row);
    if (found === expected) return;
  }
  assert.equal(found, expected, row);
}

test('what happens is counted under the names of the original', async (t) => {
  const { server, enter, provider } = await stage(t, {
    env: { CHATBOX_PUBLIC_RATE_LIMIT: '100000', ADMIN_RATE_LIMIT: '1' },
  });
  provider.on('Hello', async (x) => {
    x.start().token('Hi');
    x.finish({ usage: [10, 20] });
  });
  const fresh = await scrape(server);
  assert.equal(fresh.status, 200);
  assert.match(fresh.headers['content-type'], /^text\/plain; version=0\.0\.4/);
  for (const name of ['websocket_connections', 'active_sessions', 'messages_sent', 'sessions_created']) {
    assert.equal(valueOf(fresh.text, `chatbox_${name}_total`), 0, name);
  }
  assert.ok(valueOf(fresh.text, 'process_resident_memory_bytes') > 1e6);

  const ada = await enter('ada');
  await ada.ask('Hello');
  ada.send({ type: 'nonsense' });
  await ada.nextOf('error');
  await until(server, 'chatbox_messages_received_total', 1);
  await until(server, 'chatbox_message_errors_total', 1);
  await until(server, 'chatbox_websocket_connections_total', 1);
  await until(server, 'chatbox_active_sessions_total', 1);
  await until(server, 'chatbox_sessions_created_total', 1);
  await until(server, 'chatbox_llm_requests_total{provider="alpha"}', 1);
  await until(server, 'chatbox_tokens_used_total{provider="alpha"}', 30);
  const busy = (await scrape(server)).text;
  assert.ok(valueOf(busy, 'chatbox_messages_sent_total') >= 4, 'status, status, answer, end');
  assert.equal(valueOf(busy, 'chatbox_llm_latency_seconds_count{provider="alpha"}'), 1);

  const staff = server.token('root', { roles: ['admin'] });
  const taken = await request(server, `/admin/takeover/${ada.sessionId}`, { method: 'POST', token: staff });
  assert.equal(taken.status, 200);
  assert.equal((await request(server, '/admin/sessions', { token: staff })).status, 429);
  await request(server, `/sessions/${ada.sessionId}/end`, { method: 'POST', token: ada.token });
  await request(server, `/sessions/${ada.sessionId}`, { token: ada.token });
  await ada.close();
  await until(server, 'chatbox_websocket_connections_total', 0);
  const { text } = await scrape(server);
  for (const [row, expected] of [
    ['chatbox_active_sessions_total', 0],
    ['chatbox_sessions_ended_total', 1],
    ['chatbox_admin_takeovers_total', 1],
    ['chatbox_ratelimit_blocked_total{limiter="message"}', 1],
    ['chatbox_ratelimit_blocked_total{limiter="connection"}', 0],
    ['chatbox_websocket_connection_duration_seconds_count', 1],
    [`chatbox_http_request_duration_seconds_count{endpoint="${server.prefix}/sessions/:sessionID",method="GET"}`, 1],
    ['chatbox_mongodb_operation_seconds_count{operation="end_session"}', 1],
  ]) {
    assert.equal(valueOf(text, row), expected, row);
  }
  assert.ok(!text.includes(ada.sessionId) && !text.includes('ada'), 'nothing about anybody');
});

test('an answer that fails is counted as one', async (t) => {
  const { server, enter, provider } = await stage(t, { env: { CHATBOX_PUBLIC_RATE_LIMIT: '100000' } });
  provider.on('Hello', refuse(400));
  const ada = await enter('ada');
  ada.send({ type: 'user_message', content: 'Hello' });
  await ada.nextOf('error');
  await until(server, 'chatbox_llm_errors_total{provider="alpha"}', 1);
});

test('active sessions are right after a restart', async (t) => {
  const { server, enter, provider } = await stage(t);
  await (await enter('ada')).ask('Hello');
  await server.stop();
  const again = await stage(t, { provider, secret: server.secret, dataDir: server.dataDir });
  await until(again.server, 'chatbox_active_sessions_total', 1);
});

test('only the networks that may read the metrics do', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_METRICS_ALLOWED_NETWORKS: '10.0.0.0/8' } });
  const answer = await scrape(server);
  assert.deepEqual([answer.status, answer.json()], [403, { error: 'Insufficient permissions', code: 'FORBIDDEN' }]);
  assert.equal((await scrape(server, { method: 'POST' })).status, 404);
});
