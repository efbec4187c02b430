// The pages that the binary carries, and the headers that they are served with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import http from 'node:http';
import { request } from '../support/http.mjs';
import { stage } from '../support/stage.mjs';

const pages = ['/', '/chat.html', '/admin.html'];

// Paths, relative to the page, of what it loads.
const loaded = (html) => [...html.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, path]) => path);

const policy = (headers) =>
  Object.fromEntries(
    headers['content-security-policy'].split(';').map((part) => {
      const [name, ...sources] = part.trim().split(/\s+/);
      return [name, sources];
    }),
  );

test('the pages are there', async (t) => {
  const { server } = await stage(t);
  for (const path of pages) {
    const { status, headers, text } = await request(server, path);
    assert.equal(status, 200, path);
    assert.equal(headers['content-type'], 'text/html; charset=utf-8');
    assert.match(text, /^<!doctype html>/i);
    assert.match(text, /<meta name="viewport"/);
  }
});

test('a page is not kept without asking again, and asking again is cheap', async (t) => {
  const { server } = await stage(t);
  for (const path of pages) {
    const { headers } = await request(server, path);
    assert.equal(headers['cache-control'], 'no-cache', path);
    assert.match(headers.etag, /^"[^"]+"$/);
    for (const tag of [headers.etag, `W/${headers.etag}`, `"other", ${headers.etag}`, '*']) {
      const again = await request(server, path, { headers: { 'if-none-match': tag } });
      assert.equal(again.status, 304, tag);
      assert.equal(again.text, '');
      assert.equal(again.headers.etag, headers.etag);
    }
    const changed = await request(server, path, { headers: { 'if-none-match': '"something-else"' } });
    assert.equal(changed.status, 200);
  }
});

test('a policy lets a page load and call nothing but this server', async (t) => {
  const { server } = await stage(t);
  for (const path of pages) {
    const { headers } = await request(server, path);
    const allowed = policy(headers);
    assert.deepEqual(allowed['default-src'], ["'none'"], path);
    assert.deepEqual(allowed['script-src'], ["'self'"]);
    assert.deepEqual(allowed['connect-src'], ["'self'"]);
    assert.deepEqual(allowed['base-uri'], ["'none'"]);
    assert.deepEqual(allowed['frame-ancestors'], ["'self'"]);
    assert.doesNotMatch(headers['content-security-policy'], /unsafe/);
    assert.equal(headers['x-frame-options'], undefined, 'the page is made for frames');
    assert.equal(headers['x-content-type-options'], 'nosniff');
  }
});

test('scripts and styles lie beside the page, with names that change with their content', async (t) => {
  const { server } = await stage(t);
  for (const path of pages) {
    const { text } = await request(server, path);
    const files = loaded(text);
    assert.ok(
      files.some((file) => file.endsWith('.js')),
      `${path} loads a script`,
    );
    assert.doesNotMatch(text, /<script(?![^>]*\bsrc=)[^>]*>\s*\S/, 'no script in the page');
    for (const file of files) {
      const target = new URL(file, `${server.origin}${server.prefix}${path}`).pathname;
      assert.ok(target.startsWith(`${server.prefix}/`), `${file} does not leave the prefix`);
      const answer = await request(server, target, { absolute: true });
      assert.equal(answer.status, 200, file);
      assert.match(
        answer.headers['content-type'],
        file.endsWith('.js') ? /^(text|application)\/javascript/ : /^text\/css/,
      );
      assert.match(answer.headers['cache-control'], /max-age=31536000.*immutable/);
    }
  }
});

test('pages work under another prefix', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_PATH_PREFIX: '/a/b' } });
  const { text } = await request(server, '/chat.html');
  for (const file of loaded(text)) {
    const target = new URL(file, `${server.origin}/a/b/chat.html`).pathname;
    assert.equal((await request(server, target, { absolute: true })).status, 200, target);
  }
});

test('a script travels compressed to whoever can read that', async (t) => {
  const { server } = await stage(t);
  const { text } = await request(server, '/chat.html');
  const script = loaded(text).find((file) => file.endsWith('.js'));
  const path = new URL(script, `${server.origin}${server.prefix}/chat.html`).pathname;
  const plain = await request(server, path, { absolute: true });
  const packed = await new Promise((resolve, reject) => {
    http
      .get(
        { host: '127.0.0.1', port: server.port, path, headers: { 'accept-encoding': 'gzip, br' }, agent: false },
        async (response) => {
          const chunks = [];
          for await (const chunk of response) chunks.push(chunk);
          resolve({ headers: response.headers, bytes: Buffer.concat(chunks) });
        },
      )
      .on('error', reject);
  });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.match(packed.headers.vary, /accept-encoding/i);
  assert.equal(gunzipSync(packed.bytes).toString(), plain.text);
  assert.ok(packed.bytes.length < plain.text.length / 2);
  const refused = await request(server, path, { absolute: true, headers: { 'accept-encoding': 'gzip;q=0' } });
  assert.equal(refused.headers['content-encoding'], undefined);
});
