// The real server as a child process, on a data folder of its own.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

const binary = resolve(process.env.CHATBOX_BIN ?? join(repository, 'build/release/chatbox'));
const startDeadline = 30_000;

export class Server {
  /** Starts `chatbox dev`. `tokensPerSecond` is the pace of the demo model. */
  static async start({ tokensPerSecond = 60 } = {}) {
    if (!existsSync(binary)) throw new Error(`there is no server at ${binary}; build it, or set CHATBOX_BIN`);
    const server = new Server();
    server.dataDir = mkdtempSync(join(tmpdir(), 'chatbox-browser-'));
    server.port = await freePort();
    server.tokensPerSecond = tokensPerSecond;
    await server.launch();
    return server;
  }

  /** Starts the process, at first or again: same port, same data. */
  async launch() {
    this.child = spawn(binary, ['dev', '--port', String(this.port), '--data-dir', this.dataDir], {
      env: { PATH: process.env.PATH, HOME: this.dataDir, CHATBOX_DEMO_TOKENS_PER_SECOND: String(this.tokensPerSecond) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.log = '';
    this.ending = false;
    this.exited = once(this.child, 'exit');
    this.child.on('exit', (code, signal) => {
      // Nobody asked for this: what it said last is worth more than the failures that follow.
      if (!this.ending) process.stderr.write(`the server ended by itself with ${code ?? signal}; it said:\n${this.log}\n`);
    });
    this.child.stderr.on('data', (data) => (this.log += data));
    const found = await this.readLinks();
    this.base = found.base;
    this.visitor = found.visitor;
    this.administrator = found.administrator;
  }

  readLinks() {
    return new Promise((resolveLinks, reject) => {
      const found = {};
      const fail = (why) => reject(new Error(`${why}\nstdout and stderr:\n${this.log}`));
      const timer = setTimeout(() => fail('the server did not get ready'), startDeadline);
      this.child.once('exit', (code, signal) => fail(`the server ended with ${code ?? signal}`));
      this.child.once('error', (error) => fail(`the server could not be started: ${error.message}`));
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        this.log += `${line}\n`;
        found.base ??= /^listening on (http:\/\/\S+)/.exec(line)?.[1];
        found.visitor ??= /Visitor:?\s+(http:\/\/\S+)/.exec(line)?.[1];
        found.administrator ??= /Administrator:?\s+(http:\/\/\S+)/.exec(line)?.[1];
        if (found.base && found.visitor && found.administrator) {
          clearTimeout(timer);
          resolveLinks(found);
        }
      });
    });
  }

  /** A token of `user`, who is the visitor of the links unless said otherwise. */
  token({ ttl = '1h', user = claimsIn(this.visitor).user_id, name, roles = [] } = {}) {
    const more = [...roles.flatMap((role) => ['--role', role]), ...(name ? ['--name', name] : [])];
    return execFileSync(binary, ['token', '--user', user, '--ttl', ttl, '--data-dir', this.dataDir, ...more], {
      env: { PATH: process.env.PATH, HOME: this.dataDir }, encoding: 'utf8',
    }).trim();
  }

  /** As if the power had gone. */
  async kill() {
    this.ending = true;
    this.child.kill('SIGKILL');
    await this.exited;
  }

  async stop() {
    this.ending = true;
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGTERM');
      const gaveUp = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
      await this.exited;
      clearTimeout(gaveUp);
    }
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** The token that a link of the server carries, in its fragment. */
export function tokenIn(link) {
  return new URLSearchParams(new URL(link).hash.slice(1)).get('token');
}

function claimsIn(link) {
  const token = tokenIn(link);
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
}

/** A port that was free a moment ago. Port 0 would be another one after a restart. */
async function freePort() {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
