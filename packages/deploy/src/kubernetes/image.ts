/** An image reference taken apart: `registry.example.org/team/web:1.2.3@sha256:…`. */
export type ImageParts = { name: string; tag?: string; digest?: string };

/** Splits a reference; the registry's port is not taken for a tag. */
export function splitImage(reference: string): ImageParts {
  const [beforeDigest, digest] = split(reference, reference.indexOf("@"));
  const colon = beforeDigest.lastIndexOf(":");
  const [name, tag] = split(beforeDigest, colon > beforeDigest.lastIndexOf("/") ? colon : -1);
  return { name, ...(tag ? { tag } : {}), ...(digest ? { digest } : {}) };
}

/** The full name of an image: Docker Hub's short names are written out. */
export function fullImageName(name: string): string {
  const first = name.split("/", 1)[0] ?? "";
  const hasHost = name.includes("/") && (/[.:]/.test(first) || first === "localhost");
  if (!hasHost) return name.includes("/") ? `docker.io/${name}` : `docker.io/library/${name}`;
  if (first === "index.docker.io" || first === "docker.io") {
    const rest = name.slice(first.length + 1);
    return rest.includes("/") ? `docker.io/${rest}` : `docker.io/library/${rest}`;
  }
  return name;
}

/** The digest in what a node calls a running image (`imageID`): `repository@sha256:…`, or only `sha256:…`. */
export function digestOfImageId(imageId: string): string {
  return /sha256:[0-9a-f]{64}$/.exec(imageId)?.[0] ?? "";
}

function split(text: string, index: number): [string, string?] {
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
