import { render } from 'preact';
import { afterEach, describe, expect, it } from 'vitest';
import { FileView, fileAddress } from '../src/chat/file_view';
import type { FileRef } from '../src/client/transcript';

const page = 'https://help.example/chatbox/chat.html';

afterEach(() => render(null, document.body));

function shown(file: Partial<FileRef>): HTMLElement {
  render(<FileView file={{ id: 'f', url: 'https://files.example/f', kind: 'file', ...file }} />, document.body);
  return document.body;
}

describe('the address of a file', () => {
  it('is one over TLS, or of the server that the page is from', () => {
    expect(fileAddress('https://files.example/f', page)).toEqual({ href: 'https://files.example/f', ours: false });
    expect(fileAddress('/chatbox/files/f?x=1', page)).toEqual({ href: 'https://help.example/chatbox/files/f?x=1', ours: true });
    expect(fileAddress('http://127.0.0.1:8080/files/f', 'http://127.0.0.1:8080/')).toMatchObject({ ours: true });
  });

  it('is none when it could do something else, or hides where it leads', () => {
    for (const url of [
      'javascript:alert(1)', ' javascript:alert(1)', 'data:text/html,x', 'blob:https://help.example/1', 'http://files.example/f', 'ftp://files.example/f',
      'https://help.example@evil.example/f', 'https://', 'file:///etc/passwd',
    ]) {
      expect(fileAddress(url, page), url).toBeUndefined();
    }
  });
});

describe('a file in a message', () => {
  it('is a link with its name and size, which tells the other site nothing about this one', () => {
    const link = shown({ name: 'a.pdf', size: 123_456 }).querySelector('.message-file a');
    expect(link?.getAttribute('href')).toBe('https://files.example/f');
    expect(link?.getAttribute('rel')).toContain('noreferrer');
    expect(document.body.textContent).toBe('a.pdf123 kB');
  });

  it('whose address is not safe is only named', () => {
    expect(shown({ url: 'javascript:alert(1)', name: 'x' }).querySelector('a')).toBeNull();
    expect(document.body.textContent).toContain('cannot be opened safely');
  });

  it('is played when it is a recording that our server keeps, and fetched only then', () => {
    const audio = shown({ kind: 'voice', url: '/files/v.webm' }).querySelector('.message-audio audio');
    expect(audio?.getAttribute('preload')).toBe('none');
    expect(audio?.hasAttribute('controls')).toBe(true);
  });

  it('is a link when it is a recording that lies elsewhere', () => {
    expect(shown({ kind: 'voice' }).querySelector('audio')).toBeNull();
    expect(document.body.querySelector('a')?.textContent).toBe('Voice message');
  });
});
