/** Text from the wire for a record: printable ASCII only, everything else as `\xHH`, cut to `max` characters. */
export function wireText(text: string, max = 253): string {
  const cut = text.length > max ? `${text.slice(0, max)}...` : text;
  // Almost everything that gets here is plain already; the replacement runs for what is not.
  return /^[\x20-\x5b\x5d-\x7e]*$/.test(cut) ? cut : cut.replace(/[^\x20-\x5b\x5d-\x7e]/g, escape);
}

function escape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
