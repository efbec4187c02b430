// The chat page: finds the server and the token, makes the client, shows it.

import { render } from 'preact';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { makeApi } from '../client/api';
import { ChatClient, type ClientPorts, type Opening } from '../client/chat_client';
import { askParent, hasParent, listenToParent, renewalOf } from '../client/parent';
import { placeOf } from '../client/place';
import { claimsOf, findToken, keepToken, reloadForToken, safeStorage } from '../client/token';
import '../styles/base.css';
import '../styles/chat.css';
import '../styles/markdown.css';
import '../styles/people.css';
import { applyTheme } from '../ui/theme';
import { ChatPage } from './chat_page';
import { Header } from './header';
import { LoadingTranscript, SignedOut } from './states';

/** Milliseconds for which the server gathers pieces: more often than this nobody sees the text grow. */
const merge = 40;
/** Milliseconds in which a parent should have answered with a token. */
const parentPatience = 5000;

const storage = safeStorage(() => window.sessionStorage);
const address = new URL(window.location.href);
const place = placeOf(address);
const found = findToken(address, place.host, storage);
let token = found.token;
reloadForToken(window);

function browserPorts(): ClientPorts {
  return {
    api: makeApi(place.http, () => token, (url, init) => fetch(url, init)),
    open: (url, protocols) => new WebSocket(url, protocols) as unknown as ReturnType<ClientPorts['open']>,
    clock: {
      now: () => Date.now(),
      after: (ms, callback) => {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
    },
    random: Math.random,
    newId: () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
    storage,
    token: () => token,
    renewToken: hasParent(window) ? renewalOf(window) : undefined,
    isOnline: () => navigator.onLine,
  };
}

function openingOf(url: URL): Opening {
  const sessionId = url.searchParams.get('session_id');
  if (sessionId) return { sessionId };
  return url.searchParams.get('new') === '1' ? { fresh: true } : {};
}

/** What must not be in the address any more: the token, and `new`, which a reload would do again. */
function cleanAddress(): void {
  const url = new URL(found.cleanUrl ?? address.href);
  url.searchParams.delete('new');
  if (url.href !== address.href) window.history.replaceState(null, '', url.href);
}

function startClient(opening: Opening): ChatClient {
  const client = new ChatClient(place.ws, browserPorts(), opening, undefined, { merge });
  client.start();
  return client;
}

function App(): JSX.Element {
  const [client, setClient] = useState(() => (token ? startClient(openingOf(address)) : undefined));
  const [asking, setAsking] = useState(!token && hasParent(window));

  useEffect(() => {
    const receive = (fresh: string): void => {
      const sameUser = token !== undefined && claimsOf(fresh).userId === claimsOf(token).userId;
      const another = fresh !== token;
      token = fresh;
      keepToken(fresh, place.host, storage);
      setAsking(false);
      setClient((current) => {
        if (current && sameUser) {
          if (another || current.current.connection.kind !== 'online') current.tokenRenewed();
          return current;
        }
        current?.close();
        return startClient(openingOf(address));
      });
    };
    return listenToParent(window, receive);
  }, []);

  useEffect(() => {
    if (!asking) return undefined;
    askParent(window, 'request_token');
    const timer = setTimeout(() => setAsking(false), parentPatience);
    return () => clearTimeout(timer);
  }, [asking]);

  useEffect(() => watchNetwork(() => client), [client]);

  if (!client) return <WithoutToken asking={asking} onRetry={hasParent(window) ? () => setAsking(true) : undefined} />;
  const openActive = (): void => {
    client.close();
    const url = new URL(window.location.href);
    url.searchParams.delete('session_id');
    window.history.replaceState(null, '', url.href);
    setClient(startClient({}));
  };
  const renewToken = hasParent(window) ? () => client.signInAgain() : undefined;
  return <ChatPage client={client} storage={storage} renewToken={renewToken} openActive={openActive} />;
}

function WithoutToken({ asking, onRetry }: { asking: boolean; onRetry: (() => void) | undefined }): JSX.Element {
  return (
    <div id="app" class="page">
      <Header name="Chat" connection={asking ? { kind: 'idle' } : { kind: 'unauthorized', expired: false }} />
      {asking ? <LoadingTranscript /> : <SignedOut expired={false} onRetry={onRetry} />}
    </div>
  );
}

/** Cuts waits short when the device or the tab comes back. */
function watchNetwork(client: () => ChatClient | undefined): () => void {
  const up = (): void => client()?.networkChanged(true);
  const down = (): void => client()?.networkChanged(false);
  const seen = (): void => {
    if (!document.hidden && navigator.onLine) up();
  };
  const restored = (event: PageTransitionEvent): void => {
    if (event.persisted) client()?.reconnect();
  };
  window.addEventListener('online', up);
  window.addEventListener('offline', down);
  document.addEventListener('visibilitychange', seen);
  window.addEventListener('pageshow', restored);
  return () => {
    window.removeEventListener('online', up);
    window.removeEventListener('offline', down);
    document.removeEventListener('visibilitychange', seen);
    window.removeEventListener('pageshow', restored);
  };
}

applyTheme();
cleanAddress();
render(<App />, document.body);
