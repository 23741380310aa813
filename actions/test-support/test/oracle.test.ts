import { describe, expect, test } from "vitest";
import { foreignCommands, liveMarkup, wrongsOfTexts } from "../hostile/oracle.ts";
import { showsSecret } from "../secret-forms.ts";

describe("what a runner would take for a command", () => {
  test.each([
    ["::set-output name=x::y"],
    ["text\r::error::INJECTED"],
    ["text\u2028  ::warning::INJECTED"],
    ["\u200b::add-path::x"],
    ["text ##[error]x"],
    ["#\u200b#[error]x"],
    ["::stop-commands::INJECTED"],
    ["::error title=x::INJECTED"],
  ])("%j", (printed) => expect(foreignCommands(printed)).toHaveLength(1));

  test.each([
    ["::error title=RA1002 A title::`tag` is ::error::INJECTED. Next: Do."],
    ["::add-mask::##[x]INJECTED"],
    ["::group::Deploy\n::endgroup::"],
    ["::stop-commands::0123abcd\n::error::INJECTED\n::0123abcd::"],
    [": :error::INJECTED"],
    ["# #[error]x"],
  ])("but not %j", (printed) => expect(foreignCommands(printed)).toEqual([]));
});

describe("what GitHub would show as mark-up", () => {
  test.each([
    ["<script>x</script>"],
    ["a <IMG src=x>"],
    ["[x](javascript:x)"],
    ["[x]( <javascript:x>)"],
    ["![x](https://example.org/x.png)"],
    ["cc @ada"],
    ["`code` @here"],
  ])("%j", (markdown) => expect(liveMarkup(markdown)).toHaveLength(1));

  test.each([
    ["&lt;script&gt;"],
    ["`<script>`"],
    ["``a ` <img> @ada``"],
    ["```text\n<script>\n@ada\n```"],
    ["\\[x\\](javascript:x)"],
    ["!\\[x\\](https://example.org)"],
    ["@\u2060ada"],
    ["[ada](<https://example.org>)"],
  ])("but not %j", (markdown) => expect(liveMarkup(markdown)).toEqual([]));
});

test("what hides in a written text is told with its place", () => {
  const texts = [
    { place: "POST /issues body", text: "a\u202eb @ada", isMarkdown: true },
    { place: "POST /issues title", text: "@ada <b>\n", isMarkdown: false },
  ];
  expect(wrongsOfTexts(texts)).toEqual([
    'wrote "\u202e" into POST /issues body',
    "wrote mark-up into POST /issues body: @ada",
  ]);
});

describe("a secret", () => {
  const secret = 'canary/of "the+test"?';
  test.each([
    ["as it is", `x${secret}y`],
    ["in base64", Buffer.from(`x${secret}y`).toString("base64")],
    ["in base64, one letter on", Buffer.from(`xx${secret}y`).toString("base64")],
    ["in base64, two letters on", Buffer.from(`xxx${secret}`).toString("base64")],
    ["in base64 for addresses", Buffer.from(`ci:${secret}`).toString("base64url")],
    ["in an address", `?token=${encodeURIComponent(secret)}`],
    ["in JSON", JSON.stringify({ secret })],
    ["in hexadecimal digits", Buffer.from(secret).toString("hex")],
  ])("is seen %s", (_, text) => expect(showsSecret(text, secret)).toBe(true));

  test("is not seen where it is not", () => {
    expect(showsSecret("canary of the test", secret)).toBe(false);
    expect(showsSecret(Buffer.from("canary of the test").toString("base64"), secret)).toBe(false);
  });
});
