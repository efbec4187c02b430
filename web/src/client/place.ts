// Where the server is, seen from the page that was opened.

export interface Place {
  /** Origin and path prefix, without a slash at the end: `https://host/chatbox`. */
  http: string;
  ws: string;
  /** `host[:port]` of the server. */
  host: string;
  prefix: string;
}

/**
 * The server is the one that served the page, under the folder that the page is in. `?api=host[:port]` and `?prefix=/path`
 * say otherwise; a value that is not what it should be is ignored.
 */
export function placeOf(url: URL): Place {
  const api = url.searchParams.get('api') ?? '';
  const host = /^[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/.test(api) ? api : url.host;
  const wanted = url.searchParams.get('prefix');
  const folder = url.pathname.slice(0, url.pathname.lastIndexOf('/'));
  const prefix = wanted !== null && /^(\/[A-Za-z0-9._~-]+)*\/?$/.test(wanted) ? wanted.replace(/\/$/, '') : folder;
  const secure = url.protocol === 'https:';
  return {
    http: `${secure ? 'https' : 'http'}://${host}${prefix}`,
    ws: `${secure ? 'wss' : 'ws'}://${host}${prefix}`,
    host,
    prefix,
  };
}
