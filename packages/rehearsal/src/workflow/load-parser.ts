import { registerHooks } from "node:module";

export type WorkflowParser = typeof import("@actions/workflow-parser");

let loaded: Promise<WorkflowParser> | undefined;

/**
 * GitHub's own workflow parser. Its published files import JSON without the attribute that Node asks for
 * (actions/languageservices#387), so a load hook adds it to exactly those files; in a bundle the hook has nothing to do.
 */
export function loadParser(): Promise<WorkflowParser> {
  loaded ??= importParser();
  return loaded;
}

async function importParser(): Promise<WorkflowParser> {
  const hooks = registerHooks({
    load(url, context, nextLoad) {
      const schema = /\/@actions\/workflow-parser\/dist\/[^/]+\.json$/.test(url);
      return nextLoad(url, schema ? { ...context, importAttributes: { type: "json" } } : context);
    },
  });
  try {
    return await import("@actions/workflow-parser");
  } finally {
    hooks.deregister();
  }
}
