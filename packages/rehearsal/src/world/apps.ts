import { generateKeyPairSync } from "node:crypto";
import { Fault } from "@release-actions/codes";
import type { GitHub, GitHubRepository } from "@release-actions/stand-ins";
import type { RehearsalFile } from "./language.ts";
import { repositoryCalled } from "./repositories.ts";

/** The GitHub Apps of a rehearsed world, with keys of their own. */
export type Apps = {
  /** The private key of an app, PEM. */
  keyOf(name: string): string;
  install(github: GitHub, all: readonly GitHubRepository[]): void;
};

/** Makes a key pair for each app of the file. */
export function createApps(file: RehearsalFile): Apps {
  const keys = Object.fromEntries(
    Object.keys(file.apps).map((name) => [
      name,
      generateKeyPairSync("rsa", {
        modulusLength: 2048,
        publicKeyEncoding: { type: "spki", format: "pem" },
        privateKeyEncoding: { type: "pkcs1", format: "pem" },
      }),
    ]),
  );
  return {
    keyOf: (name) => keys[name]?.privateKey ?? "",
    install: (github, all) => {
      for (const [slug, app] of Object.entries(file.apps)) {
        const repositories =
          app.repositories?.map((called) => repositoryCalled(called, all)) ?? all;
        const owners = [...new Set(repositories.map(({ owner }) => owner))];
        try {
          github.addApp({
            id: app.id,
            slug,
            publicKey: keys[slug]?.publicKey ?? "",
            installations: owners.map((account) => ({
              account,
              repositories: repositories
                .filter(({ owner }) => owner === account)
                .map(({ fullName }) => fullName),
              permissions: app.permissions,
            })),
          });
        } catch (cause) {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new Fault("RA9020", { saw: `rehearsal.yml: apps: ${slug}: ${why}`, cause });
        }
      }
    },
  };
}
