import { createHash, type Hash } from "node:crypto";

/** True for a sha256 or sha512 digest in the form of the OCI image spec. */
export function isDigest(text: string): boolean {
  return /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/.test(text);
}

/** The digest of bytes, in the algorithm of the digest they shall match. */
export function digestLike(digest: string, bytes: Uint8Array): string {
  const hash = hashLike(digest);
  hash.update(bytes);
  return finishDigest(digest, hash);
}

/** A hash to be fed piece by piece, and read with `finishDigest`. */
export function hashLike(digest: string): Hash {
  return createHash(algorithmOf(digest));
}

export function finishDigest(digest: string, hash: Hash): string {
  return `${algorithmOf(digest)}:${hash.digest("hex")}`;
}

/** True for digests of one algorithm, which can be compared. */
export function isOfOneKind(one: string, other: string): boolean {
  return algorithmOf(one) === algorithmOf(other);
}

function algorithmOf(digest: string): "sha256" | "sha512" {
  return digest.startsWith("sha512:") ? "sha512" : "sha256";
}
