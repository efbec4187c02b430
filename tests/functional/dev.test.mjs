// `chatbox dev`: one command to something that works, on this machine only.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '../support/client.mjs';
import { request } from '../support/http.mjs';
import { until } from '../support/patience.mjs';
import { startProvider } from '../support/provider.mjs';
import { makeFolder, startServer } from '../support/server.mjs';

// Starts it in a folder without any setting, and reads the links that it prints.
async function startDev(t, { cwd = makeFolder(t), env = {}, args = [] } = {}) {
  const none = { JWT_SECRET: undefined, CHATBOX_DATA_DIR: undefined };
  const server = await startServer(t, {
    args: ['dev', ...args],
    dataDir: cwd,
    env: { ...none, OLLAMA_HOST: '127.0.0.1:1', CHATBOX_DEMO_TOKENS_PER_SECOND: '1000', ...env },
  });
  const links = await until(() => {
    const found = server.stdout.match(/http:\/\/\S+token=\S+/g);
    return found?.length >= 2 && found;
  }, 'two links are printed');
  const tokenOf = (link) =>
    new URL(link).hash.match(/token=([^&]+)/)?.[1] ?? new URL(link).searchParams.get('token');
  const claimsOf = (link) => JSON.parse(Buffer.from(tokenOf(link).split('.')[1], 'base64url'));
  const isAdmin = (link) => claimsOf(link).roles.some((role) => role.includes('admin'));
  return { server, cwd, visitor: links.find((link) => !isAdmin(link)), admin: links.find(isAdmin), tokenOf };
}

const environment = (env) => ({ env });

test('it needs no settings, and prints links that are signed in', async (t) => {
  const { server, visitor, admin, tokenOf } = await startDev(t);
  assert.ok(visitor && admin, server.stdout);
  for (const link of [visitor, admin]) {
    const { pathname, hostname } = new URL(link);
    assert.ok(['127.0.0.1', 'localhost', '[::1]'].includes(hostname), link);
    assert.equal((await request(server, pathname, { absolute: true })).status, 200);
  }
  const client = await connect(t, server, tokenOf(visitor));
  assert.ok((await client.nextOf('connection_status')).models.length > 0);
  const { text, end } = await client.ask('Hello');
  assert.ok(text.length > 0);
  assert.equal(end.metadata.done, 'true');
  assert.match(text, /demo/i, 'it is honest about being a demo');
  assert.equal((await request(server, '/admin/sessions', { token: tokenOf(admin) })).json().count, 1);
});

test('it says loudly that it is a development server', async (t) => {
  const { server } = await startDev(t);
  await until(() => /development/i.test(server.stdout + server.stderr), 'it says what it is');
  assert.match(server.stdout.split('\n')[0], /^listening on http:\/\//);
});

test('it listens on loopback only', async (t) => {
  const { server } = await startDev(t);
  const others = Object.values(networkInterfaces())
    .flat()
    .filter((each) => !each.internal && each.family === 'IPv4');
  for (const { address } of others) {
    const outcome = await new Promise((resolve) => {
      const socket = net.connect({ host: address, port: server.port });
      socket.on('connect', () => resolve('connected')).on('error', (error) => resolve(error.code));
      t.after(() => socket.destroy());
    });
    assert.equal(outcome, 'ECONNREFUSED', address);
  }
  assert.match(server.host, /^(127\.0\.0\.1|localhost|\[::1\])$/);
});

test('a host that is not loopback is not listened on', async (t) => {
  const { server } = await startDev(t, environment({ CHATBOX_HOST: '0.0.0.0' }));
  assert.match(server.host, /^(127\.0\.0\.1|localhost|\[::1\])$/);
});

test('pages of any origin may connect', async (t) => {
  const { server, visitor, tokenOf } = await startDev(t);
  await connect(t, server, tokenOf(visitor), { origin: 'http://localhost:3000' });
});

test('its data, and the links of last time, work after a restart', async (t) => {
  const first = await startDev(t);
  const token = first.tokenOf(first.visitor);
  const client = await connect(t, first.server, token);
  await client.nextOf('connection_status');
  await client.ask('Remember me');
  await first.server.stop();
  assert.ok(existsSync(join(first.cwd, 'data')) || readdirSync(first.cwd).length > 0);
  const second = await startDev(t, { cwd: first.cwd });
  const { sessions } = (await request(second.server, '/sessions', { token })).json();
  assert.deepEqual(
    sessions.map(({ name }) => name),
    ['Remember me'],
  );
});

test('with OPENAI_API_KEY it talks to that', async (t) => {
  const provider = await startProvider(t);
  const { server, visitor, tokenOf } = await startDev(
    t,
    environment({
      OPENAI_API_KEY: 'sk-dev',
      OPENAI_BASE_URL: provider.endpoint,
    }),
  );
  const client = await connect(t, server, tokenOf(visitor));
  await client.nextOf('connection_status');
  assert.equal((await client.ask('Hello')).text, 'You said: Hello');
  assert.equal(provider.requests[0].headers.authorization, 'Bearer sk-dev');
  assert.ok(!(server.stdout + server.stderr).includes('sk-dev'));
});
