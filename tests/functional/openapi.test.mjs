// The description of the HTTP API that the server gives of itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { Api } from '../support/openapi.mjs';
import { stage } from '../support/stage.mjs';

test('the description is valid OpenAPI 3.1', async (t) => {
  const { server } = await stage(t);
  const answer = await request(server, '/openapi.json');
  assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'application/json; charset=utf-8']);
  const document = answer.json();
  assert.equal(document.openapi, '3.1.0');
  assert.deepEqual(await Api.faults(document), []);
  assert.notDeepEqual(await Api.faults({ ...document, paths: { nowhere: 1 } }), [], 'the validator finds faults');
});

test('the description says where the routes really are', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_PATH_PREFIX: '/help/desk' } });
  const { servers, paths } = (await request(server, '/openapi.json')).json();
  assert.deepEqual(servers, [{ url: '/help/desk' }]);
  const url = `${servers[0].url}${Object.keys(paths).find((path) => path === '/healthz')}`;
  assert.equal((await request(server, url, { absolute: true })).status, 200);
});

test('every operation exists, and one that is not described does not', async (t) => {
  const { server } = await stage(t);
  const api = await Api.of(server);
  const described = new Set(api.operations.map(({ method, path }) => `${method} ${path}`));
  for (const path of Object.keys(api.document.paths)) {
    const at = path.replaceAll(/\{\w+\}/g, 'x');
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if (path === '/ws' && (method === 'HEAD' || method === 'GET')) continue; // see upgrade.test.mjs
      const answer = await request(server, at, { method });
      const what = `${method} ${path}: ${answer.status} ${answer.text.slice(0, 100)}`;
      const missing = answer.status === 404 && answer.headers['content-type'].startsWith('text/plain');
      assert.equal(missing, !described.has(`${method} ${path}`), what);
    }
  }
});

test('every path that takes no name redirects from the form with a slash', async (t) => {
  const { server } = await stage(t);
  const { operations } = await Api.of(server);
  for (const { method, path } of operations) {
    if (path === '/ws') continue;
    const at = path.replaceAll(/\{\w+\}/g, 'x');
    const answer = await request(server, `${at}/?a=%0d%0aX:y&b`, { method });
    const expected = method === 'GET' || method === 'HEAD' ? 301 : 307;
    assert.deepEqual(
      [answer.status, answer.headers.location],
      [expected, `${server.prefix}${at}?a=%0d%0aX:y&b`],
      `${method} ${path}`,
    );
  }
});
