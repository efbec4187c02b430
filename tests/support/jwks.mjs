// An identity provider: key pairs made at run time, tokens signed with them, and a server that publishes the public
// halves and can be slow, broken, huge or gone.
import { generateKeyPairSync, sign } from 'node:crypto';
import http from 'node:http';

const kinds = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  ES384: ['ec', { namedCurve: 'P-384' }],
  EdDSA: ['ed25519', undefined],
};
export const algorithms = Object.keys(kinds);

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signature(alg, text, key) {
  const data = Buffer.from(text);
  if (alg === 'EdDSA') return sign(null, data, key);
  if (alg.startsWith('ES')) return sign(`sha${alg.slice(2)}`, data, { key, dsaEncoding: 'ieee-p1363' });
  // 6 and 1: RSA_PKCS1_PSS_PADDING and RSA_PKCS1_PADDING of OpenSSL.
  return sign('sha256', data, { key, ...(alg === 'PS256' ? { padding: 6, saltLength: 32 } : { padding: 1 }) });
}

export class Key {
  constructor(alg, kid) {
    Object.assign(this, { alg, kid, ...generateKeyPairSync(...kinds[alg]) });
  }

  get jwk() {
    return { ...this.publicKey.export({ format: 'jwk' }), ...(this.kid && { kid: this.kid }), use: 'sig' };
  }

  token(claims, { alg = this.alg, kid = this.kid, header = {} } = {}) {
    const text = `${part({ alg, typ: 'JWT', ...(kid && { kid }), ...header })}.${part(claims)}`;
    return `${text}.${signature(this.alg, text, this.privateKey).toString('base64url')}`;
  }
}

// `answer(response)` may be replaced by a test; by default it publishes `keys`.
export async function startKeyServer(t, keys = []) {
  const provider = { keys, requests: 0, open: new Set() };
  provider.publish = (response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: provider.keys.map((key) => key.jwk ?? key) }));
  };
  provider.answer = provider.publish;
  const server = http.createServer((request, response) => {
    ++provider.requests;
    provider.answer(response, request);
  });
  server.on('connection', (socket) => {
    provider.open.add(socket);
    socket.on('close', () => provider.open.delete(socket));
  });
  const listen = (port) => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address();
  provider.url = `http://127.0.0.1:${port}/keys`;
  provider.goDown = () => {
    provider.open.forEach((socket) => socket.destroy());
    return new Promise((resolve) => server.close(resolve));
  };
  provider.comeBack = () => listen(port);
  t.after(() => provider.goDown());
  return provider;
}
