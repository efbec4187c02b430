import { Check, EllipsisVertical, Monitor, Moon, Sparkles, SquarePen, Sun, User } from 'lucide-preact';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ConnectionState } from '../client/connection';
import type { Control } from '../client/transcript';
import { useNow } from '../ui/hooks';
import { Menu } from '../ui/menu';
import { chooseTheme, currentTheme, type Theme } from '../ui/theme';
import { indicatorClass, stateWord, whoWord } from './words';

export function AssistantMark({ size }: { size: number }): JSX.Element {
  return (
    <span class="avatar ai-mark" aria-hidden="true">
      <Sparkles size={size} />
    </span>
  );
}

export function PersonMark({ name, size }: { name: string | undefined; size: number }): JSX.Element {
  return (
    <span class="avatar person" aria-hidden="true">
      {name ? [...name][0]?.toUpperCase() : <User size={size} />}
    </span>
  );
}

function PersonName({ name }: { name: string | undefined }): JSX.Element {
  return (
    <h1 id="admin-name-display">
      <span class="off-screen">Assisted by: </span>
      <span id="admin-name">{name ?? 'A person'}</span>
    </h1>
  );
}

interface HeaderProps {
  /** Of the assistant. */
  name: string;
  control?: Control;
  /** Name of the person who answers, when it is known. */
  helper?: string | undefined;
  connection: ConnectionState;
  /** Undefined when a new chat makes no sense now. */
  onNewChat?: (() => void) | undefined;
}

export function Header({ name, control = 'ai', helper, connection, onNewChat }: HeaderProps): JSX.Element {
  const now = useNow(500, connection.kind === 'waiting');
  return (
    <header class="header">
      <div class="column header-row">
        {control === 'human' ? <PersonMark name={helper} size={20} /> : <AssistantMark size={20} />}
        <div class="who">
          {control === 'human' ? <PersonName name={helper} /> : <h1>{name}</h1>}
          <p>
            <span id="who-answers">{whoWord(control)}</span>
            <span class="dot" aria-hidden="true">
              ·
            </span>
            <span id="connection-status" class="connection-status">
              <span id="status-indicator" class={`indicator ${indicatorClass(connection)}`} aria-hidden="true" />
              <span id="status-text">{stateWord(connection, now)}</span>
            </span>
          </p>
        </div>
        <ChatMenu onNewChat={onNewChat} />
      </div>
    </header>
  );
}

const themes: { theme: Theme; label: string; icon: JSX.Element }[] = [
  { theme: 'system', label: 'Like the system', icon: <Monitor size={16} aria-hidden="true" /> },
  { theme: 'light', label: 'Light', icon: <Sun size={16} aria-hidden="true" /> },
  { theme: 'dark', label: 'Dark', icon: <Moon size={16} aria-hidden="true" /> },
];

export function ChatMenu({ onNewChat }: { onNewChat?: (() => void) | undefined }): JSX.Element {
  const [theme, setTheme] = useState(currentTheme);
  const choose = (wanted: Theme): void => {
    chooseTheme(wanted);
    setTheme(wanted);
  };
  return (
    <Menu label="Menu" id="menu-btn" icon={<EllipsisVertical size={20} aria-hidden="true" />}>
      {(close) => (
        <>
          {onNewChat && (
            <>
              <button type="button" role="menuitem" id="new-chat-btn" onClick={() => (close(), onNewChat())}>
                <SquarePen size={16} aria-hidden="true" />
                New chat
              </button>
              <hr />
            </>
          )}
          <p class="menu-title" id="theme-title">
            Appearance
          </p>
          {themes.map((entry) => (
            <button
              key={entry.theme}
              type="button"
              role="menuitemradio"
              aria-checked={entry.theme === theme}
              onClick={() => (choose(entry.theme), close())}
            >
              {entry.icon}
              {entry.label}
              {entry.theme === theme && <Check class="menu-check" size={16} aria-hidden="true" />}
            </button>
          ))}
        </>
      )}
    </Menu>
  );
}
