import { isDeepStrictEqual } from "node:util";
import { Fault } from "@release-actions/codes";
import type { Answer } from "@release-actions/net";
import { query, type JsonValue } from "jsonpath-rfc9535";
import { RE2JS } from "re2js";
import type { Check, ExpectedValue, Json } from "./check.ts";
import { fillJson, fillPattern, fillText, type Variables } from "./placeholders.ts";

/** What did not hold. */
export type Miss = { saw: string; expected: string };
export type Expectation = (answer: Answer) => Miss | undefined;

const shownLength = 200;

/**
 * Everything that a check wants of an answer, in the order in which it is told.
 * @throws Fault RA4002 where the check itself is wrong
 */
export function expectationsOf(check: Check, variables: Variables): Expectation[] {
  const status = check.status ?? 200;
  const expectations: Expectation[] = [
    (answer) =>
      answer.status === status
        ? undefined
        : { saw: `status ${answer.status}${bodyStart(answer)}`, expected: `status ${status}` },
  ];
  for (const [name, wanted] of Object.entries(check.headers ?? {}))
    expectations.push(headerExpectation(name, wanted, variables));
  const { contains, matches } = check.body ?? {};
  if (contains !== undefined) {
    const text = fillText(contains, variables);
    expectations.push((answer) =>
      answer.text().includes(text)
        ? undefined
        : { saw: `body ${shown(answer.text())}`, expected: `a body with ${shown(text)}` },
    );
  }
  if (matches !== undefined) {
    const pattern = compile(matches, variables);
    expectations.push((answer) =>
      pattern.test(answer.text())
        ? undefined
        : {
            saw: `body ${shown(answer.text())}`,
            expected: `a body that matches ${pattern.pattern()}`,
          },
    );
  }
  for (const [path, wanted] of Object.entries(check.json ?? {}))
    expectations.push(jsonExpectation(path, wanted, variables));
  return expectations;
}

function headerExpectation(
  name: string,
  wanted: string | { matches: string },
  variables: Variables,
): Expectation {
  const key = name.toLowerCase();
  const seen = (answer: Answer): string =>
    answer.headers[key] === undefined
      ? `no header ${key}`
      : `header ${key}: ${shown(answer.headers[key])}`;
  if (typeof wanted === "string") {
    const text = fillText(wanted, variables);
    return (answer) =>
      answer.headers[key] === text
        ? undefined
        : { saw: seen(answer), expected: `header ${key}: ${shown(text)}` };
  }
  const pattern = compile(wanted.matches, variables);
  return (answer) => {
    const value = answer.headers[key];
    return value !== undefined && pattern.test(value)
      ? undefined
      : { saw: seen(answer), expected: `header ${key} that matches ${pattern.pattern()}` };
  };
}

/** @throws Fault RA4002 for what is no JSONPath that can be used */
export function checkJsonPath(path: string): void {
  // These two functions of JSONPath run the host's regular expressions, which can take for ever.
  if (/\b(match|search)\s*\(/.test(path))
    throw new Fault("RA4002", {
      saw: `The JSONPath ${shown(path)} uses match or search; \`matches\` does that.`,
    });
  try {
    query(null, path);
  } catch (cause) {
    throw new Fault("RA4002", { saw: `${shown(path)} is not a JSONPath.`, cause });
  }
}

/** @throws Fault RA4002 for what is no regular expression, whatever its placeholders stand for */
export function checkPattern(pattern: string): void {
  compile(pattern.replaceAll(/\$\{[^}]*\}/g, "x"), {});
}

function jsonExpectation(path: string, wanted: ExpectedValue, variables: Variables): Expectation {
  checkJsonPath(path);
  const { holds, words } = comparison(path, wanted, variables);
  const expected = `${path} ${words}`;
  return (answer) => {
    let document: unknown;
    try {
      document = JSON.parse(answer.text());
    } catch {
      return { saw: `a body that is not JSON: ${shown(answer.text())}`, expected };
    }
    const values = query(document as JsonValue, path);
    if (values.length === 0) return { saw: `nothing at ${path}`, expected };
    const wrong = values.find((value) => !holds(value));
    return wrong === undefined
      ? undefined
      : { saw: `${path} is ${shown(JSON.stringify(wrong))}`, expected };
  };
}

function comparison(
  path: string,
  wanted: ExpectedValue,
  variables: Variables,
): { holds: (value: Json) => boolean; words: string } {
  if (wanted === null || typeof wanted !== "object" || Array.isArray(wanted))
    return equality(wanted, variables);
  const parts = Object.entries(wanted).map(([word, operand]) => {
    if (word === "equals") return equality(operand as Json, variables);
    if (word === "matches" && typeof operand === "string") {
      const pattern = compile(operand, variables);
      return {
        holds: (value: Json) => typeof value === "string" && pattern.test(value),
        words: `matches ${pattern.pattern()}`,
      };
    }
    if (word === "below" && typeof operand === "number")
      return {
        holds: (value: Json) => typeof value === "number" && value < operand,
        words: `is below ${operand}`,
      };
    if (word === "at-least" && typeof operand === "number")
      return {
        holds: (value: Json) => typeof value === "number" && value >= operand,
        words: `is at least ${operand}`,
      };
    throw new Fault("RA4002", {
      saw: `${word} at ${path} cannot be used; there are equals, matches (a text), below and at-least (numbers).`,
    });
  });
  if (parts.length === 0) throw new Fault("RA4002", { saw: `Nothing is expected at ${path}.` });
  return {
    holds: (value) => parts.every((part) => part.holds(value)),
    words: parts.map((part) => part.words).join(" and "),
  };
}

function equality(
  wanted: Json,
  variables: Variables,
): { holds: (value: Json) => boolean; words: string } {
  const filled = fillJson(wanted, variables);
  return {
    holds: (value) => isDeepStrictEqual(value, filled),
    words: `is ${shown(JSON.stringify(filled))}`,
  };
}

function compile(pattern: string, variables: Variables): RE2JS {
  const filled = fillPattern(pattern, variables);
  try {
    return RE2JS.compile(filled);
  } catch (cause) {
    throw new Fault("RA4002", {
      saw: `${shown(pattern)} is not a regular expression (RE2).`,
      cause,
    });
  }
}

function bodyStart(answer: Answer): string {
  const text = answer.text().trim();
  return text === "" ? "" : `, body ${shown(text)}`;
}

function shown(text: string): string {
  return text.length > shownLength ? `${text.slice(0, shownLength)}…`.toWellFormed() : text;
}
