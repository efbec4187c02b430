// Where the token comes from and what can be read from it without trusting it.

export const tokenKey = 'jwt_token';
const tokenHomeKey = 'jwt_token_for';

/** The part of Storage that is used here. A browser may refuse storage altogether: then nothing is kept. */
export interface KeyValue {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface Claims {
  userId?: string;
  name?: string;
  roles: string[];
  /** Milliseconds since 1970. */
  expires?: number;
}

/** Reads the claims of a JWT for display. Nothing is verified: the server does that. */
export function claimsOf(token: string): Claims {
  const claims: Claims = { roles: [] };
  try {
    const payload = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    const raw = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    if (typeof raw['user_id'] === 'string') claims.userId = raw['user_id'];
    if (typeof raw['name'] === 'string' && raw['name']) claims.name = raw['name'];
    if (typeof raw['exp'] === 'number') claims.expires = raw['exp'] * 1000;
    if (Array.isArray(raw['roles'])) claims.roles = raw['roles'].filter((role): role is string => typeof role === 'string');
  } catch {
    // Not a JWT. The server will say so.
  }
  return claims;
}

/**
 * Takes the token out of `url` (then it is kept and `cleanUrl` is set: show that one instead), or out of the stores. `home`
 * names the server that is spoken to: a kept token is handed to that server only, so that a link with `?api=` cannot
 * carry it off to another one.
 */
export function findToken(url: URL, home: string, keep: KeyValue, alsoLook: KeyValue[] = []): { token?: string; cleanUrl?: string } {
  // In the fragment it never leaves the browser; in the query, where older links have it, it reaches every log on the way.
  const fragment = new URLSearchParams(url.hash.slice(1));
  const given = fragment.get('token') ?? url.searchParams.get('token');
  if (given !== null) {
    const clean = new URL(url.href);
    clean.searchParams.delete('token');
    if (fragment.has('token')) {
      fragment.delete('token');
      clean.hash = fragment.toString();
    }
    if (given) keepToken(given, home, keep);
    return given ? { token: given, cleanUrl: clean.href } : { cleanUrl: clean.href };
  }
  for (const store of [keep, ...alsoLook]) {
    const token = store.getItem(tokenKey);
    const keptFor = store.getItem(tokenHomeKey) ?? url.host;  // a host application may have put it there itself
    if (token && keptFor === home) return { token };
  }
  return {};
}

/** A link that differs from the open page in its fragment only does not load it: a new token there has to. */
export function reloadForToken(page: Window): void {
  page.addEventListener('hashchange', () => {
    if (new URLSearchParams(page.location.hash.slice(1)).has('token')) page.location.reload();
  });
}

export function keepToken(token: string, home: string, store: KeyValue): void {
  store.setItem(tokenKey, token);
  store.setItem(tokenHomeKey, home);
}

/** A store that never throws: where the browser refuses, it forgets at the end of the page. */
export function safeStorage(pick: () => Storage): KeyValue {
  const memory = new Map<string, string>();
  const attempt = <T>(action: (storage: Storage) => T, otherwise: () => T): T => {
    try {
      return action(pick());
    } catch {
      return otherwise();
    }
  };
  return {
    getItem: (key) => attempt((storage) => storage.getItem(key), () => null) ?? memory.get(key) ?? null,
    setItem: (key, value) => {
      attempt((storage) => (storage.setItem(key, value), memory.delete(key), undefined), () => void memory.set(key, value));
    },
    removeItem: (key) => {
      memory.delete(key);
      attempt((storage) => storage.removeItem(key), () => undefined);
    },
  };
}
