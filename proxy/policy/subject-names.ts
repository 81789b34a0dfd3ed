// The text that Node makes of a subject alternative name, to its names. An entry that holds a comma, a quote or anything that is not plain is quoted
// there (CVE-2021-44532): it is no name of ours, and what stands inside the quotes is not read.

const KINDS = ['DNS:', 'URI:', 'email:'];

/** DNS names, URIs and mail addresses. */
export function subjectNames(text: string): string[] {
  return entriesOf(text).flatMap((entry) => {
    const kind = KINDS.find((candidate) => entry.startsWith(candidate));
    if (kind === undefined || entry.includes('"')) return [];
    const name = entry.slice(kind.length);
    return name === '' ? [] : [name];
  });
}

/** Split at commas outside of quotes, in which a backslash takes the next character's meaning (JSON). */
function entriesOf(text: string): string[] {
  const entries: string[] = [];
  let from = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (isQuoted && text[at] === '\\') at += 1;
    else if (text[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && text.startsWith(', ', at)) {
      entries.push(text.slice(from, at));
      from = at + 2;
    }
  }
  return text === '' ? [] : [...entries, text.slice(from)];
}
