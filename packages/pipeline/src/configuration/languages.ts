import { loadLanguages } from "@release-actions/checks";

type Languages = Awaited<ReturnType<typeof loadLanguages>>;

let loaded: Languages | undefined;

/** Thrown in the middle of a reading: there is a JSONPath or a regular expression, and what knows them is not loaded. */
class LanguagesMissing extends Error {}

/** @throws LanguagesMissing, which `withLanguages` answers */
export function languages(): Languages {
  if (loaded === undefined) throw new LanguagesMissing("read this with `withLanguages`");
  return loaded;
}

/**
 * Reads what may hold a JSONPath or a regular expression. The libraries are a fifth of an action's code: they are loaded when
 * one is met, and the reading begins again.
 */
export async function withLanguages<T>(read: () => T): Promise<T> {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LanguagesMissing)) throw error;
    loaded = await loadLanguages();
    return read();
  }
}
