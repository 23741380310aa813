import { tmpdir } from "node:os";
import { join } from "node:path";

/** Stands in a hostile text where somebody who believes the text would act on it. */
export const mark = "INJECTED";

/** What a shell would make if it were given a hostile text. */
export const shellFile = join(tmpdir(), `made-by-a-shell-${process.pid}`);

/** As long as a variable of a process may be on Linux, nearly. */
const longest = 120_000;

/** What can be written where a text is expected, a name for each kind of harm. */
export const hostileTexts = {
  nothing: "",
  "too long": "9".repeat(longest),
  "a line that is a command": `1.0.0\n::error::${mark}\n  ::set-output name=result::${mark}\n::stop-commands::${mark}`,
  "other line ends": ["1.0.0", ..."\r\v\f\u0085\u2028\u2029"].join(`::error::${mark}`),
  "a command within a line": `1.0.0 ##[error]${mark} ::error::${mark} #\u200b#[add-path]${mark}`,
  "control characters": "1.0.0\u001b[2J\u0007\b\u007f\u009b31m",
  "another direction": "1.0.0\u202e0.0.9\u2066-\u2069\u200f",
  HTML: `<script>${mark}</script><img src=x onerror=${mark}> & --> <!-- ${mark} -->`,
  Markdown: `[x](javascript:${mark}) ![x](https://evil.example.org/x.png) @ada | # x \`\`\` \\`,
  "a path that leads out": "../../../../../../etc/passwd",
  "an option": "--help",
  "a shell's command": `$(touch ${shellFile}) ; touch ${shellFile} | \`touch ${shellFile}\` && x`,
  "another type": '[1, {"a": null}, true]',
  "an expression": `\${{ github.token }} \${nope} %0A::error::${mark}`,
  "a name of JavaScript's own": "__proto__",
} as const satisfies Record<string, string>;

export type Hostile = keyof typeof hostileTexts;

/** All of them but nothing: for what is a sentence of a person. */
export const anySentence = (Object.keys(hostileTexts) as Hostile[]).filter(
  (kind) => kind !== "nothing",
);

/** Globs that a naive reader would work on for years, or remember every form of. */
export const explodingGlobs = {
  "stars that explode": `${"*a".repeat(40)}b`,
  "folders that explode": "**/".repeat(200) + "x",
  "braces that explode": "{a,b}".repeat(30),
  "a range that explodes": "{1..999999999}",
};
