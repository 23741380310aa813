import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contentsOf, type Artifact } from "../../../test-support/registries/artifact.ts";
import {
  clientsForTests,
  logIn,
  plainHttp,
  pullAll,
  type Client,
} from "../../../test-support/registries/clients.ts";
import { startDockerRegistry } from "../../../test-support/registries/docker-registry.ts";
import { startEmbeddedRegistry } from "../../../test-support/registries/embedded-registry.ts";
import { peerForTests } from "../../../test-support/registries/peers.ts";
import { sample } from "../../../test-support/registries/samples.ts";
import { shapes } from "../../../test-support/registries/shapes.ts";

const clients = clientsForTests();
const dockerRegistry = peerForTests("docker-registry");
const login = { username: "releaser", password: "correct horse" };
const image = sample("att");
const { digest } = image.top;

const doors = [
  { door: "open to all", options: {} },
  { door: "with logins", options: { accounts: { [login.username]: login.password } } },
  {
    door: "with a token realm",
    options: { accounts: { [login.username]: login.password }, realm: "bearer" },
  },
] as const;

describe.each(doors)("the embedded registry, $door", ({ options }) => {
  const start = async (): Promise<Awaited<ReturnType<typeof startEmbeddedRegistry>>> => {
    const registry = await startEmbeddedRegistry(options);
    registry.standIn.putImage("team/app", "built", inStandIn(image));
    return registry;
  };
  const enter = async (client: Client, host: string): Promise<void> => {
    if ("accounts" in options) await logIn(client, host, login);
  };

  test.for(clients)("$name pulls, pushes and copies", async ({ name, client }, { skip }) => {
    if (!client) return skip(`${name} is not here`);
    await using one = await start();
    await using other = await startEmbeddedRegistry(options);
    for (const { host } of [one, other]) await enter(client, host);
    const folder = mkdtempSync(join(tmpdir(), "layout-"));
    try {
      await verbs[name].pull(client, `${one.host}/team/app:built`, folder);
      await verbs[name].push(client, folder, `${other.host}/pushed/app:1.2.3`);
    } finally {
      rmSync(folder, { recursive: true });
    }
    await verbs[name].copy(client, `${one.host}/team/app:built`, `${one.host}/team/copied:1`);
    await verbs[name].copy(client, `${one.host}/team/app:built`, `${other.host}/team/copied:1`);

    expect(other.standIn.tags("pushed/app")).toEqual({ "1.2.3": digest });
    for (const { standIn } of [one, other]) {
      expect(standIn.tags("team/copied")).toEqual({ "1": digest });
      expect(standIn.manifest("team/copied", "1")?.bytes.equals(image.top.bytes)).toBe(true);
      const parts = [...standIn.blobs("team/copied"), ...standIn.manifests("team/copied")];
      expect(parts.toSorted()).toEqual(digestsOf(image));
    }
  });

  test.for(clients)("$name tags, lists tags and deletes", async ({ name, client }, { skip }) => {
    if (!client) return skip(`${name} is not here`);
    await using one = await start();
    await enter(client, one.host);
    const repository = `${one.host}/team/app`;
    for (const tag of ["1.2.3", "latest"])
      await verbs[name].copy(client, `${repository}:built`, `${repository}:${tag}`);
    expect(await verbs[name].tags(client, repository)).toEqual(["1.2.3", "built", "latest"]);

    await verbs[name].remove(client, `${repository}:built`, digest);
    expect(Object.keys(one.standIn.tags("team/app"))).not.toContain("built");
  });
});

test.for(clients)(
  "$name lists more tags than fit one answer",
  async ({ name, client }, { skip }) => {
    if (!client) return skip(`${name} is not here`);
    await using one = await startEmbeddedRegistry();
    const tags = Array.from({ length: 2500 }, (_, number) => `v${String(number).padStart(4, "0")}`);
    for (const tag of tags) one.standIn.putImage("team/app", tag, inStandIn(image));
    expect(await verbs[name].tags(client, `${one.host}/team/app`)).toEqual(tags);
  },
);

