/** RA20xx: registry. */
export const registry = {
} as const;
