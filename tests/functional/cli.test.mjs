// The command line: what it prints, and that it teaches.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../support/client.mjs';
import { request } from '../support/http.mjs';
import { makeFolder, run } from '../support/server.mjs';
import { stage } from '../support/stage.mjs';
import { makeSecret, now } from '../support/token.mjs';

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

test('version says what this is', async () => {
  for (const args of [['version'], ['--version']]) {
    const { code, stdout } = await run(args);
    assert.equal(code, 0);
    assert.match(stdout, /^chatbox \d+\.\d+\.\d+/);
  }
});

test('--help teaches, everywhere', async () => {
  for (const args of [
    ['--help'],
    ...['serve', 'dev', 'token', 'check-config', 'version'].map((name) => [name, '--help']),
  ]) {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 0, args.join(' '));
    assert.equal(stderr, '');
    assert.match(stdout, /chatbox/);
    assert.ok(stdout.split('\n').length > 3, stdout);
  }
  const { stdout } = await run(['--help']);
  for (const name of ['serve', 'dev', 'token', 'check-config', 'version'])
    assert.match(stdout, new RegExp(`\\b${name}\\b`));
});

test('what cannot be understood is said so, with a way to help', async () => {
  for (const args of [['fly'], ['--fly'], ['serve', '--fly'], ['token'], ['token', '--user']]) {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 64, `chatbox ${args.join(' ')}: ${stderr}`);
    assert.equal(stdout, '');
    assert.match(stderr, /--help/);
  }
});

test('token makes tokens that the server accepts', async (t) => {
  const { server } = await stage(t);
  const make = (...args) => run(['token', ...args], { env: { JWT_SECRET: server.secret }, cwd: makeFolder(t) });
  const { code, stdout, stderr } = await make(
    '--user',
    'ada',
    '--name',
    'Ada L.',
    '--role',
    'admin',
    '--role',
    'x',
    '--ttl',
    '10m',
  );
  assert.equal(code, 0, stderr);
  const token = stdout.trim();
  const said = claims(token);
  assert.deepEqual([said.user_id, said.name, said.roles], ['ada', 'Ada L.', ['admin', 'x']]);
  assert.ok(Math.abs(said.exp - now() - 600) <= 5);
  const client = await connect(t, server, token);
  assert.equal((await client.nextOf('connection_status')).user_id, 'ada');
  assert.equal((await request(server, '/admin/sessions', { token })).status, 200);

  const plain = (await make('--user', 'bob')).stdout.trim();
  assert.ok(claims(plain).exp > now(), 'it expires');
  assert.equal((await request(server, '/sessions', { token: plain })).status, 200);
  assert.equal((await request(server, '/admin/sessions', { token: plain })).status, 403);
});

test('token needs the secret, and a lifetime that makes sense', async (t) => {
  const cwd = makeFolder(t);
  const without = await run(['token', '--user', 'ada'], { cwd });
  assert.equal(without.code, 2);
  assert.match(without.stderr, /JWT_SECRET/);
  for (const ttl of ['soon', '0s', '-5m', '10']) {
    const { code, stderr } = await run(['token', '--user', 'ada', `--ttl=${ttl}`], {
      env: { JWT_SECRET: makeSecret() },
      cwd,
    });
    assert.notEqual(code, 0, ttl);
    assert.match(stderr, /ttl/);
  }
});
