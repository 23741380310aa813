import type { IncomingMessage } from "node:http";
import { showsSecret } from "../secret-forms.ts";
import type { Stage } from "../stage.ts";

/** A request as it came, with its credentials. */
type Heard = { to: string; line: string; headers: [name: string, value: string][] };

/** Keeps what every stand-in heard, and says which credential was where it does not belong. */
export function createCanaries(): {
  hear(to: string, request: IncomingMessage): void;
  /** `more`: further secrets, and the stand-in that knows each. */
  leaks(stage: Stage, more?: readonly [standIn: string, secret: string][]): string[];
  /** Stand-ins that were shown their own credential: where none was, nothing is proven. */
  shown(stage: Stage): string[];
} {
  const heard: Heard[] = [];
  return {
    hear: (to, { method, url, rawHeaders }) => {
      const headers = rawHeaders.flatMap((name, at): Heard["headers"] =>
        at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1] ?? ""]] : [],
      );
      heard.push({ to, line: `${method} ${url}`, headers });
    },
    leaks: (stage, more = []) => {
      const secrets = [...stage.credentials(), ...more];
      const bodies = [stage.github, stage.registry, stage.cluster, stage.zenodo].flatMap(
        ({ name, requests }) =>
          requests.map(({ method, path, body }) => ({
            place: `the body of ${method} ${path} to ${name}`,
            text: body.toString("latin1"),
          })),
      );
      return secrets.flatMap(([owner, secret], number) => [
        ...heard.flatMap(({ to, line, headers }) => [
          ...(showsSecret(line, secret) ? [`credential ${number} in the address of ${line}`] : []),
          ...headers
            .filter(
              ([name, value]) =>
                shows(name, value, secret) && !(name === "authorization" && to === owner),
            )
            .map(([name]) => `credential ${number} in ${name} of ${line} to ${to}`),
        ]),
        ...bodies
          .filter(({ text }) => showsSecret(text, secret))
          .map(({ place }) => `credential ${number} in ${place}`),
      ]);
    },
    shown: (stage) => {
      const owners = stage
        .credentials()
        .filter(([owner, secret]) =>
          heard.some(
            ({ to, headers }) =>
              to === owner && headers.some(([name, value]) => shows(name, value, secret)),
          ),
        )
        .map(([owner]) => owner);
      return [...new Set(owners)].toSorted();
    },
  };
}

/** A login is written as base64 of user and password. */
function shows(name: string, value: string, secret: string): boolean {
  const basic = name === "authorization" ? /^Basic (.*)$/i.exec(value)?.[1] : undefined;
  return showsSecret(value, secret) || (basic !== undefined && atob(basic).includes(secret));
}
