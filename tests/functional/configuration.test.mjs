// Settings: from the environment and from TOML, and every mistake told at once.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { startProvider } from '../support/provider.mjs';
import { makeFolder, run, settings, startServer } from '../support/server.mjs';
import { stage } from '../support/stage.mjs';
import { makeSecret } from '../support/token.mjs';

const broken = {
  SERVER_PORT: '70000',
  CHATBOX_PATH_PREFIX: 'no-slash',
  JWT_SECRET: 'short',
  RATE_LIMIT: 'many',
  LLM_STREAM_TIMEOUT: '120',
  MAX_MESSAGE_SIZE: '-1',
  RECONNECT_TIMEOUT: 'soon',
  ENCRYPTION_KEY: 'not 32 bytes',
  WS_ALLOWED_ORIGINS: 'https://REPLACE_WITH_YOUR_DOMAIN',
  LLM_PROVIDER_1_TYPE: 'oracle',
  LLM_PROVIDER_2_ENDPOINT: 'ftp://example.com',
};

for (const command of ['serve', 'check-config']) {
  test(`${command} tells all mistakes at once, and starts nothing`, async (t) => {
    const provider = await startProvider(t);
    const env = settings({ secret: makeSecret(), dataDir: makeFolder(t), provider, env: broken });
    const { code, ms, stderr, stdout } = await run([command], { env, cwd: makeFolder(t) });
    assert.equal(code, 2);
    assert.ok(ms < 5000, `${ms} ms`);
    assert.doesNotMatch(stdout, /listening/);
    for (const name of Object.keys(broken))
      assert.ok((stdout + stderr).includes(name), `${name} is named in:\n${stderr}`);
    assert.ok(!(stdout + stderr).includes('not 32 bytes'), 'secrets are not shown');
    assert.ok(!(stdout + stderr).includes('short\n'));
  });
}

test('without any setting the necessary ones are named', async (t) => {
  const { code, stderr } = await run(['serve'], { cwd: makeFolder(t) });
  assert.equal(code, 2);
  assert.match(stderr, /JWT_SECRET/);
  assert.match(stderr, /provider/i);
});

test('a weak secret is refused without being shown', async (t) => {
  const provider = await startProvider(t);
  for (const secret of [
    '',
    'x'.repeat(31),
    'changeme-changeme-changeme-changeme',
    'password'.repeat(8),
    'a'.repeat(64),
  ]) {
    const env = settings({ secret, dataDir: makeFolder(t), provider });
    const { code, stderr, stdout } = await run(['check-config'], { env, cwd: makeFolder(t) });
    assert.equal(code, 2, secret);
    assert.match(stderr + stdout, /JWT_SECRET/);
    if (secret) assert.ok(!(stdout + stderr).includes(secret));
  }
});

test('check-config is content with a good configuration, and shows no secret', async (t) => {
  const provider = await startProvider(t);
  const secret = makeSecret();
  const env = settings({ secret, dataDir: makeFolder(t), provider });
  const { code, stdout, stderr } = await run(['check-config'], { env, cwd: makeFolder(t) });
  assert.equal(code, 0, stderr);
  assert.ok(stdout.length > 0);
  assert.ok(!(stdout + stderr).includes(secret));
  assert.ok(!(stdout + stderr).includes('key-of-alpha'));
});

const toml = (provider, secret) => `
[server]
port = 0
[chatbox]
jwt_secret = "${secret}"
path_prefix = "/from-toml"
rate_limit = 2
[[chatbox.llm.providers]]
id = "tee"
name = "Tee"
type = "openai"
endpoint = "${provider.endpoint}"
apiKey = "k"
model = "m"
`;

for (const [how, options] of [
  ['CHATBOX_CONFIG', (file) => ({ env: { CHATBOX_CONFIG: file } })],
  ['RMBASE_FILE_CFG', (file) => ({ env: { RMBASE_FILE_CFG: file } })],
  ['--config', (file) => ({ args: ['serve', '--config', file] })],
]) {
  test(`settings come from the TOML file named by ${how}`, async (t) => {
    const provider = await startProvider(t);
    const secret = makeSecret();
    const file = join(makeFolder(t), 'config.toml');
    writeFileSync(file, toml(provider, secret));
    const { env = {}, args } = options(file);
    const server = await startServer(t, {
      secret,
      args,
      env: { JWT_SECRET: undefined, SERVER_PORT: undefined, ...env },
    });
    assert.equal(server.prefix, '/from-toml');
    const { enter } = await stage(t, { provider, server });
    const ada = await enter('ada');
    assert.deepEqual(ada.greeting.models, [{ id: 'tee', name: 'Tee' }]);
    await ada.ask('One');
    await ada.ask('Two');
    ada.say('Three');
    assert.equal((await ada.nextOf('error')).error.code, 'TOO_MANY_REQUESTS');
  });
}

test('the environment wins over the file', async (t) => {
  const provider = await startProvider(t);
  const secret = makeSecret();
  const file = join(makeFolder(t), 'config.toml');
  writeFileSync(file, toml(provider, makeSecret()));
  const server = await startServer(t, { secret, env: { CHATBOX_CONFIG: file, CHATBOX_PATH_PREFIX: '/from-env' } });
  assert.equal(server.prefix, '/from-env');
  assert.equal((await request(server, '/sessions', { token: server.token('ada') })).status, 200);
});

test('a file that is not there, or not TOML, is one clear line', async (t) => {
  const folder = makeFolder(t);
  const bad = join(folder, 'bad.toml');
  writeFileSync(bad, 'port = = 1\n');
  for (const file of [join(folder, 'missing.toml'), bad, folder]) {
    const { code, stderr, stdout } = await run(['serve', '--config', file], { cwd: folder });
    assert.equal(code, 2, file);
    assert.ok(stderr.includes(file), stderr);
    assert.equal(stdout, '');
  }
});

test('a port of 0 takes a free one, and two servers run beside each other', async (t) => {
  const provider = await startProvider(t);
  const servers = [await startServer(t, { provider }), await startServer(t, { provider })];
  assert.notEqual(servers[0].port, servers[1].port);
  for (const server of servers) assert.equal((await request(server, '/healthz')).status, 200);
});