describe("regctl, which alone knows what refers to an image", () => {
  const regctl = clients.find(({ name }) => name === "regctl")?.client;

  test.skipIf(!regctl).each(doors)("attaches, lists and copies it: $door", async ({ options }) => {
    if (!regctl) return;
    await using one = await startEmbeddedRegistry(options);
    await using other = await startEmbeddedRegistry(options);
    one.standIn.putImage("team/app", "built", inStandIn(image));
    for (const { host } of [one, other])
      if ("accounts" in options) await logIn(regctl, host, login);
    const subject = `${one.host}/team/app@${digest}`;
    const folder = mkdtempSync(join(tmpdir(), "sbom-"));
    const host = [...plainHttp(one.host), ...plainHttp(other.host)];
    const attach = async (type: string): Promise<void> => {
      const put = ["artifact", "put", "--artifact-type", type, "--subject", subject];
      await regctl.run(...host, ...put, "--file", join(import.meta.dirname, "../../action.yml"));
    };
    const attached = async (of: string, ...more: string[]): Promise<string[]> => {
      const list = ["artifact", "list", "--format", "{{json .Descriptors}}", ...more];
      const said = JSON.parse(String(await regctl.run(...host, ...list, of))) as
        | { artifactType: string }[]
        | null;
      return (said ?? []).map(({ artifactType }) => artifactType).toSorted();
    };
    try {
      await attach("application/spdx+json");
      await attach("application/vnd.example.signature");
      expect(await attached(subject)).toEqual([
        "application/spdx+json",
        "application/vnd.example.signature",
      ]);
      expect(await attached(subject, "--filter-artifact-type", "application/spdx+json")).toEqual([
        "application/spdx+json",
      ]);
      // Nothing was written for registries that cannot list it.
      expect(Object.keys(one.standIn.tags("team/app"))).toEqual(["built"]);

      const to = `${other.host}/team/app`;
      const copy = ["image", "copy", "--referrers"];
      await regctl.run(...host, ...copy, `${one.host}/team/app:built`, `${to}:1`);
      expect(await attached(`${to}@${digest}`)).toEqual([
        "application/spdx+json",
        "application/vnd.example.signature",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.skipIf(dockerRegistry === undefined)("Docker's registry as a proxy", () => {
  const crane = clients.find(({ name }) => name === "crane")?.client;

  // As a client of another registry it knows tokens, and no other login.
  const known = doors.filter(({ door }) => door !== "with logins");
  test.skipIf(!crane).each(known)("of the embedded one, $door", async ({ options }) => {
    if (!crane || !dockerRegistry) return;
    const wanted = Object.entries(shapes)
      .filter(([shape]) => !beyondProxy.includes(shape))
      .map(([, build]) => build());
    await using embedded = await startEmbeddedRegistry(options);
    await using proxy = await startDockerRegistry(dockerRegistry, {
      proxy: {
        remoteurl: `http://${embedded.host}`,
        ...("accounts" in options ? login : {}),
      },
    });
    for (const [number, artifact] of wanted.entries())
      embedded.standIn.putImage("team/app", `shape-${number}`, inStandIn(artifact));
    for (const [number, artifact] of wanted.entries()) {
      const reference = `${proxy.host}/team/app:shape-${number}`;
      expect(String(await crane.run("digest", reference)).trim()).toBe(artifact.top.digest);
      const pulled = await pullAll(crane, reference);
      const missing = contentsOf(artifact).filter((part) => !pulled.has(part.digest));
      expect(missing.map((part) => part.digest)).toEqual([]);
    }
  });
});

/** The proxy knows no sha512, and crane pulls no index that is empty. */
const beyondProxy = ["sha512 at the top", "sha512 below a sha256", "index without manifests"];

type Verbs = {
  /** Into a folder that only `push` has to understand. */
  pull(client: Client, from: string, folder: string): Promise<unknown>;
  push(client: Client, folder: string, to: string): Promise<unknown>;
  copy(client: Client, from: string, to: string): Promise<unknown>;
  tags(client: Client, repository: string): Promise<string[]>;
  remove(client: Client, tag: string, digest: string): Promise<unknown>;
};

const lines = (output: Buffer): string[] => String(output).trim().split("\n").toSorted();
const plain = (...references: string[]): string[] => references.flatMap(plainHttp);
const anyPolicy = ["--insecure-policy", "copy", "--all", "--preserve-digests"];

const verbs: Record<Client["name"], Verbs> = {
  crane: {
    pull: ({ run }, from, folder) => run("pull", "--format=oci", from, folder),
    push: ({ run }, folder, to) => run("push", folder, to),
    copy: ({ run }, from, to) => run("copy", from, to),
    tags: async ({ run }, repository) => lines(await run("ls", repository)),
    remove: ({ run }, tag) => run("delete", tag),
  },
  regctl: {
    pull: ({ run }, from, folder) =>
      run(...plain(from), "image", "copy", from, `ocidir://${folder}:pulled`),
    push: ({ run }, folder, to) =>
      run(...plain(to), "image", "copy", `ocidir://${folder}:pulled`, to),
    copy: ({ run }, from, to) => run(...plain(from, to), "image", "copy", from, to),
    tags: async ({ run }, repository) =>
      lines(await run(...plain(repository), "tag", "ls", repository)),
    remove: ({ run }, tag) => run(...plain(tag), "tag", "delete", tag),
  },
  skopeo: {
    pull: ({ run }, from, folder) =>
      run(...anyPolicy, "--src-tls-verify=false", `docker://${from}`, `dir:${folder}`),
    push: ({ run }, folder, to) =>
      run(...anyPolicy, "--dest-tls-verify=false", `dir:${folder}`, `docker://${to}`),
    copy: ({ run }, from, to) => {
      const tls = ["--src-tls-verify=false", "--dest-tls-verify=false"];
      return run(...anyPolicy, ...tls, `docker://${from}`, `docker://${to}`);
    },
    tags: async ({ run }, repository) => {
      const said = await run("list-tags", "--tls-verify=false", `docker://${repository}`);
      return (JSON.parse(String(said)) as { Tags: string[] }).Tags.toSorted();
    },
    remove: ({ run }, tag) => run("delete", "--tls-verify=false", `docker://${tag}`),
  },
};

function digestsOf(artifact: Artifact): string[] {
  return [...new Set(contentsOf(artifact).map((part) => part.digest))].toSorted();
}

function inStandIn({ top, children, blobs }: Artifact) {
  return { index: top, manifests: children, blobs };
}
