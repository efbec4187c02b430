// Offsets in the protocol count bytes of UTF-8; strings here count UTF-16 units.

/** Bytes that `text` takes in UTF-8. A lone surrogate counts as the replacement character that it is sent as. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) {
      bytes += 4;
      i++;
    } else bytes += 3;
  }
  return bytes;
}

/** `text` without its first `bytes` bytes. Undefined when the cut would fall inside a character or behind the end. */
export function dropUtf8(text: string, bytes: number): string | undefined {
  const at = indexOfByte(text, bytes);
  return at === undefined ? undefined : text.slice(at);
}

/** The first `bytes` bytes of `text`, under the same conditions. */
export function takeUtf8(text: string, bytes: number): string | undefined {
  const at = indexOfByte(text, bytes);
  return at === undefined ? undefined : text.slice(0, at);
}

function indexOfByte(text: string, bytes: number): number | undefined {
  let left = bytes;
  let i = 0;
  while (left > 0 && i < text.length) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) left -= 1;
    else if (unit < 0x800) left -= 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) {
      left -= 4;
      i++;
    } else left -= 3;
    i++;
  }
  return left === 0 ? i : undefined;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
