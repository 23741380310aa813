import { parse } from "yaml";
import { json, type Reply } from "../stand-in.ts";

/** One question of a survey. */
export type SurveyQuestion = { variable: string; required: boolean; type?: string };

/** A job template as its owners have set it up. */
export type AwxTemplate = {
  id: number;
  name: string;
  description: string;
  organization: string;
  job_type: "run" | "check";
  playbook: string;
  inventory: number | null;
  project: number | null;
  job_slice_count: number;
  allow_simultaneous: boolean;
  ask_variables_on_launch: boolean;
  extra_vars: Record<string, unknown>;
  survey: SurveyQuestion[];
  passwords_needed_to_start: string[];
};

/** A template with AWX's own defaults. */
export function templateWith(
  given: Partial<AwxTemplate> & { id: number; name: string },
): AwxTemplate {
  return {
    description: "",
    organization: "Default",
    job_type: "run",
    playbook: "deploy.yml",
    inventory: 1,
    project: 1,
    job_slice_count: 1,
    allow_simultaneous: false,
    ask_variables_on_launch: false,
    extra_vars: {},
    survey: [],
    passwords_needed_to_start: [],
    ...given,
  };
}

/** The template as its own address shows it. `start`: whether the caller may launch it. */
export function shownTemplate(template: AwxTemplate, start: boolean): Record<string, unknown> {
  const { survey, extra_vars, organization, passwords_needed_to_start: _, ...fields } = template;
  return {
    ...fields,
    type: "job_template",
    url: `/api/v2/job_templates/${template.id}/`,
    related: { launch: `/api/v2/job_templates/${template.id}/launch/` },
    summary_fields: {
      organization: { id: 1, name: organization },
      user_capabilities: { edit: false, delete: false, start, schedule: start, copy: false },
    },
    extra_vars: JSON.stringify(extra_vars),
    survey_enabled: survey.length > 0,
  };
}

/** What a launch would ask for. */
export function shownLaunch(template: AwxTemplate): Record<string, unknown> {
  return {
    can_start_without_user_input:
      !template.ask_variables_on_launch &&
      template.passwords_needed_to_start.length === 0 &&
      needed(template).length === 0,
    passwords_needed_to_start: template.passwords_needed_to_start,
    ask_variables_on_launch: template.ask_variables_on_launch,
    survey_enabled: template.survey.length > 0,
    variables_needed_to_start: needed(template),
    credential_needed_to_start: false,
    inventory_needed_to_start: template.inventory === null,
    job_template_data: {
      name: template.name,
      id: template.id,
      description: template.description,
    },
    defaults: { extra_vars: JSON.stringify(template.extra_vars) },
  };
}

/**
 * Judges a launch as AWX does: variables that the template does not ask for are left out and named in `ignored_fields`, and
 * the job starts all the same.
 */
export function judgeLaunch(
  template: AwxTemplate,
  body: unknown,
): { refused: Reply } | { variables: Record<string, unknown>; ignored: Record<string, unknown> } {
  const given = variablesOf(body);
  if (typeof given === "string") return { refused: json(400, { extra_vars: [given] }) };
  const missing = needed(template).filter((name) => given[name] === undefined);
  const typed = template.survey.filter(
    ({ variable, type = "text" }) =>
      type === "text" && given[variable] !== undefined && typeof given[variable] !== "string",
  );
  const errors: Record<string, unknown> = {
    ...(missing.length + typed.length > 0
      ? {
          variables_needed_to_start: [
            ...missing.map((name) => `'${name}' value missing`),
            ...typed.map(
              ({ variable }) =>
                `Value ${String(given[variable])} for '${variable}' expected to be a string.`,
            ),
          ],
        }
      : {}),
    ...(template.passwords_needed_to_start.length > 0
      ? { passwords_needed_to_start: template.passwords_needed_to_start }
      : {}),
    ...(template.project === null ? { project: "A project is required to run a job." } : {}),
    ...(template.inventory === null
      ? { resources_needed_to_start: ["Job Template inventory is missing or undefined."] }
      : {}),
  };
  if (Object.keys(errors).length > 0) return { refused: json(400, errors) };
  const questions = new Set(template.survey.map(({ variable }) => variable));
  const accepted = Object.entries(given).filter(
    ([name]) => template.ask_variables_on_launch || questions.has(name),
  );
  const rejected = Object.entries(given).filter(
    ([name, value]) =>
      !template.ask_variables_on_launch &&
      !questions.has(name) &&
      template.extra_vars[name] !== value,
  );
  return {
    variables: { ...template.extra_vars, ...Object.fromEntries(accepted) },
    ignored: rejected.length === 0 ? {} : { extra_vars: Object.fromEntries(rejected) },
  };
}

function needed(template: AwxTemplate): string[] {
  return template.survey.filter(({ required }) => required).map(({ variable }) => variable);
}

/** The variables of a launch, or what is wrong with them. They may be a mapping, or a text of JSON or YAML. */
function variablesOf(body: unknown): Record<string, unknown> | string {
  const given = isMapping(body) ? (body["extra_vars"] ?? {}) : {};
  if (isMapping(given)) return given;
  if (typeof given !== "string") return "Cannot parse as JSON (error: not a dictionary).";
  try {
    const read = (parse(given) ?? {}) as unknown;
    if (isMapping(read)) return read;
  } catch {
    // Said below.
  }
  return "Cannot parse as JSON (error: Input type is not a dictionary) or YAML.";
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
