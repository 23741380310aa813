import type { Links } from "../present/links.ts";
import type { Need, Permission } from "../permission.ts";
import type { App } from "../records.ts";
import type { Session } from "../tokens.ts";
import type { Actor, Repository, World } from "../world.ts";

export type Call = {
  world: World;
  session: Session;
  links: Links;
  /** Decoded parts of the path by the template's names. */
  path: Record<string, string>;
  query: URLSearchParams;
  /** The JSON body; empty when there is none. */
  body: Record<string, unknown>;
  raw: Buffer;
  headers: Record<string, string>;
};

/** A call to a route under `/repos/{owner}/{repo}`, seen and permitted. */
export type RepositoryCall = Call & { repository: Repository; actor: Actor };

/** A call by an App with its key. */
export type AppCall = Call & { app: App };

export type Answer = {
  status: number;
  value?: unknown;
  raw?: Buffer;
  headers?: Record<string, string>;
};

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One operation of the API, named as in GitHub's description of it. */
export type Route = { method: Method; template: string } & (
  | { kind: "open"; answer(call: Call): Answer }
  | { kind: "app"; answer(call: AppCall): Answer }
  | {
      kind: "repository";
      /** Any one of these suffices; a function where it depends on what is asked for. */
      needs: readonly Need[] | ((call: Call & { repository: Repository }) => readonly Need[]);
      answer(call: RepositoryCall): Answer;
    }
);

/** A route of a repository. Needs are written `contents=read`, alternatives apart by `|`. */
export function route(
  operation: `${Method} ${string}`,
  needs: string | ((call: Call & { repository: Repository }) => string),
  answer: (call: RepositoryCall) => Answer,
): Route {
  const [method, path] = split(operation);
  return {
    kind: "repository",
    method,
    template: `/repos/{owner}/{repo}${path}`,
    needs: typeof needs === "string" ? parseNeeds(needs) : (call) => parseNeeds(needs(call)),
    answer,
  };
}

/** A route that belongs to no repository. */
export function openRoute(operation: `${Method} ${string}`, answer: (call: Call) => Answer): Route {
  const [method, template] = split(operation);
  return { kind: "open", method, template, answer };
}

/** A route that an App calls with a JSON web token instead of a token. */
export function appRoute(
  operation: `${Method} ${string}`,
  answer: (call: AppCall) => Answer,
): Route {
  const [method, template] = split(operation);
  return { kind: "app", method, template, answer };
}

export function ok(value: unknown, status = 200): Answer {
  return { status, value };
}

export const noContent: Answer = { status: 204 };

function split(operation: string): [Method, string] {
  const space = operation.indexOf(" ");
  return [operation.slice(0, space) as Method, operation.slice(space + 1)];
}

function parseNeeds(text: string): Need[] {
  return text.split("|").map((one) => {
    const [permission, level] = one.split("=");
    return { permission: permission as Permission, level: level === "write" ? "write" : "read" };
  });
}
