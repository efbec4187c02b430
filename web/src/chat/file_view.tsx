import { FileText, Mic } from 'lucide-preact';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { FileRef } from '../client/transcript';
import { fileSize } from './words';

/**
 * The address of a file, when it is one that a reader may be led to: over TLS, or from the server that this page is from. The
 * name of who sent it is no reason to trust it.
 */
export function fileAddress(url: string, page: string = window.location.href): string | undefined {
  try {
    const address = new URL(url, page);
    const ours = address.origin === new URL(page).origin && /^https?:$/.test(address.protocol);
    if (address.username || address.password) return undefined;
    return ours || address.protocol === 'https:' ? address.href : undefined;
  } catch {
    return undefined;
  }
}

/** What a message brings besides words: a link, or a recording to listen to. Nothing is fetched before somebody asks for it. */
export function FileView({ file }: { file: FileRef }): JSX.Element {
  const [broken, setBroken] = useState(false);
  const address = fileAddress(file.url);
  if (file.kind === 'voice' && address && !broken) {
    return (
      <div class="message-audio">
        <audio controls preload="none" src={address} title="Voice message" onError={() => setBroken(true)} />
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
          <a href={address} target="_blank" rel="noopener noreferrer nofollow">
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
  return file.size === undefined ? '' : fileSize(file.size);
}
