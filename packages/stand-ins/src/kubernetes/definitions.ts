import type { Clock } from "../stand-in.ts";
import { at, timestamp, type Fields } from "./object.ts";
import { isEstablished, servedResources } from "./custom-resources.ts";
import { resourceOfKind } from "./resources.ts";
import type { Store } from "./store.ts";

const definitions = resourceOfKind("CustomResourceDefinition");

/** Takes a definition's names when no other kind has them; from then on its objects can be written. */
export function tendDefinition(store: Store, clock: Clock, name: string): void {
  const definition = store.get(definitions, undefined, name);
  if (!definition || isEstablished(definition)) return;
  const known = at(definition, "status", "conditions");
  if (Array.isArray(known) && known.length > 0) return;
  const names = at(definition, "spec", "names") as Fields;
  const taken = servedResources(store).find(
    (resource) =>
      resource.group === at(definition, "spec", "group") &&
      (resource.name === names["plural"] || resource.kind === names["kind"]),
  );
  const now = timestamp(clock.now());
  const condition = (type: string, holds: boolean, reason: string, message: string): Fields => ({
    type,
    status: holds ? "True" : "False",
    lastTransitionTime: now,
    reason,
    message,
  });
  const conflict = `"${String(names["kind"])}" is already in use`;
  const conditions = taken
    ? [
        condition("NamesAccepted", false, "KindConflict", conflict),
        condition("Established", false, "NotAccepted", "not all names are accepted"),
      ]
    : [
        condition("NamesAccepted", true, "NoConflicts", "no conflicts found"),
        condition(
          "Established",
          true,
          "InitialNamesAccepted",
          "the initial names have been accepted",
        ),
      ];
  const versions = at(definition, "spec", "versions") as Fields[];
  store.change(definitions, definition, (draft) => {
    draft["status"] = {
      conditions,
      acceptedNames: taken ? { plural: "", kind: "" } : names,
      storedVersions: versions.flatMap((version) => (version["storage"] ? [version["name"]] : [])),
    };
  });
}
