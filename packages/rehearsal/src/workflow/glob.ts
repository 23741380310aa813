/**
 * GitHub's filter patterns for branches, tags and paths: `*` stops at a slash, `**` does not, `?` and `+` repeat
 * the character before, `[ab]` is a set. A list is read in order and `!pattern` takes back what matched before.
 */
export function matchesFilter(patterns: string[], name: string): boolean {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) {
      if (expressionOf(pattern.slice(1)).test(name)) matched = false;
    } else if (expressionOf(pattern).test(name)) matched = true;
  }
  return matched;
}

function expressionOf(pattern: string): RegExp {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? "";
    if (pattern.startsWith("**/", at)) {
      // `**/x` also matches `x` at the top.
      source += "(?:.*/)?";
      at += 2;
    } else if (pattern.startsWith("**", at)) {
      source += ".*";
      at += 1;
    } else if (character === "*") source += "[^/]*";
    else if (character === "?" || character === "+") source += character;
    else if (character === "[") {
      const close = pattern.indexOf("]", at);
      if (close < 0) source += "\\[";
      else {
        source += `[${pattern.slice(at + 1, close).replaceAll("\\", "\\\\")}]`;
        at = close;
      }
    } else if (character === "\\" && at + 1 < pattern.length) {
      at += 1;
      source += (pattern[at] ?? "").replace(/[^A-Za-z0-9]/, "\\$&");
    } else source += character.replace(/[^A-Za-z0-9]/, "\\$&");
  }
  return new RegExp(`^${source}$`, "s");
}
