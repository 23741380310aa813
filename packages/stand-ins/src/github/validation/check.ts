import { Validator, type OutputUnit, type Schema } from "@cfworker/json-schema";
import { operations, schemas } from "../generated/openapi.ts";
import type { Operation } from "./cut.ts";

const parsed = new Map<string, Operation | undefined>();
const validators = new Map<string, Validator>();

function operationOf(name: string): Operation | undefined {
  if (!parsed.has(name)) {
    const text = operations[name];
    parsed.set(name, text === undefined ? undefined : (parse(text) as Operation));
  }
  return parsed.get(name);
}

/** GitHub gives its bots addresses that its own description refuses: 41898282+github-actions[bot]@users.noreply.github.com. */
function parse(text: string): unknown {
  return JSON.parse(text, (key, value: unknown) =>
    key === "format" && value === "email" ? undefined : value,
  );
}

/** What is wrong with a request's body; undefined when it fits. */
export function checkRequest(name: string, body: unknown): string | undefined {
  const operation = operationOf(name);
  if (!operation) return `the generated slice has no ${name}: run generate.ts`;
  if (!operation.request) return undefined;
  return check(`${name} request`, operation.request, body);
}

/** What is wrong with an answer of ours; undefined when it fits. Redirects and errors have no schema of their own. */
export function checkAnswer(name: string, status: number, value: unknown): string | undefined {
  const operation = operationOf(name);
  if (!operation) return `the generated slice has no ${name}: run generate.ts`;
  if (status >= 300) return undefined;
  const schema = operation.responses[String(status)];
  if (schema === undefined) return `${status} is not among its answers`;
  if (schema === null) return value === undefined ? undefined : "it has no body";
  return check(`${name} ${status}`, schema, JSON.parse(JSON.stringify(value)));
}

function check(key: string, schema: unknown, value: unknown): string | undefined {
  let validator = validators.get(key);
  if (!validator) {
    const whole = { ...(schema as Schema), definitions: definitionsOf(schema) } as Schema;
    validators.set(key, (validator = new Validator(whole, "2019-09", true)));
  }
  const { valid, errors } = validator.validate(value);
  return valid ? undefined : explain(errors);
}

/** The named schemas that a schema reaches. */
function definitionsOf(schema: unknown): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const reach = (text: string) => {
    for (const [, name = ""] of text.matchAll(/"#\/definitions\/([^"]+)"/g)) {
      if (name in found) continue;
      const definition = schemas[name] ?? "{}";
      found[name] = parse(definition);
      reach(definition);
    }
  };
  reach(JSON.stringify(schema));
  return found;
}

/** The deepest error says most. */
function explain(errors: readonly OutputUnit[]): string {
  const depth = (error: OutputUnit) => error.instanceLocation.split("/").length;
  const worst = [...errors].sort((a, b) => depth(b) - depth(a))[0];
  if (!worst) return "it does not fit";
  const place = worst.instanceLocation.replace(/^#\/?/, "");
  return place ? `${place}: ${worst.error}` : worst.error;
}
