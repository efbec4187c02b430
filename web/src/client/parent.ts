// Talking with the application that frames the page (contract of the original: request_token, token).

import { isRecord } from './frames';

interface NativeBridge {
  postMessage(text: string): void;
}

export interface ParentWindow {
  readonly parent: unknown;
  readonly ReactNativeWebView?: NativeBridge;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

/** Is there somebody who could give us a token? */
export function hasParent(page: ParentWindow): boolean {
  return page.ReactNativeWebView !== undefined || page.parent !== page;
}

/** Asks for a token. Nothing secret is in the question, so any parent may hear it. */
export function askParent(page: ParentWindow, type: 'request_token' | 'refresh_token'): void {
  if (page.ReactNativeWebView) page.ReactNativeWebView.postMessage(JSON.stringify({ type }));
  else if (page.parent !== page) (page.parent as Window).postMessage({ type }, '*');
}

/**
 * Asks for a new token each time it is called. A parent made for the original knows one question only, and it is not said which:
 * each is asked in turn.
 */
export function renewalOf(page: ParentWindow): () => void {
  let times = 0;
  return () => askParent(page, times++ % 2 === 0 ? 'refresh_token' : 'request_token');
}

/**
 * Calls `receive` for each token that the parent sends; returns how to stop. Only the window that frames us is listened to:
 * who that may be is decided by the server's frame-ancestors. A native web view has no window to compare, and posts strings.
 */
export function listenToParent(page: ParentWindow, receive: (token: string) => void): () => void {
  const listener = (event: MessageEvent): void => {
    const fromParent = page.parent !== page && event.source === page.parent;
    if (!fromParent && !page.ReactNativeWebView) return;
    const token = tokenIn(event.data);
    if (token) receive(token);
  };
  page.addEventListener('message', listener);
  return () => page.removeEventListener('message', listener);
}

function tokenIn(data: unknown): string | undefined {
  let value = data;
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value);
    } catch {
      return undefined;
    }
  }
  if (!isRecord(value) || value['type'] !== 'token') return undefined;
  return typeof value['token'] === 'string' && value['token'] ? value['token'] : undefined;
}
