import type { Annotation } from "./contract.ts";

/** What a line of a step's output can ask of the runner. */
export type LogCommands = {
  say(line: string): void;
  annotate(annotation: Annotation): void;
  mask(value: string): void;
  output(name: string, value: string): void;
  state(name: string, value: string): void;
  /** A command that fails the step once it has ended. */
  fail(): void;
};

type Command = { name: string; properties: Record<string, string>; value: string };

const known = new Set([
  "add-mask",
  "add-matcher",
  "add-path",
  "debug",
  "echo",
  "endgroup",
  "error",
  "group",
  "notice",
  "remove-matcher",
  "save-state",
  "set-env",
  "set-output",
  "stop-commands",
  "warning",
]);
const silent = new Set(["add-mask", "debug", "error", "notice", "warning"]);

/** Reads the output of one step line by line; lines that are no commands are said as they are. */
export function createCommandReader(to: LogCommands): (line: string) => void {
  let stopToken: string | undefined;
  let echo = false;

  const fail = (line: string, because: string): void => {
    to.annotate({ level: "error", message: `Unable to process command '${line}' successfully.` });
    to.annotate({ level: "error", message: because });
    to.fail();
  };

  return (line) => {
    const command = parseCommand(line, stopToken);
    if (command === undefined) return to.say(line);
    if (stopToken !== undefined) {
      to.say(line);
      if (command.name === stopToken) stopToken = undefined;
      return;
    }
    if (echo && !silent.has(command.name)) to.say(line);
    switch (command.name) {
      case "stop-commands": {
        const token = command.value;
        if (
          token === "" ||
          known.has(token.toLowerCase()) ||
          token.toLowerCase() === "pause-logging"
        ) {
          return fail(
            line,
            "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow command.",
          );
        }
        stopToken = token.toLowerCase();
        // The runner hides longer tokens, so that a log cannot be used to resume commands.
        if (token.length > 6) to.mask(token);
        return to.say(line);
      }
      case "add-mask":
        if (command.value.trim() === "") {
          return to.annotate({
            level: "warning",
            message: "Can't add secret mask for empty string in ##[add-mask] command.",
          });
        }
        if (echo) to.say("::add-mask::***");
        return to.mask(command.value);
      case "error":
      case "warning":
      case "notice":
        return to.annotate(annotationOf(command.name, command));
      case "group":
        return to.say(`##[group]${command.value}`);
      case "endgroup":
        return to.say("##[endgroup]");
      case "debug":
        return;
      case "echo":
        if (/^\s*on\s*$/i.test(command.value)) echo = true;
        else if (/^\s*off\s*$/i.test(command.value)) echo = false;
        else
          fail(
            line,
            `Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '${command.value}'.`,
          );
        return;
      case "set-output":
      case "save-state": {
        to.annotate({
          level: "warning",
          message: `The \`${command.name}\` command is deprecated and will be disabled soon. Please upgrade to using Environment Files.`,
        });
        const name = command.properties["name"];
        if (name === undefined)
          return fail(line, `Required field 'name' is missing in ##[${command.name}] command.`);
        return command.name === "set-output"
          ? to.output(name, command.value)
          : to.state(name, command.value);
      }
      case "set-env":
      case "add-path":
        return fail(
          line,
          `The \`${command.name}\` command is disabled. Please upgrade to using Environment Files.`,
        );
      default:
        return to.say(
          `##[debug]${command.name} has no effect in a rehearsal: there are no problem matchers`,
        );
    }
  };
}

/** A line that is a command in one of the runner's two forms, and names a command of the runner or the token that ends a stop. */
export function parseCommand(line: string, stopToken?: string): Command | undefined {
  return [newForm(line), oldForm(line)].find(
    (command) => command !== undefined && (known.has(command.name) || command.name === stopToken),
  );
}

/** `::name key=value,key=value::text`, at the start of the line. */
function newForm(line: string): Command | undefined {
  const text = line.trimStart();
  if (!text.startsWith("::")) return undefined;
  const end = text.indexOf("::", 2);
  if (end < 0) return undefined;
  return commandOf(text.slice(2, end), ",", text.slice(end + 2), {
    property: ["%0D", "%0A", "%3A", "%2C", "%25"],
    value: ["%0D", "%0A", "%25"],
  });
}

/** `##[name key=value;key=value]text`, anywhere in the line: the runner still reads it. */
function oldForm(line: string): Command | undefined {
  const start = line.indexOf("##[");
  const end = start < 0 ? -1 : line.indexOf("]", start);
  if (end < 0) return undefined;
  const escapes = ["%3B", "%0D", "%0A", "%5D", "%25"];
  return commandOf(line.slice(start + 3, end), ";", line.slice(end + 1), {
    property: escapes,
    value: escapes,
  });
}

function commandOf(
  head: string,
  separator: string,
  value: string,
  escapes: { property: string[]; value: string[] },
): Command {
  const space = head.indexOf(" ");
  const name = (space < 0 ? head : head.slice(0, space)).toLowerCase();
  const properties: Record<string, string> = {};
  const pairs =
    space < 0
      ? []
      : head
          .slice(space + 1)
          .trim()
          .split(separator);
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals <= 0 || equals === pair.length - 1) continue;
    properties[pair.slice(0, equals).toLowerCase()] = unescape(
      pair.slice(equals + 1),
      escapes.property,
    );
  }
  return { name, properties, value: unescape(value, escapes.value) };
}

function annotationOf(level: Annotation["level"], command: Command): Annotation {
  const { file, line, title } = command.properties;
  return {
    level,
    message: command.value,
    ...(title === undefined ? {} : { title }),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined || Number.isNaN(Number(line)) ? {} : { line: Number(line) }),
  };
}

/** Takes the escapes back one after the other, `%25` last. */
function unescape(text: string, escapes: string[]): string {
  return escapes.reduce((now, escape) => now.replaceAll(escape, decodeURIComponent(escape)), text);
}
