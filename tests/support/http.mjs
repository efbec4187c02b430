// One HTTP request with everything visible: no redirects followed, no headers added but Host.
import http from 'node:http';
import { seconds, within } from './patience.mjs';

// `path` is behind the server's prefix: '/healthz'. `absolute` takes the path as it is.
export function request(server, path, { method = 'GET', token, headers = {}, body, absolute = false } = {}) {
  const call = new Promise((resolve, reject) => {
    const outgoing = http.request({
      host: '127.0.0.1',
      port: server.port,
      method,
      path: absolute ? path : server.prefix + path,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
      agent: false,
    });
    outgoing.on('response', async (response) => {
      const chunks = [];
      try {
        for await (const chunk of response) chunks.push(chunk);
      } catch (error) {
        return reject(error);
      }
      const text = Buffer.concat(chunks).toString();
      resolve({ status: response.statusCode, headers: response.headers, text, json: () => JSON.parse(text) });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  return within(seconds(10), call, `${method} ${path}`, () => server.describe());
}

// The stored session, as its owner sees it.
export async function history(server, token, sessionId) {
  const answer = await request(server, `/sessions/${sessionId}`, { token });
  if (answer.status !== 200) throw new Error(`history of ${sessionId}: ${answer.status} ${answer.text}`);
  return answer.json();
}
