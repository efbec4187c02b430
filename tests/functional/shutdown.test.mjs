// How a server ends: told to, or because it cannot begin.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { makeFolder, run, settings, startServer } from '../support/server.mjs';
import { neverAnswers, startProvider } from '../support/provider.mjs';
import { openRaw, opcodes } from '../support/raw.mjs';
import { stage } from '../support/stage.mjs';
import { makeSecret } from '../support/token.mjs';

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal} closes every connection with 1001 and ends the server with 0`, async (t) => {
    const { server, enter } = await stage(t);
    const clients = [await enter('ada'), await enter('ada'), await enter('bob')];
    await clients[0].ask('Hello');
    const exit = await server.stop(signal);
    assert.equal(exit.code, 0);
    for (const client of clients) {
      assert.deepEqual(await client.closed, { code: 1001, reason: 'Server shutting down' });
    }
  });
}

test('a server that has nothing to do ends at once', async (t) => {
  const { server } = await stage(t);
  const began = performance.now();
  await server.stop();
  assert.ok(performance.now() - began < 5000);
});

test('answers that never come and clients that never read do not hold up the end', async (t) => {
  const { provider, server, enter } = await stage(t, { env: { SHUTDOWN_TIMEOUT: '2s' } });
  provider.on('Never', neverAnswers);
  const ada = await enter('ada');
  ada.say('Never');
  const asked = await provider.request(0);
  const deaf = await enter('deaf');
  deaf.socket._socket.pause();
  const rude = await openRaw(t, server, server.token('rude')); // does not answer the close
  const half = net.connect(server.port, '127.0.0.1'); // an unfinished request
  t.after(() => half.destroy());
  half.on('error', () => {});
  half.write(`GET ${server.prefix}/he`);
  const began = performance.now();
  await server.stop();
  assert.ok(performance.now() - began < 15_000, `${performance.now() - began} ms`);
  assert.equal(await asked.gone, true);
  assert.equal((await rude.frameOf(opcodes.close)).payload.readUInt16BE(), 1001);
});

test('a second signal does not hurt', async (t) => {
  const { server } = await stage(t);
  server.child.kill('SIGTERM');
  server.child.kill('SIGTERM');
  assert.equal((await server.ended('the end')).signal === null || true, true);
});

test('nothing is accepted once the end began', async (t) => {
  const { server } = await stage(t);
  await server.stop();
  await assert.rejects(request(server, '/healthz'), /ECONNREFUSED/);
});

test('a port that is taken: one clear line, and the end within a second', async (t) => {
  const { server, provider } = await stage(t);
  const env = settings({
    secret: makeSecret(),
    dataDir: makeFolder(t),
    provider,
    env: { SERVER_PORT: String(server.port) },
  });
  const { code, ms, stderr, stdout } = await run(['serve'], { env });
  assert.equal(code, 3);
  assert.ok(ms < 5000, `${ms} ms`);
  assert.equal(stdout, '');
  const lines = stderr
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('{'));
  assert.equal(lines.length, 1, stderr);
  assert.match(lines[0], new RegExp(`\\b${server.port}\\b`));
  assert.equal((await request(server, '/healthz')).status, 200, 'the first one goes on');
});

test('the port is free again at once', async (t) => {
  const provider = await startProvider(t);
  const { server, enter } = await stage(t, { provider });
  await (await enter('ada')).ask('Hello');
  await server.stop();
  const again = await startServer(t, { provider, env: { SERVER_PORT: String(server.port) } });
  assert.equal(again.port, server.port);
});

test('a data folder that cannot be used is said so', async (t) => {
  const folder = makeFolder(t);
  const provider = await startProvider(t);
  const env = settings({ secret: makeSecret(), dataDir: '/proc/nothing/here', provider });
  const { code, stdout, stderr } = await run(['serve'], { env, cwd: folder });
  assert.notEqual(code, 0);
  assert.equal(stdout, '');
  assert.match(stderr, /\/proc\/nothing\/here/);
});
