import { readWorkflow } from "./document.ts";
import { asText, resolve, type Scope } from "./expression.ts";

type Declared = {
  type?: string;
  required?: boolean;
  default?: unknown;
  options?: unknown[];
};

/** At most this many inputs are accepted by GitHub for one dispatch. */
const mostInputs = 25;

/**
 * What GitHub makes of the inputs of a dispatch: the strings of the event's payload with defaults filled in,
 * or the sentence with which it refuses the dispatch (HTTP 422).
 */
export function dispatchInputs(
  workflowText: string,
  given: Record<string, string>,
): { inputs: Record<string, string> } | { refused: string } {
  const on = readWorkflow("", workflowText).on;
  if (!Object.hasOwn(on, "workflow_dispatch")) {
    return { refused: "Workflow does not have 'workflow_dispatch' trigger" };
  }
  const declared = declaredInputs(on["workflow_dispatch"]);
  const unexpected = Object.keys(given).filter((name) => !Object.hasOwn(declared, name));
  if (unexpected.length > 0) {
    return { refused: `Unexpected inputs provided: ${JSON.stringify(unexpected)}` };
  }
  if (Object.keys(given).length > mostInputs) {
    return { refused: `Too many inputs provided: at most ${mostInputs} are allowed` };
  }
  const inputs: Record<string, string> = {};
  for (const [name, input] of Object.entries(declared)) {
    const value = given[name] ?? defaultOf(input);
    const refused = refusal(name, input, value);
    if (refused !== undefined) return { refused };
    inputs[name] = value ?? (input.type === "boolean" ? "false" : "");
  }
  return { inputs };
}

/**
 * The `inputs` context of a dispatch: the strings of the payload. Only a boolean has its declared type; a number stays text
 * (actions/runner#2848), so that a called workflow which declares a number refuses it.
 */
export function typedInputs(on: unknown, given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(declaredInputs(on)).map(([name, input]) => {
      const text = String(given[name] ?? input.default ?? "");
      return [name, input.type === "boolean" ? text === "true" : text];
    }),
  );
}

/**
 * Inputs of a called workflow. `with` is evaluated already. A text takes any single value, a boolean and a number only
 * their own; what is given as nothing stands over the default.
 */
export function calledInputs(
  on: unknown,
  given: Record<string, unknown>,
  scope: Scope,
): { inputs: Record<string, unknown> } | { refused: string } {
  const declared = declaredInputs(on);
  const names = new Set(Object.keys(declared).map((name) => name.toLowerCase()));
  const unexpected = Object.keys(given).find((name) => !names.has(name.toLowerCase()));
  if (unexpected !== undefined) {
    return { refused: `Invalid input, ${unexpected} is not defined in the referenced workflow.` };
  }
  const values = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  const inputs: Record<string, unknown> = {};
  for (const [name, input] of Object.entries(declared)) {
    const isGiven = values.has(name.toLowerCase());
    if (!isGiven && input.required === true)
      return { refused: `Input ${name} is required, but not provided while calling.` };
    if (!isGiven && input.default === undefined) {
      inputs[name] = typed(input, undefined);
      continue;
    }
    const value = isGiven ? values.get(name.toLowerCase()) : resolve(input.default, scope);
    const type = input.type ?? "string";
    const fits =
      type === "string" ? value === null || typeof value !== "object" : typeof value === type;
    if (!fits) {
      const kind = value === null ? "empty" : `a ${typeof value}`;
      return { refused: `Input ${name} is ${kind}, and the called workflow declares ${type}.` };
    }
    inputs[name] = type === "string" ? asText(value) : value;
  }
  return { inputs };
}

function declaredInputs(on: unknown): Record<string, Declared> {
  const inputs = (on as { inputs?: Record<string, Declared | null> } | null | undefined)?.inputs;
  return Object.fromEntries(
    Object.entries(inputs ?? {}).map(([name, input]) => [name, input ?? {}]),
  );
}

function defaultOf(input: Declared): string | undefined {
  return input.default === undefined || input.default === null ? undefined : String(input.default);
}

function refusal(name: string, input: Declared, value: string | undefined): string | undefined {
  if (input.required === true && (value === undefined || value === "")) {
    return `Required input '${name}' not provided`;
  }
  if (value === undefined) return undefined;
  if (input.type === "choice" && !(input.options ?? []).map(String).includes(value)) {
    return `Provided value '${value}' for input '${name}' not in the list of allowed values`;
  }
  if (input.type === "boolean" && value !== "true" && value !== "false") {
    return `Provided value '${value}' for input '${name}' not in the list of allowed values`;
  }
  if (input.type === "number" && (value.trim() === "" || Number.isNaN(Number(value)))) {
    return `Provided value '${value}' for input '${name}' is not a number`;
  }
  return undefined;
}

function typed(input: Declared, value: unknown): unknown {
  switch (input.type) {
    case "boolean":
      return value === true || value === "true";
    case "number":
      return value === undefined || value === null || value === "" ? 0 : Number(value);
    default:
      return value === undefined || value === null ? "" : String(value);
  }
}
