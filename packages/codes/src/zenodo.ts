/** RA70xx: zenodo. */
export const zenodo = {
} as const;
