import { Fault } from "@release-actions/codes";
import type { ActionIo, InputSpec } from "./io.ts";

type Variables = Readonly<Record<string, string | undefined>>;
type Reading = { value?: unknown } | { missing: string } | { wrong: string };

const shownLength = 60;

/** The runner's variable for an input: blanks become `_`, hyphens stay. */
export function inputVariable(name: string): string {
  return `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`;
}

/** The text of an input without outer blanks; undefined where the step and action.yml give none. */
export function inputText(spec: InputSpec, variables: Variables): string | undefined {
  const given = variables[inputVariable(spec.name)]?.trim();
  if (given) return given;
  const fallback = spec.default?.includes("${{") ? undefined : spec.default;
  // The runner fills in defaults. An empty text where it did so was put there by the workflow:
  // for a text it takes the default away (`config: ''`), for the other types it is "not given".
  if (given === "" && spec.type === "string" && spec.default) return spec.required ? undefined : "";
  return fallback || undefined;
}

/**
 * Reads all inputs of an action from the runner's variables.
 * @throws Fault RA1001 or RA1002 that names every input that is missing or wrong
 */
export function readInputs<Inputs, Outputs>(
  io: ActionIo<Inputs, Outputs>,
  variables: Variables,
): Inputs {
  const values: Record<string, unknown> = {};
  const missing: string[] = [];
  const wrong: string[] = [];
  for (const [key, spec] of Object.entries<InputSpec>(io.inputs)) {
    const reading = readInput(spec, variables);
    if ("missing" in reading) missing.push(reading.missing);
    else if ("wrong" in reading) wrong.push(reading.wrong);
    else if (reading.value !== undefined) values[key] = reading.value;
  }
  if (missing.length + wrong.length > 0) {
    throw new Fault(wrong.length > 0 ? "RA1002" : "RA1001", {
      saw: [...missing, ...wrong].join("; ") + ".",
    });
  }
  return values as Inputs;
}

function readInput(spec: InputSpec, variables: Variables): Reading {
  const text = inputText(spec, variables);
  if (text === undefined) return spec.required ? { missing: `\`${spec.name}\` is not given` } : {};
  const wrong = (takes: string): Reading => ({
    wrong: `\`${spec.name}\` is ${shown(spec, text)}; it takes ${takes}`,
  });
  switch (spec.type) {
    case "string":
      return { value: text };
    case "boolean":
      if (/^(true|True|TRUE)$/.test(text)) return { value: true };
      if (/^(false|False|FALSE)$/.test(text)) return { value: false };
      return wrong("true or false");
    case "integer":
      return /^[-+]?\d+$/.test(text) && Number.isSafeInteger(Number(text))
        ? { value: Number(text) }
        : wrong("a whole number");
    case "enum":
      return spec.values?.includes(text) ? { value: text } : wrong((spec.values ?? []).join(", "));
    case "list":
      return { value: listItems(text, spec.separator ?? "\n") };
  }
}

function listItems(text: string, separator: string): string[] {
  return text
    .split(separator === "\n" ? /\r\n|\r|\n/ : separator)
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function shown(spec: InputSpec, text: string): string {
  if (spec.secret) return "a secret of the wrong form";
  return JSON.stringify(text.length > shownLength ? `${text.slice(0, shownLength)}…` : text);
}
