// JSON Web Tokens, good and bad (RFC 7515, RFC 7519), made without the server's help.
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const base64url = (value) => Buffer.from(value).toString('base64url');
const part = (value) => base64url(typeof value === 'string' ? value : JSON.stringify(value));
const hashes = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

export const now = () => Math.floor(Date.now() / 1000);

// A secret that the server accepts: long, random and without a word that makes it look weak.
export function makeSecret() {
  for (;;) {
    const secret = randomBytes(32).toString('hex');
    if (!secret.includes('12345')) return secret;
  }
}

export function claimsOf(user, more = {}) {
  return { user_id: user, name: `${user} by name`, roles: ['user'], exp: now() + 3600, ...more };
}

// Signs exactly these claims; undefined ones are left out.
export function signToken(claims, secret, { alg = 'HS256', header = {} } = {}) {
  const signed = `${part({ alg, typ: 'JWT', ...header })}.${part(claims)}`;
  return `${signed}.${createHmac(hashes[alg], secret).update(signed).digest('base64url')}`;
}

function rsaToken(claims) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

// Every token here is wrong in exactly one way: [what is wrong, token].
export function badTokens(user, secret) {
  const good = claimsOf(user);
  const token = signToken(good, secret);
  const [header, payload, signature] = token.split('.');
  const flipped = (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1);
  const without = (key) => signToken({ ...good, [key]: undefined }, secret);
  const withClaim = (key, value) => signToken({ ...good, [key]: value }, secret);
  return [
    ['expired an hour ago', withClaim('exp', now() - 3600)],
    ['expired this second', withClaim('exp', now())],
    ['without an expiry', without('exp')],
    ['with an expiry of zero', withClaim('exp', 0)],
    ['with a negative expiry', withClaim('exp', -1)],
    ['with an expiry that is text', withClaim('exp', String(now() + 3600))],
    ['not valid before an hour from now', withClaim('nbf', now() + 3600)],
    ['without a user', without('user_id')],
    ['with an empty user', withClaim('user_id', '')],
    ['with a number as user', withClaim('user_id', 17)],
    ['without roles', without('roles')],
    ['with one role that is not in a list', withClaim('roles', 'user')],
    ['with a role that is not text', withClaim('roles', ['user', 1])],
    ['signed with another secret', signToken(good, makeSecret())],
    ['signed with an empty secret', signToken(good, '')],
    ['with a changed signature', `${header}.${payload}.${flipped}`],
    ['with a shortened signature', `${header}.${payload}.${signature.slice(0, -4)}`],
    ['with changed claims', `${header}.${part({ ...good, roles: ['admin'] })}.${signature}`],
    ['with its signature cut off', `${header}.${payload}.`],
    ['of two parts', `${header}.${payload}`],
    ['of five parts', `${token}.${payload}.${signature}`],
    ['with algorithm none', `${part({ alg: 'none', typ: 'JWT' })}.${payload}.`],
    ['with algorithm NoNe', `${part({ alg: 'NoNe', typ: 'JWT' })}.${payload}.`],
    ['with algorithm none and a signature', `${part({ alg: 'none', typ: 'JWT' })}.${payload}.${signature}`],
    ['that says RS256 but is signed with the secret', signToken(good, secret, { header: { alg: 'RS256' } })],
    ['that says HS512 but is signed with HS256', signToken(good, secret, { header: { alg: 'HS512' } })],
    ['signed with RS256', rsaToken(good)],
    ['without an algorithm', signToken(good, secret, { header: { alg: undefined } })],
    ['with claims that are a list', signToken([good], secret)],
    ['with claims that are not JSON', signToken('{"user_id":', secret)],
    ['of text', 'not-a-token'],
    ['of dots', '...'],
    ['of one dot', '.'],
  ];
}
