/**
 * Patterns of policies: `*` and `?`, and policy variables such as `${iot:ClientId}`. Pure.
 * A variable's value is put in as literal characters: a client whose id is `*` gains nothing by it.
 */

/** What is known of a request, by the names that policies use. An absent name is one that AWS could not resolve. */
export type Variables = Readonly<Record<string, string | undefined>>;

const ANY = Symbol('any number of characters');
const ONE = Symbol('one character');
type Token = string | typeof ANY | typeof ONE;

/** `${*}`, `${?}` and `${$}` stand for the bare character (IAM User Guide, "Policy variables"). */
const ESCAPES: ReadonlySet<string> = new Set(['*', '?', '$']);

/** Does the pattern match? A pattern with a variable that has no value matches nothing. */
export function matches(pattern: string, value: string, variables: Variables, options = { ignoreCase: false }): boolean {
  const tokens = tokenize(options.ignoreCase ? pattern.toLowerCase() : pattern, variables);
  return tokens !== undefined && matchTokens(tokens, options.ignoreCase ? value.toLowerCase() : value);
}

/** Puts values in place of variables and leaves wildcards alone; undefined where a value is missing. */
export function substitute(pattern: string, variables: Variables): string | undefined {
  const tokens = tokenize(pattern, variables);
  return tokens?.map((token) => (token === ANY ? '*' : token === ONE ? '?' : token)).join('');
}

function tokenize(pattern: string, variables: Variables): Token[] | undefined {
  const tokens: Token[] = [];
  for (const [whole, name] of pattern.matchAll(/\$\{([^}]*)\}|[^]/g)) {
    if (name === undefined) {
      tokens.push(whole === '*' ? ANY : whole === '?' ? ONE : whole);
    } else {
      const value = ESCAPES.has(name) ? name : lookUp(variables, name);
      if (value === undefined) return undefined;
      tokens.push(...value.split(''));
    }
  }
  return tokens;
}

/** Condition keys and variables are case-insensitive (IAM User Guide, "Condition keys"). */
export function lookUp(variables: Variables, name: string): string | undefined {
  const key = Object.keys(variables).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : variables[key];
}

/** Greedy with one step back, so that a hostile topic costs length times length at most, never more. */
function matchTokens(tokens: readonly Token[], value: string): boolean {
  let at = 0;
  let token = 0;
  let star = -1;
  let starAt = 0;
  while (at < value.length) {
    const current = tokens[token];
    if (current === ANY) {
      star = token++;
      starAt = at;
    } else if (current === ONE || current === value[at]) {
      token++;
      at++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (tokens[token] === ANY) token++;
  return token === tokens.length;
}
