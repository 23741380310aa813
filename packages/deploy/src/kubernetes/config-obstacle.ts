import { obstacle, type About, type Obstacle } from "./obstacle.ts";

/** The Secret, ConfigMap or key that a node's sentence names as missing; undefined when it names none. */
export function missingObject(about: About, said: string): Obstacle | undefined {
  const key =
    /couldn't find key ([-._A-Za-z0-9]+) in (Secret|ConfigMap) ([-._a-z0-9]+)\/([-._a-z0-9]+)/.exec(
      said,
    );
  if (key) {
    const [, field = "", kind = "", namespace = "", object = ""] = key;
    const isSecret = kind === "Secret";
    return obstacle(isSecret ? "secret-key-missing" : "config-map-key-missing", about, said, {
      namespace,
      object,
      key: field,
      patch: `{"${isSecret ? "stringData" : "data"}":{"${field}":"..."}}`,
    });
  }
  const whole = /(secret|configmap) "([-._a-z0-9]+)" not found/.exec(said);
  if (!whole) return undefined;
  const [, kind = "", object = ""] = whole;
  return obstacle(kind === "secret" ? "secret-missing" : "config-map-missing", about, said, {
    object,
  });
}
