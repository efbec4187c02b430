import { FileText, Mic } from 'lucide-preact';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { FileRef } from '../client/transcript';
import { fileSize } from './words';

/**
 * The address of a file, when it is one that a reader may be led to: over TLS, or from the server that this page is from. The
 * name of who sent it is no reason to trust it.
 */
export function fileAddress(url: string, page: string = window.location.href): { href: string; ours: boolean } | undefined {
  try {
    const { origin, protocol, username, password, href } = new URL(url, page);
    const ours = origin === new URL(page).origin && /^https?:$/.test(protocol);
    if (username || password || !(ours || protocol === 'https:')) return undefined;
    return { href, ours };
  } catch {
    return undefined;
  }
}

/**
 * What a message brings besides words: a link, or a recording to listen to. Nothing is fetched before somebody asks for it, and
 * nothing plays in the page but what our server keeps: the content security policy refuses the rest.
 */
export function FileView({ file }: { file: FileRef }): JSX.Element {
  const [broken, setBroken] = useState(false);
  const address = fileAddress(file.url);
  if (file.kind === 'voice' && address?.ours && !broken) {
    return (
      <div class="message-audio">
        <audio controls preload="none" src={address.href} title="Voice message" onError={() => setBroken(true)} />
      </div>
    );
  }
  const voice = file.kind === 'voice';
  const name = file.name ?? (voice ? 'Voice message' : file.id);
  return (
    <div class="message-content message-file">
      {voice ? <Mic size={20} aria-hidden="true" /> : <FileText size={20} aria-hidden="true" />}
      <span class="file-words">
        {address ? (
          <a href={address.href} target="_blank" rel="noopener noreferrer nofollow">
            {name}
          </a>
        ) : (
          <span>{name}</span>
        )}
        <span class="file-note">{address ? noteOf(file, broken) : 'This address cannot be opened safely.'}</span>
      </span>
    </div>
  );
}

function noteOf(file: FileRef, broken: boolean): string {
  if (broken) return 'Cannot be played here; open it instead.';
  if (file.size !== undefined) return fileSize(file.size);
  return file.kind === 'voice' ? 'Opens in a new tab' : '';
}
