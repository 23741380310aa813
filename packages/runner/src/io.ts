/** How one input of an action is read. `default` is what action.yml says; an expression of GitHub is no default here. */
export type InputSpec = {
  name: string;
  type: "string" | "boolean" | "integer" | "enum" | "list";
  required?: boolean;
  default?: string;
  secret?: true;
  values?: readonly string[];
  separator?: string;
};

/** Inputs and outputs of one action by their names in code. Generated from action.yml and action-types.yml. */
export type ActionIo<Inputs, Outputs> = {
  name: string;
  inputs: Record<keyof Inputs & string, InputSpec>;
  /** Values are the outputs' names in action.yml. */
  outputs: Record<keyof Outputs & string, string>;
};

/** What an action's body hands back. */
export type Result<Outputs> = {
  ok: boolean;
  outputs: Partial<Outputs>;
  /** Markdown for the job summary, escaped by its maker. */
  summary?: string;
  /** One annotation, one line. */
  failure?: { title: string; message: string };
};
