// The administrators' page: signed in by the same kind of token as the chat.

import { render } from 'preact';
import { makeApi } from '../client/api';
import { placeOf } from '../client/place';
import { claimsOf, findToken, reloadForToken, safeStorage } from '../client/token';
import '../styles/base.css';
import '../styles/admin.css';
import { applyTheme } from '../ui/theme';
import { AdminPage } from './admin_page';

const address = new URL(window.location.href);
const place = placeOf(address);
const { token, cleanUrl } = findToken(
  address,
  place.host,
  safeStorage(() => window.sessionStorage),
  [safeStorage(() => window.localStorage)],
);
const claims = token ? claimsOf(token) : undefined;

applyTheme();
reloadForToken(window);
if (cleanUrl) window.history.replaceState(null, '', cleanUrl);
render(
  <AdminPage
    api={token ? makeApi(place.http, () => token, (url, init) => fetch(url, init)) : undefined}
    name={claims?.name ?? claims?.userId}
  />,
  document.body,
);
