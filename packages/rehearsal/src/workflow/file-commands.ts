import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The files of one step in one stage, by the name that follows `GITHUB_`. */
export type CommandFiles = Record<"ENV" | "OUTPUT" | "STATE" | "PATH" | "STEP_SUMMARY", string>;

/** What a step wrote. `problems` are error annotations; a grammar error also fails the step (`broken`). */
export type Written = {
  env: [string, string][];
  outputs: [string, string][];
  state: [string, string][];
  path: string[];
  summary: string;
  problems: string[];
  broken: boolean;
};

const summaryLimit = 1024 * 1024;

/** New empty files in `directory`, one set for each step and stage. */
export async function createCommandFiles(directory: string, unique: string): Promise<CommandFiles> {
  await mkdir(directory, { recursive: true });
  const file = (name: string): string => join(directory, `${name}_${unique}`);
  const files = {
    ENV: file("set_env"),
    OUTPUT: file("set_output"),
    STATE: file("save_state"),
    PATH: file("add_path"),
    STEP_SUMMARY: file("step_summary"),
  };
  await Promise.all(Object.values(files).map((path) => writeFile(path, "")));
  return files;
}

/** Reads the files after the step has ended, however it ended. */
export async function readCommandFiles(files: CommandFiles): Promise<Written> {
  const written: Written = {
    env: [],
    outputs: [],
    state: [],
    path: [],
    summary: "",
    problems: [],
    broken: false,
  };
  const pairs = async (name: "ENV" | "OUTPUT" | "STATE"): Promise<[string, string][]> => {
    const { found, error } = parsePairs(await textOf(files[name]));
    if (error !== undefined) {
      written.problems.push(
        `Unable to process file command '${name.toLowerCase()}' successfully.`,
        error,
      );
      written.broken = true;
    }
    return found;
  };
  for (const [key, value] of await pairs("ENV")) {
    if (key.toUpperCase() === "NODE_OPTIONS") {
      written.problems.push(
        "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.",
      );
    } else written.env.push([key, value]);
  }
  written.outputs = await pairs("OUTPUT");
  written.state = await pairs("STATE");
  written.path = (await textOf(files.PATH)).split(/\r?\n/).filter((line) => line !== "");
  const summary = await readFile(files.STEP_SUMMARY).catch(() => Buffer.alloc(0));
  if (summary.length > summaryLimit) {
    written.problems.push(
      `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${summaryLimit / 1024}k, got ${Math.floor(summary.length / 1024)}k.`,
    );
  } else written.summary = summary.toString("utf8");
  return written;
}

/**
 * `name=value`, or `name<<delimiter`, lines, `delimiter`. Whichever of `=` and `<<` comes first decides, and the
 * delimiter's line may not be the unterminated last one of a value. Pairs before an error are kept.
 */
export function parsePairs(text: string): { found: [string, string][]; error?: string } {
  const found: [string, string][] = [];
  let at = 0;
  const next = (): { line: string; ended: boolean } | undefined => {
    if (at >= text.length) return undefined;
    const end = text.indexOf("\n", at);
    const line = end < 0 ? text.slice(at) : text.slice(at, end);
    at = end < 0 ? text.length : end + 1;
    return { line, ended: end >= 0 };
  };
  for (let read = next(); read !== undefined; read = next()) {
    const { line } = read;
    if (line === "") continue;
    const equals = line.indexOf("=");
    const heredoc = line.indexOf("<<");
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      found.push([line.slice(0, equals), line.slice(equals + 1)]);
      continue;
    }
    if (heredoc < 0) return { found, error: `Invalid format '${line}'` };
    const key = line.slice(0, heredoc);
    const delimiter = line.slice(heredoc + 2);
    if (key === "" || delimiter === "") {
      return {
        found,
        error: `Invalid format '${line}'. Name must not be empty and delimiter must not be empty`,
      };
    }
    const start = at;
    let end = at;
    let value = next();
    while (value?.line !== delimiter) {
      if (value === undefined) {
        return { found, error: `Invalid value. Matching delimiter not found '${delimiter}'` };
      }
      if (!value.ended) return { found, error: "Invalid value. EOF marker missing new line." };
      end = at - 1;
      value = next();
    }
    found.push([key, text.slice(start, Math.max(start, end))]);
  }
  return { found };
}

async function textOf(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).replace(/^\uFEFF/, "");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
