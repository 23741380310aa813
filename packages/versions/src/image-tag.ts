/** A version as a registry tag: `+` is not allowed there and becomes `-`; undefined when no tag can be made of it. */
export function imageTag(version: string): string | undefined {
  const tag = version.replaceAll("+", "-");
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(tag) ? tag : undefined;
}
