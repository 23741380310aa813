import {
  Kind,
  parse,
  print,
  type DefinitionNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  type ObjectTypeDefinitionNode,
  type TypeNode,
  visit,
} from "graphql";
import { slice, unions } from "./slice.ts";

type Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode;

/** GitHub's schema with nothing left but what `slice` names and what that needs. Throws on a name that is not there. */
export function cutSchema(sdl: string): string {
  const document = visit(parse(sdl, { noLocation: true }), {
    enter: (node) =>
      "description" in node && node.description ? { ...node, description: undefined } : undefined,
    Directive: () => null,
  });
  const definitions = new Map<string, DefinitionNode>();
  for (const definition of document.definitions) {
    if ("name" in definition && definition.name) definitions.set(definition.name.value, definition);
  }
  const kept = new Map<string, DefinitionNode>();

  const compositeOf = (name: string): Composite => {
    const definition = definitions.get(name);
    if (
      definition?.kind === Kind.OBJECT_TYPE_DEFINITION ||
      definition?.kind === Kind.INTERFACE_TYPE_DEFINITION
    ) {
      return definition;
    }
    throw new Error(`GitHub's schema has no type ${name}`);
  };

  /** Fields of a type: its own, and those of the interfaces that are kept. */
  const fieldNames = (name: string): Set<string> => {
    const type = compositeOf(name);
    const own =
      slice[name] ??
      (name.endsWith("Connection") ? ["nodes", "pageInfo", "totalCount"] : undefined);
    if (!own) throw new Error(`${name} is used by a field of the slice and has no fields in it`);
    const inherited = (type.interfaces ?? []).flatMap((one) => slice[one.name.value] ?? []);
    return new Set([...own, ...inherited]);
  };

  const keepNamed = (name: string): void => {
    if (kept.has(name) || ["ID", "String", "Int", "Float", "Boolean"].includes(name)) return;
    const definition = definitions.get(name);
    if (!definition) throw new Error(`GitHub's schema has no type ${name}`);
    if (
      definition.kind === Kind.SCALAR_TYPE_DEFINITION ||
      definition.kind === Kind.ENUM_TYPE_DEFINITION
    ) {
      kept.set(name, definition);
    } else if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
      kept.set(name, definition);
      for (const field of definition.fields ?? []) keepNamed(nameOf(field.type));
    } else if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      const types = (definition.types ?? []).filter((one) => slice[one.name.value]);
      kept.set(name, { ...definition, types });
      for (const type of types) keepNamed(type.name.value);
    } else keepComposite(name);
  };

  const keepComposite = (name: string): void => {
    if (kept.has(name)) return;
    const type = compositeOf(name);
    const wanted =
      name === "PageInfo"
        ? new Set((type.fields ?? []).map((field) => field.name.value))
        : fieldNames(name);
    const fields: FieldDefinitionNode[] = [];
    for (const field of wanted) {
      const found = type.fields?.find((one) => one.name.value === field);
      if (!found) throw new Error(`GitHub's schema has no field ${name}.${field}`);
      fields.push(found);
    }
    const interfaces = (type.interfaces ?? []).filter((one) => slice[one.name.value]);
    kept.set(name, { ...type, interfaces, fields });
    for (const one of interfaces) keepNamed(one.name.value);
    for (const field of fields) {
      keepNamed(nameOf(field.type));
      for (const argument of field.arguments ?? []) keepNamed(nameOf(argument.type));
    }
  };

  for (const name of [...Object.keys(slice), ...unions]) keepNamed(name);
  const sorted = [...kept]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, definition]) => print(definition));
  return `${sorted.join("\n\n")}\n`;
}

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}
