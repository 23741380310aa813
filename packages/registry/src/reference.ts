import { Fault } from "@release-actions/codes";
import { isDigest } from "./digest.ts";

/** Where images are kept: `docker.io` and `library/` are spelled out, the host has its port if it has one. */
export type Repository = { host: string; repository: string };

/** A repository and what is meant in it; when both are there, the digest counts. */
export type Reference = Repository & { tag?: string; digest?: string };

const part = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const repositoryForm = new RegExp(`^${part}(?:/${part})*$`);
const label = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const hostForm = new RegExp(`^(?:${label}(?:\\.${label})*|\\[([0-9a-f:.]+)\\])(?::([0-9]{1,5}))?$`);

/** Reads `host:port/path:tag@digest` and Docker Hub's short names. @throws Fault RA2001 */
export function parseReference(text: string): Reference {
  const wrong = (why: string): Fault =>
    new Fault("RA2001", { saw: `"${text.slice(0, 300)}": ${why}` });
  if (text === "") throw wrong("it is empty");
  if (/\s/.test(text)) throw wrong("it holds a space or a line end");
  const scheme = /^[a-z+-]+:\/\//i.exec(text)?.[0];
  if (scheme !== undefined) throw wrong(`leave out the scheme (${scheme})`);
  if (isDigest(text)) throw wrong("it is a digest alone, and names no repository");

  const [named = "", digest, ...more] = text.split("@");
  if (more.length > 0) throw wrong("it holds more than one @");
  if (digest !== undefined && !isDigest(digest)) {
    throw wrong(
      "after @ there must be sha256: and 64 hexadecimal digits in lower case, or sha512: and 128",
    );
  }
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const name = hasTag ? named.slice(0, colon) : named;
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (!name.includes("/") && looksLikeHost(name))
    throw wrong(`"${named}" is a host, and the repository is missing: write host/repository`);
  if (tag !== undefined && !isTag(tag)) {
    throw wrong(
      tag === ""
        ? "there is no tag after the colon"
        : `"${tag}" is not a tag: up to 128 letters, digits, _ . - and no . or - at the start`,
    );
  }
  if (/^[a-f0-9]{64}$/.test(name))
    throw wrong("it is the id of an image on one machine, and names no repository");

  const { host, repository } = splitName(name);
  if (!isHost(host)) throw wrong(`"${host}" is not a host`);
  if (repository === "") throw wrong("the repository is missing");
  if (repository.length > 255) throw wrong("the repository has more than 255 characters");
  if (!repositoryForm.test(repository)) {
    throw wrong(
      `"${repository}" is not a repository: lower-case letters and digits, with . _ - or / between them`,
    );
  }
  return {
    host,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The full text of a reference, as a manifest or a command takes it. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return `${reference.host}/${reference.repository}${tag}${digest}`;
}

/** Where a reference points, without what is meant there. */
export function repositoryOf({ host, repository }: Repository): Repository {
  return { host, repository };
}

export function isTag(text: string): boolean {
  return /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(text);
}

/** The machine itself, which is spoken to without TLS. */
export function isLoopback(host: string): boolean {
  return /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(host);
}

/** The host under which a registry is known, whatever a configuration or a short name calls it. */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"].includes(lower)
    ? "docker.io"
    : lower;
}

function splitName(name: string): Repository {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  if (slash >= 0 && looksLikeHost(first)) {
    const host = canonicalHost(first);
    const rest = name.slice(slash + 1);
    return {
      host,
      repository: host === "docker.io" && !rest.includes("/") ? `library/${rest}` : rest,
    };
  }
  return { host: "docker.io", repository: slash < 0 ? `library/${name}` : name };
}

/** Docker's rule: what tells a host from the first part of one of Docker Hub's names. */
function looksLikeHost(first: string): boolean {
  return first.toLowerCase() === "localhost" || /[.:]/.test(first);
}

/** A name or address, with a port or without. */
export function isHost(host: string): boolean {
  const found = hostForm.exec(host);
  if (!found || host.length > 255) return false;
  const [, ipv6, port] = found;
  return Number(port ?? 1) <= 65_535 && (ipv6 === undefined || URL.canParse(`http://[${ipv6}]`));
}
