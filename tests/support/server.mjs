// Starts the real binary, as a user would, and stops it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deferred, seconds, within } from './patience.mjs';
import { claimsOf, makeSecret, signToken } from './token.mjs';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
export const binary = resolve(root, process.env.CHATBOX_BIN ?? 'build/release/chatbox');

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

const sanitizer = /(ERROR|WARNING): \w+Sanitizer|runtime error:/;

// Only what is named here reaches the server: no setting of the machine that the tests run on.
function environment(env) {
  const kept = Object.entries(process.env).filter(([key]) => /^(PATH|HOME|LANG|TMPDIR|\w+SAN_OPTIONS|LLVM_PROFILE_FILE)$/.test(key));
  return { ...Object.fromEntries(kept), ...env };
}

export function makeFolder(t, name = 'chatbox-test-') {
  const folder = mkdtempSync(join(tmpdir(), name));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// One process of the binary. `exit` settles with { code, signal } when it has ended.
class Process {
  constructor(args, { env = {}, cwd } = {}) {
    this.stdout = '';
    this.stderr = '';
    this.lines = [];
    this.started = performance.now();
    this.child = spawn(binary, args, { env: environment(env), cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this.child);
    this.child.stdout.setEncoding('utf8').on('data', (text) => this.heard(text));
    this.child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    const exit = deferred();
    this.exit = exit.promise;
    this.child.on('error', (error) => exit.reject(new Error(`cannot start ${binary}: ${error.message}`)));
    this.child.on('close', (code, signal) => {
      running.delete(this.child);
      exit.resolve({ code, signal, ms: performance.now() - this.started });
    });
  }

  heard(text) {
    this.stdout += text;
    this.onOutput?.();
  }

  get pid() {
    return this.child.pid;
  }

  describe() {
    return `--- stdout\n${this.stdout.slice(-1000)}\n--- stderr\n${this.stderr.slice(-3000)}`;
  }

  async ended(what, ms = seconds(20)) {
    const exit = await within(ms, this.exit, what, () => this.describe());
    assert.doesNotMatch(this.stderr, sanitizer, `a sanitizer complains:\n${this.stderr.slice(-8000)}`);
    return exit;
  }
}

// Runs a command of the binary to its end: { code, stdout, stderr, ms }.
export async function run(args, options = {}) {
  const process = new Process(args, options);
  const exit = await process
    .ended(`the end of: chatbox ${args.join(' ')}`, options.within ?? seconds(20))
    .finally(() => process.child.kill('SIGKILL'));
  return { ...exit, stdout: process.stdout, stderr: process.stderr };
}

// A server that accepts connections.
class Server extends Process {
  async ready() {
    const line = /^listening on (http:\/\/([^/]*):(\d+)(\/\S*?)\/)$/m;
    const heard = new Promise((resolve) => {
      this.onOutput = () => line.test(this.stdout) && resolve();
    });
    const failed = this.exit.then((exit) => {
      throw new Error(`the server ended (${JSON.stringify(exit)}) before it was ready\n${this.describe()}`);
    });
    await within(seconds(20), Promise.race([heard, failed]), 'the server to be ready', () => this.describe());
    const [, url, host, port, prefix] = this.stdout.match(line);
    this.readyAfter = performance.now() - this.started;
    Object.assign(this, { url, host, port: Number(port), prefix, origin: `http://127.0.0.1:${port}` });
    return this;
  }

  token(user, claims = {}) {
    return signToken(claimsOf(user, claims), this.secret);
  }

  // Asks it to end and checks that it does so in good order.
  async stop(signal = 'SIGTERM') {
    if (!running.has(this.child)) return this.exit;
    this.child.kill(signal);
    const exit = await this.ended(`the server to end after ${signal}`);
    assert.deepEqual([exit.code, exit.signal], [0, null], `the server did not end well\n${this.describe()}`);
    return exit;
  }

  async kill() {
    this.child.kill('SIGKILL');
    return this.exit;
  }
}

// The settings that every test server has; `env` adds to them, undefined takes one away.
export function settings({ secret, dataDir, provider, models = ['alpha', 'beta'], type = 'openai', env = {} }) {
  const all = { CHATBOX_HOST: '127.0.0.1', SERVER_PORT: '0', JWT_SECRET: secret, CHATBOX_DATA_DIR: dataDir };
  // Models that fail are asked again, which need not take as long as in earnest.
  Object.assign(all, { CHATBOX_LLM_RETRY_DELAY: '10ms', CHATBOX_LLM_RETRY_AFTER_MAX: '0ms' });
  if (provider) {
    models.forEach((id, index) => {
      const prefix = `LLM_PROVIDER_${index + 1}_`;
      Object.assign(all, {
        [`${prefix}ID`]: id,
        [`${prefix}NAME`]: `Model ${id}`,
        [`${prefix}TYPE`]: type,
        [`${prefix}ENDPOINT`]: provider.endpoint,
        [`${prefix}API_KEY`]: `key-of-${id}`,
        [`${prefix}MODEL`]: `vendor-${id}`,
      });
    });
  }
  return Object.fromEntries(Object.entries({ ...all, ...env }).filter(([, value]) => value !== undefined));
}

// Starts `chatbox serve`; it is stopped, and must end well, when the test `t` is over. `onStart` gets the process
// before it is ready.
export async function startServer(t, options = {}) {
  const secret = options.secret ?? makeSecret();
  const dataDir = options.dataDir ?? makeFolder(t);
  const server = new Server(options.args ?? ['serve'], {
    env: settings({ ...options, secret, dataDir }),
    cwd: dataDir,
  });
  // Clients that would not answer a close are taken away first: the server waits some seconds for them.
  Object.assign(server, { secret, dataDir, rude: new Set() });
  t.after(() => {
    server.rude.forEach((socket) => socket.destroy());
    return server.stop();
  });
  options.onStart?.(server);
  return server.ready();
}
