// Words of a report in Markdown: reports are handed on, and none of their words may be a picture, a tag or a cell of the page, or a link that
// reads as something else. A bare address stays one, and says itself where it leads.

/** With a backslash before each sign that means something in a line of Markdown (CommonMark 2.4, and the bar of GitHub's tables). */
export function plain(words: string): string {
  return words.replaceAll(/[\\`*_[\]<>|~#&!]/g, String.raw`\$&`);
}
