import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const scripts = resolve(import.meta.dirname, "../../../.ci/peers");

export type PeerName =
  | "crane"
  | "regctl"
  | "skopeo"
  | "docker-registry"
  | "control-plane"
  | "helm3"
  | "helm4"
  | "kustomize";

/** A real program on this machine, or why it is not here. */
export type Peer = { path: string } | { absent: string };

/** Where a peer is; it is installed into the user's cache first where that can be done. */
export function installPeer(name: PeerName): Peer {
  const { status, stdout, stderr, error } = spawnSync(`${scripts}/${name}`, ["install"], {
    encoding: "utf8",
  });
  if (status === 0) return { path: stdout.trim() };
  return { absent: stderr?.trim() || String(error ?? `${name} cannot be installed`) };
}

/** The same for a test: what is missing is said loudly on a laptop, and is a failure in CI. */
export function peerForTests(name: PeerName): string | undefined {
  const peer = installPeer(name);
  if ("path" in peer) return peer.path;
  if (process.env["CI"] === "true") throw new Error(peer.absent);
  console.warn(`SKIPPED: ${peer.absent}`);
  return undefined;
}
