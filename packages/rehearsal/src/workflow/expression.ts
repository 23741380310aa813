import { data } from "@actions/expressions";
import { byExactName, evaluateTokens, lex } from "./evaluator.ts";

/** What an expression can see: contexts by name as plain values, and the functions that are not built in. */
export type Scope = {
  contexts: Record<string, unknown>;
  functions?: Record<string, (...values: string[]) => boolean | string>;
};

type Value = data.ExpressionData;

const statusFunctions = new Set(["success", "failure", "always", "cancelled"]);

/** Evaluates one expression (without `${{ }}`) to a plain value. Throws when it cannot be parsed or evaluated. */
export function evaluate(text: string, scope: Scope): unknown {
  return plain(run(text, scope));
}

/** A value of a workflow file in which every `${{ }}` is replaced; a string that is one whole expression keeps that expression's type. */
export function resolve(value: unknown, scope: Scope): unknown {
  if (typeof value === "string") return resolveText(value, scope);
  if (Array.isArray(value)) return value.flatMap((item) => insertItems(item, scope));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [fill(key, scope), resolve(item, scope)]),
    );
  }
  return value;
}

/** Like `resolve`, for places that take a string; an object or a list there is an error, as it is on GitHub. */
export function fill(value: unknown, scope: Scope): string {
  const resolved = resolve(value, scope);
  if (resolved !== null && typeof resolved === "object") {
    throw new Error(
      `A ${Array.isArray(resolved) ? "sequence" : "mapping"} was not expected: ${String(value)}`,
    );
  }
  return asText(resolved);
}

/** A mapping of strings (`env:`, `with:`, `outputs:`), or one expression that gives such a mapping. */
export function fillMapping(value: unknown, scope: Scope): Record<string, string> {
  if (value === undefined || value === null) return {};
  const whole = typeof value === "string" ? resolveText(value, scope) : value;
  if (whole === null || typeof whole !== "object" || Array.isArray(whole)) {
    throw new Error(`A mapping was expected, not ${JSON.stringify(value)}`);
  }
  return Object.fromEntries(
    Object.entries(whole).map(([key, item]) => [fill(key, scope), fill(item, scope)]),
  );
}

/** An `if:`; without a status function it holds only after success. */
export function holds(condition: unknown, scope: Scope): boolean {
  const text = String(condition ?? "");
  if (text.trim() === "") return evaluate("success()", scope) === true;
  const parts = split(text);
  const only = parts.length === 1 ? parts[0] : undefined;
  const source = only?.expression ?? (text.includes("${{") ? undefined : text);
  const asked =
    source === undefined
      ? parts.some((part) => part.expression !== undefined && asksStatus(part.expression))
      : asksStatus(source);
  if (!asked && evaluate("success()", scope) !== true) return false;
  return truthy(source === undefined ? fill(text, scope) : evaluate(source, scope));
}

export type Part = { literal: string; expression?: undefined } | { expression: string };

/** Splits a text into literals and expressions; `}}` inside a quoted string does not end an expression. */
export function split(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (;;) {
    const open = text.indexOf("${{", from);
    if (open < 0) break;
    if (open > from) parts.push({ literal: text.slice(from, open) });
    const close = endOf(text, open + 3);
    parts.push({ expression: text.slice(open + 3, close).trim() });
    from = close + 2;
  }
  if (from < text.length) parts.push({ literal: text.slice(from) });
  return parts;
}

/** The string that GitHub makes of a value where it needs text. */
export function asText(value: unknown): string {
  return convert(value).coerceString();
}

function endOf(text: string, from: number): number {
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "'") quoted = !quoted;
    else if (!quoted && text.startsWith("}}", at)) return at;
  }
  throw new Error(`The expression is not closed: ${text.slice(from - 3)}`);
}

function resolveText(text: string, scope: Scope): unknown {
  const parts = split(text);
  const only = parts.length === 1 ? parts[0] : undefined;
  if (only?.expression !== undefined) return evaluate(only.expression, scope);
  return parts
    .map((part) =>
      part.expression === undefined ? part.literal : run(part.expression, scope).coerceString(),
    )
    .join("");
}

/** An item that is one expression giving a list is spliced in, as GitHub's template does for sequences. */
function insertItems(item: unknown, scope: Scope): unknown[] {
  const resolved = resolve(item, scope);
  return typeof item === "string" && Array.isArray(resolved) ? resolved : [resolved];
}

function asksStatus(expression: string): boolean {
  return lex(expression).some(
    (token, at, all) =>
      statusFunctions.has(token.lexeme.toLowerCase()) && all[at + 1]?.lexeme === "(",
  );
}

function run(text: string, scope: Scope): Value {
  const functions = Object.entries(scope.functions ?? {}).map(([name, call]) => ({
    name,
    minArgs: 0,
    maxArgs: 255,
    call: (...values: Value[]) => convert(call(...values.map((value) => value.coerceString()))),
  }));
  const tokens = lex(text);
  const named = new Set(tokens.map((token) => token.lexeme.toLowerCase()));
  const contexts = new data.Dictionary();
  for (const [name, value] of Object.entries(scope.contexts)) {
    if (!named.has(name)) continue;
    contexts.add(name, name === "env" ? byExactName(pairsOf(value ?? {})) : convert(value));
  }
  try {
    const byName = new Map(functions.map((f) => [f.name, f]));
    return evaluateTokens(tokens, contexts, Object.keys(scope.contexts), byName);
  } catch (error) {
    throw new Error(
      `The expression cannot be evaluated: ${text}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function convert(value: unknown): Value {
  if (value === undefined || value === null) return new data.Null();
  if (typeof value === "string") return new data.StringData(value);
  if (typeof value === "boolean") return new data.BooleanData(value);
  if (typeof value === "number") return new data.NumberData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(convert));
  if (typeof value === "object") return new data.Dictionary(...pairsOf(value));
  throw new Error(`A ${typeof value} has no place in an expression`);
}

function pairsOf(value: object): { key: string; value: Value }[] {
  return Object.entries(value).map(([key, item]) => ({ key, value: convert(item) }));
}

function plain(value: Value): unknown {
  switch (value.kind) {
    case data.Kind.Array:
      return (value as data.Array).values().map(plain);
    case data.Kind.Dictionary:
      return Object.fromEntries(
        (value as data.Dictionary).pairs().map((pair) => [pair.key, plain(pair.value)]),
      );
    case data.Kind.Boolean:
      return (value as data.BooleanData).value;
    case data.Kind.Number:
      return value.number();
    case data.Kind.String:
      return value.coerceString();
    default:
      return null;
  }
}

function truthy(value: unknown): boolean {
  return Boolean(value);
}
