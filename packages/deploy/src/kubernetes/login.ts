import { X509Certificate } from "node:crypto";
import type { Access } from "./kubeconfig.ts";
import { isMapping } from "./object.ts";

/**
 * When the login of a kubeconfig ended, by the token's or the certificate's own account; undefined for one that goes on, and
 * for a token that does not tell. `now`: the cluster's own time, as its answers carry it.
 */
export function loginEnded(
  { headers, tls }: Pick<Access, "headers" | "tls">,
  now: string | undefined,
): string | undefined {
  const at = Date.parse(now ?? "");
  const ends = [endOfToken(headers["authorization"]), endOfCertificate(tls.cert)];
  const ended = ends.find((end) => end !== undefined && end <= at);
  return ended === undefined
    ? undefined
    : `${new Date(ended).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function endOfToken(authorization: string | undefined): number | undefined {
  const [, claims] = /^Bearer [\w-]+\.([\w-]+)\.[\w-]*$/.exec(authorization ?? "") ?? [];
  try {
    const read: unknown = JSON.parse(Buffer.from(claims ?? "", "base64url").toString("utf8"));
    const seconds = isMapping(read) ? read["exp"] : undefined;
    return typeof seconds === "number" ? seconds * 1000 : undefined;
  } catch {
    return undefined;
  }
}

function endOfCertificate(pem: string | undefined): number | undefined {
  try {
    return pem === undefined ? undefined : Date.parse(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
}
