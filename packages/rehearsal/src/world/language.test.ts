import { Fault } from "@release-actions/codes";
import { describe, expect, test } from "vitest";
import { readDocument } from "./document.ts";
import { rehearsalFile } from "./language.ts";
import { checkNames } from "./names.ts";

const head = `title: Small
repository: {name: team/product}
start: 2026-03-02T08:00:00Z
people: {ann: {access: write}}
hosts: {}
`;

const said = (text: string): string => {
  try {
    const read = readDocument("rehearsal.yml", text, rehearsalFile);
    const problems = checkNames(read.value);
    return problems.length > 0 ? read.unusable(problems).saw : "";
  } catch (error) {
    return error instanceof Fault ? `${error.code} ${error.saw}` : String(error);
  }
};

const scenario = (acts: string, expectations = "[]", rest = ""): string =>
  `${head}scenarios:\n  - name: one\n    acts: ${acts}\n    expect: ${expectations}\n${rest}`;

describe("the language of rehearsal.yml", () => {
  test("a small file is accepted", () => {
    expect(
      said(
        scenario(
          "[{commit: {message: First}, by: ann, as: first}, {tag: {name: 1.0.0, at: first}, by: ann}]",
        ),
      ),
    ).toBe("");
  });

  test("an enterprise server is accepted, with and without its version", () => {
    for (const more of ["", ", version: '3.20'"])
      expect(said(`${scenario("[]")}github: {server: ghe.example.org${more}}\n`)).toBe("");
  });

  test.each([
    [
      "a mistyped key names the nearest",
      scenario("[]").replace("title:", "titel:"),
      "rehearsal.yml:1:1: titel: this key is not known; did you mean title?",
    ],
    [
      "a missing key is named",
      scenario("[]").replace(/start:.*\n/, ""),
      "start: this key is missing",
    ],
    [
      "an unknown stand-in of a host",
      scenario("[]").replace("hosts: {}", "hosts: {a.example.org: registri}"),
      "rehearsal.yml:5:9: hosts.a.example.org: registry, zenodo, awx, smtp, chat, kubernetes <cluster> or ingress <cluster> is needed here",
    ],
    [
      "a cluster that is not declared",
      scenario("[]").replace("hosts: {}", "hosts: {a.example.org: kubernetes prod}"),
      "rehearsal.yml:5:9: hosts.a.example.org: there is no cluster prod",
    ],
    [
      "a version of a server that was never out",
      scenario("[]").replace(
        "hosts: {}",
        "hosts: {}\ngithub: {server: ghe.example.org, version: 3.20}",
      ),
      "github.version: one of 3.15, 3.16, 3.17, 3.18, 3.19, 3.20, 3.21, 3.22 is needed here, in quotes",
    ],
    [
      "a server with a scheme",
      scenario("[]").replace("hosts: {}", "hosts: {}\ngithub: {server: 'https://ghe.example.org'}"),
      "github.server: a host name is needed here",
    ],
    [
      "two verbs in one act",
      scenario("[{advance: 1h, prelude: x}]"),
      "an act has exactly one of commit",
    ],
    ["an act without its person", scenario("[{commit: {message: First}}]"), "who does it?"],
    [
      "a person who is not declared",
      scenario("[{commit: {message: First}, by: anne}]"),
      "there is no person anne; did you mean ann?",
    ],
    [
      "an act that comes later",
      scenario(
        "[{tag: {name: 1.0.0, at: first}, by: ann}, {commit: {message: First}, by: ann, as: first}]",
      ),
      "there is no act before this one called first",
    ],
    ["a duration", scenario("[{advance: 2 hours}]"), "a duration is a number and s, m, h or d"],
    ["broken YAML", `${head}scenarios: [`, "RA9020 rehearsal.yml:"],
    [
      "an act of an expectation",
      scenario("[]", "[{name: e, run: {of: first, is: success}}]"),
      "there is no act called first",
    ],
    [
      "an issue that is named twice",
      scenario("[{close-issue: {of: a, titled: b}, by: ann}]"),
      "exactly one of `of` (an act) and `titled` (a title) is needed here",
    ],
    [
      "a repository that is not declared",
      scenario("[{commit: {repository: other, message: First}, by: ann}]"),
      "there is no repository other",
    ],
    [
      "acts at once with a prelude",
      scenario("[{at-once: [{prelude: x}, {advance: 1h}]}]"),
      "this key is not known",
    ],
    [
      "a person of an act at once",
      scenario("[{at-once: [{tick: {titled: x, item: y}}, {advance: 1h}]}]"),
      "who does it?",
    ],
    [
      "a mail server without accounts",
      scenario("[]").replace("hosts: {}", "hosts: {smtp.example.org: smtp}"),
      "`smtp:` says nothing about its accounts",
    ],
    [
      "a secret of nothing",
      scenario("[]", "[]", "secrets: {A: {app-key: a}, B: {chat-hook: b}}\n"),
      "there is no app a",
    ],
    [
      "a prelude that contains itself",
      `${scenario("[{prelude: p}]")}preludes: {p: [{prelude: p}]}\n`,
      "the prelude p contains itself",
    ],
  ])("%s", (_what, text, sentence) => {
    expect(said(text)).toContain(sentence);
  });

  test("the product's own words are no proof of a requirement", () => {
    const acts = "[{commit: {message: First}, by: ann, as: first}]";
    const text = scenario(
      acts,
      "[{name: green, run: {of: first, is: none}}, {name: empty, file: {branch: x, path: y, is: none}}]",
      "requirements:\n  - {id: R-1, text: It works, proof: [{scenario: one, holds: [green]}]}\n",
    );
    expect(said(text)).toContain("green reads the product's own words (run)");
    expect(said(text.replace("holds: [green]", "holds: [empty]"))).toBe("");
    expect(said(text.replace("holds: [green]", "holds: [full]"))).toContain(
      "there is no expectation full",
    );
  });
});
