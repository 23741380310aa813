import { json, type Reply } from "../stand-in.ts";

/** One field that Zenodo objects to, as its answers carry it. */
export type FieldError = { field: string; messages: string[] };

/** An answer other than success, thrown where it is found and turned into a reply by the route. */
export class Problem extends Error {
  readonly status: number;
  readonly errors: readonly FieldError[] | undefined;

  constructor(status: number, message: string, errors?: readonly FieldError[]) {
    super(message);
    this.status = status;
    this.errors = errors;
  }

  reply(): Reply {
    return json(this.status, {
      status: this.status,
      message: this.message,
      ...(this.errors ? { errors: this.errors } : {}),
    });
  }
}

export const invalid = (errors: readonly FieldError[]): Problem =>
  new Problem(400, "A validation error occurred.", errors);
export const forbidden = (): Problem => new Problem(403, "Permission denied.");
/** A draft or file that is not, or no longer, there. */
export const notFound = (): Problem => new Problem(404, "Not found.");
export const unknownIdentifier = (): Problem =>
  new Problem(404, "The persistent identifier does not exist.");
export const unregisteredIdentifier = (): Problem =>
  new Problem(404, "The persistent identifier is not registered.");
