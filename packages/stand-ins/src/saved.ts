const held = Symbol("held");

/**
 * What a stand-in held at one moment. Nothing that happens to that stand-in later changes it, and a stand-in of the same
 * kind may be made of it any number of times, also while others made of it live. Records of requests and planned faults
 * are no part of it; times in it stay as they were, whatever clock the restored stand-in has.
 */
export type Saved<State> = { readonly [held]: State };

export const seal = <State>(state: State): Saved<State> => ({ [held]: deepCopy(state) });

export const unseal = <State>(saved: Saved<State>): State => deepCopy(saved[held]);

/** Copies data, objects that are there twice once. Bytes are shared: nobody changes them in place. */
export function deepCopy<T>(value: T): T {
  const copies = new Map<object, unknown>();
  const copied = (one: unknown): unknown => {
    if (typeof one === "function") throw new Error("a function cannot be saved");
    if (typeof one !== "object" || one === null || ArrayBuffer.isView(one)) return one;
    const known = copies.get(one);
    if (known !== undefined) return known;
    const keep = <Made extends object>(made: Made): Made => {
      copies.set(one, made);
      return made;
    };
    if (one instanceof Date) return keep(new Date(one));
    if (Array.isArray(one)) {
      const list = keep<unknown[]>([]);
      for (const item of one) list.push(copied(item));
      return list;
    }
    if (one instanceof Map) {
      const map = keep(new Map());
      for (const [key, item] of one) map.set(copied(key), copied(item));
      return map;
    }
    if (one instanceof Set) {
      const set = keep(new Set());
      for (const item of one) set.add(copied(item));
      return set;
    }
    const prototype: unknown = Object.getPrototypeOf(one);
    if (prototype !== Object.prototype && prototype !== null)
      throw new Error(`a ${one.constructor.name} cannot be saved`);
    const fields = keep<Record<string, unknown>>({});
    for (const [name, item] of Object.entries(one)) fields[name] = copied(item);
    return fields;
  };
  return copied(value) as T;
}
